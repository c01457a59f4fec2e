import { packToken, unpackToken } from "#lib/apis/issuer-token.ts";
import type { IssuerToken } from "#lib/chat/request.ts";
import { isJsonObject } from "#lib/shared/json.ts";

/** The content of a reasoning item's `encrypted_content`. */
export type Encrypted = { token: IssuerToken; callId: string | undefined };

/**
 * Calls have no field for a signature (Gemini signs them), so a call's signature is sent in a reasoning item
 * before it, with the call's id.
 */
export function packEncrypted({ token, callId }: Encrypted): string {
  const value = callId === undefined ? token.value : { call_id: callId, signature: token.value };
  return packToken({ issuer: token.issuer, value }, undefined);
}

/** Undefined for content that this gateway did not create, which no engine could read. */
export function unpackEncrypted(text: string): Encrypted | undefined {
  const token = unpackToken(text, undefined);
  if (token === undefined) return undefined;
  if (isJsonObject(token.value)) {
    const { call_id: callId, signature } = token.value;
    if (typeof callId === "string" && (typeof signature === "string" || isJsonObject(signature))) {
      return { token: { issuer: token.issuer, value: signature }, callId };
    }
  }
  return { token, callId: undefined };
}
