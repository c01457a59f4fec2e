import { parseJson } from "#lib/shared/json.ts";

/** A call as the client names it. */
export type AskedCall = { server_label: string; name: string; arguments: string };

/** What the ids of such items begin with. */
export const APPROVAL_PREFIX = "mcpr";
/** Longer calls are found only by their item. Ids that clients send have 16,384 characters at most. */
const MAX_CALL = 8_000;

/**
 * The id of an item that asks for the client's consent. It holds the call: some clients answer with the id alone and
 * do not send the item back, and nothing is stored here.
 *
 * @param id of the item by itself, without a dot.
 */
export function approvalId(id: string, { server_label: label, name, arguments: args }: AskedCall): string {
  const call = Buffer.from(JSON.stringify([label, name, args])).toString("base64url");
  return call.length > MAX_CALL ? id : `${id}.${call}`;
}

/** The call that an id holds; undefined for an id that holds none. */
export function callOfApproval(id: string): AskedCall | undefined {
  const dot = id.indexOf(".");
  if (dot < 0) return undefined;
  const call = parseJson(Buffer.from(id.slice(dot + 1), "base64url").toString());
  if (!Array.isArray(call)) return undefined;
  const [label, name, args] = call as unknown[];
  if (typeof label !== "string" || typeof name !== "string" || typeof args !== "string") return undefined;
  return label === "" || name === "" ? undefined : { server_label: label, name, arguments: args };
}

/** What the ids of one answer's questions have in common; undefined for an id that is not one of ours. */
export function answerOfApproval(id: string): string | undefined {
  return /^mcpr_(\w+)_\d+(?:\.|$)/.exec(id)?.[1];
}
