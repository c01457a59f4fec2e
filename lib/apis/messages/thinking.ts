import { packToken, unpackToken } from "#lib/apis/issuer-token.ts";
import { ISSUERS } from "#lib/chat/issuers.ts";
import type { IssuerToken, ReasoningPart } from "#lib/chat/request.ts";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/** Whose signatures go in and out as they are; those of others are packed with their issuer's name. */
const PLAIN = ISSUERS.anthropic;

/** How the token of some reasoning is told: as the signature of its block, or as a block of its own. */
export type TokenForm = { kind: "signature"; signature: string } | { kind: "block"; block: JsonObject };

/**
 * @param hasText whether there is reasoning that the token can be the signature of.
 */
export function tokenForm(token: IssuerToken, hasText: boolean): TokenForm {
  const { value } = token;
  if (isJsonObject(value) && value["type"] === "redacted_thinking" && token.issuer === PLAIN) {
    return { kind: "block", block: value as JsonObject };
  }
  const packed = packToken(token, PLAIN);
  if (typeof value === "string" || hasText) return { kind: "signature", signature: packed };
  return { kind: "block", block: { type: "redacted_thinking", data: packed } };
}

/** Some reasoning with its token, if it has one, as blocks. */
export function thinkingBlocks(text: string, token: IssuerToken | undefined): JsonObject[] {
  const unsigned: JsonObject[] = text === "" ? [] : [{ type: "thinking", thinking: text, signature: "" }];
  if (token === undefined) return unsigned;
  const form = tokenForm(token, text !== "");
  if (form.kind === "block") return [...unsigned, form.block];
  return [{ type: "thinking", thinking: text, signature: form.signature }];
}

/** The reasoning of a `thinking` block that comes back. */
export function readThinking(text: string, signature: string | null | undefined): ReasoningPart {
  const token = unpackToken(signature ?? "", PLAIN);
  const part: ReasoningPart = { type: "reasoning", text };
  return token === undefined ? part : { ...part, signature: token };
}

/** The reasoning of a `redacted_thinking` block that comes back: another issuer's token, or Anthropic's block. */
export function readRedacted(data: string): ReasoningPart {
  const token = unpackToken(data, undefined) ?? {
    issuer: PLAIN,
    value: { type: "redacted_thinking", data },
  };
  return { type: "reasoning", text: "", signature: token };
}
