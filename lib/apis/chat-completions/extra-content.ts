import { packToken } from "#lib/apis/issuer-token.ts";
import { ISSUERS } from "#lib/chat/issuers.ts";
import type { IssuerToken } from "#lib/chat/request.ts";
import { type JsonObject, stringField } from "#lib/shared/json.ts";

/**
 * The signature of a call, in the place where Google's OpenAI endpoint puts it and its clients send it back.
 * Signatures of others go beside it.
 */
export function extraContent(token: IssuerToken | undefined): JsonObject {
  if (token === undefined) return {};
  if (token.issuer !== ISSUERS.google || typeof token.value !== "string") {
    const sarmalink = { signature: packToken(token, undefined) };
    // Some clients keep only Google's field, which other servers use too.
    const thought = stringField(token.value, "thought_signature");
    const google = thought === undefined ? {} : { google: { thought_signature: thought } };
    return { extra_content: { ...google, sarmalink } };
  }
  return { extra_content: { google: { thought_signature: token.value } } };
}
