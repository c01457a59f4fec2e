import { packToken, unpackToken } from "#lib/apis/issuer-token.ts";
import type { IssuerToken } from "#lib/chat/request.ts";

/**
 * Calls have no field for a signature in this API (Gemini signs them, and refuses the next turn without). All
 * clients send ids back, so the signature follows the id, in characters that ids may have.
 */
const SEPARATOR = "__sarmalink_";
/** How a packed token begins: with a dot, which ids may not have. */
const TOKEN = "sarmalink.";
/** Clients' ids may be longer, but a longer signature would not leave room. Characters. */
const MAX_PACKED = 15_000;

/** The id of a call for the client; without the signature if that is too long for an id. */
export function packCallId(id: string, signature: IssuerToken | undefined): string {
  if (signature === undefined) return id;
  const packed = packToken(signature, undefined).slice(TOKEN.length);
  return packed.length > MAX_PACKED ? id : `${id}${SEPARATOR}${packed}`;
}

/** The id of a call from the client, and the signature in it, if any. */
export function unpackCallId(id: string): { id: string; signature?: IssuerToken } {
  const at = id.indexOf(SEPARATOR);
  if (at === -1) return { id };
  const signature = unpackToken(TOKEN + id.slice(at + SEPARATOR.length), undefined);
  return signature === undefined ? { id } : { id: id.slice(0, at), signature };
}
