import { packToken, unpackToken } from "#lib/apis/issuer-token.ts";
import type { IssuerToken } from "#lib/chat/request.ts";
import { isJsonObject } from "#lib/shared/json.ts";

/** What the encrypted content of a reasoning item stands for. */
export type Encrypted = { token: IssuerToken; callId: string | undefined };

/**
 * Calls have no field for a signature (Gemini signs them), so that of a call travels in a reasoning item
 * before it, with the call's id.
 */
export function packEncrypted({ token, callId }: Encrypted): string {
  const value = callId === undefined ? token.value : { call_id: callId, signature: token.value };
  return packToken({ issuer: token.issuer, value }, undefined);
}

/** Undefined for what is not ours: no engine of ours could read it. */
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
