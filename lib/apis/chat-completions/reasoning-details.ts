import { ISSUERS } from "#lib/chat/issuers.ts";
import type { IssuerToken, ReasoningPart } from "#lib/chat/request.ts";
import { type JsonObject, stringField } from "#lib/shared/json.ts";

/** OpenRouter's name for what carries signatures and encrypted reasoning; its clients send it back as it was. */
const DEFAULT_ISSUER = ISSUERS.openRouter;
/** Our own form of a token that is one string. */
const PLAIN = "sarmalink";

/** A token as an entry of `reasoning_details`. */
export function toReasoningDetail({ issuer, value }: IssuerToken): JsonObject {
  return typeof value === "string"
    ? { type: "reasoning.text", signature: value, format: PLAIN, issuer }
    : { ...value, issuer };
}

/** The reasoning of an earlier answer: its text, then the tokens that go with it. */
export function readReasoning(
  text: string | null | undefined,
  details: readonly JsonObject[] | null | undefined,
): ReasoningPart[] {
  const items = (details ?? []).map((detail): ReasoningPart => {
    const { issuer: _issuer, ...value } = detail;
    const issuer = stringField(detail, "issuer") ?? DEFAULT_ISSUER;
    const signature = stringField(detail, "signature");
    const isPlain = detail["format"] === PLAIN && signature !== undefined;
    return { type: "reasoning", text: "", signature: { issuer, value: isPlain ? signature : value } };
  });
  if (text === null || text === undefined || text === "") return items;
  // A signature stands for the text before it: the first one gets all of it.
  const [first, ...rest] = items;
  return first === undefined ? [{ type: "reasoning", text }] : [{ ...first, text }, ...rest];
}
