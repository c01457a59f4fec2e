import { ISSUERS } from "#lib/chat/issuers.ts";
import type { IssuerToken, ReasoningPart } from "#lib/chat/request.ts";
import { type JsonObject, stringField } from "#lib/shared/json.ts";

/** `reasoning_details` is OpenRouter's field; its clients send entries back unchanged, without an issuer. */
const DEFAULT_ISSUER = ISSUERS.openRouter;
/** The `format` of tokens that are a plain string. */
const PLAIN = "sarmalink";

/** A token as an entry of `reasoning_details`. */
export function toReasoningDetail({ issuer, value }: IssuerToken): JsonObject {
  return typeof value === "string"
    ? { type: "reasoning.text", signature: value, format: PLAIN, issuer }
    : { ...value, issuer };
}

/** The reasoning of an earlier answer: its text with its tokens. */
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
  // A signature signs the text before it, so the first one gets the whole text.
  const [first, ...rest] = items;
  return first === undefined ? [{ type: "reasoning", text }] : [{ ...first, text }, ...rest];
}
