import { createHash, createHmac } from "node:crypto";
import { isJsonObject, parseJson } from "#lib/shared/json.ts";

/** Signs what an upstream hands out, so that a later request can be checked without a memory of the first. */
const KEY = "a key that only the strict upstreams know";

export type Sealed = { text: string; [claim: string]: string | number | boolean };

export function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}

/** A base64 token over these claims. */
export function seal(claims: Sealed): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return Buffer.from(`${payload}.${mac(payload)}`).toString("base64");
}

/** The claims of a token that this key has sealed; undefined for any other text. */
export function unseal(token: unknown): Sealed | undefined {
  if (typeof token !== "string") return undefined;
  const [payload = "", signature] = Buffer.from(token, "base64").toString("latin1").split(".");
  if (signature === undefined || signature !== mac(payload)) return undefined;
  const claims = parseJson(Buffer.from(payload, "base64url").toString("utf8"));
  return isJsonObject(claims) ? (claims as Sealed) : undefined;
}

function mac(payload: string): string {
  return createHmac("sha256", KEY).update(payload).digest("base64url");
}
