import type { IssuerToken } from "#lib/chat/request.ts";
import { isJsonObject, type JsonObject, stringField } from "#lib/shared/json.ts";
import { parseJsonObject } from "#lib/shared/json-depth.ts";

const PREFIX = "sarmalink.";
/** A token is a string or a small object around one; a conversation may contain thousands. */
const TOKEN_LIMITS = { maxDepth: 20, maxValues: 200, maxKeys: 200, maxKeysPerObject: 200 } as const;

/**
 * A token with its issuer as one opaque string, for APIs with such a field. String tokens of the issuer `plain`
 * are left unchanged, as its clients expect.
 */
export function packToken(token: IssuerToken, plain: string | undefined): string {
  if (token.issuer === plain && typeof token.value === "string") return token.value;
  const packed = JSON.stringify({ issuer: token.issuer, value: token.value });
  return PREFIX + Buffer.from(packed, "utf8").toString("base64url");
}

/** The token in a string from a client; undefined if it is not a valid one. */
export function unpackToken(text: string, plain: string | undefined): IssuerToken | undefined {
  if (text === "") return undefined;
  if (!text.startsWith(PREFIX)) return plain === undefined ? undefined : { issuer: plain, value: text };
  const packed = parseJsonObject(
    Buffer.from(text.slice(PREFIX.length), "base64url").toString("utf8"),
    TOKEN_LIMITS,
  );
  const issuer = stringField(packed, "issuer");
  const value = packed?.["value"];
  if (issuer === undefined || !(typeof value === "string" || isJsonObject(value))) return undefined;
  return { issuer, value: value as string | JsonObject };
}
