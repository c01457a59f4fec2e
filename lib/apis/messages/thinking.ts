import { packToken, unpackToken } from "#lib/apis/issuer-token.ts";
import { ISSUERS } from "#lib/chat/issuers.ts";
import type { IssuerToken, ReasoningPart } from "#lib/chat/request.ts";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/** Signatures of this issuer are left unchanged; those of others are packed with their issuer's name. */
const PLAIN = ISSUERS.anthropic;

/** The form of a reasoning token: the signature of its block, or a separate block. */
export type TokenForm = { kind: "signature"; signature: string } | { kind: "block"; block: JsonObject };

/** @param hasText whether there is reasoning text that the token can sign. */
export function tokenForm(token: IssuerToken, hasText: boolean): TokenForm {
  const { value } = token;
  if (isJsonObject(value) && value["type"] === "redacted_thinking" && token.issuer === PLAIN) {
    return { kind: "block", block: value as JsonObject };
  }
  const packed = packToken(token, PLAIN);
  if (typeof value === "string" || hasText) return { kind: "signature", signature: packed };
  return { kind: "block", block: { type: "redacted_thinking", data: packed } };
}

/** Reasoning with its token, if any, as blocks. */
export function thinkingBlocks(text: string, token: IssuerToken | undefined): JsonObject[] {
  const unsigned: JsonObject[] = text === "" ? [] : [{ type: "thinking", thinking: text, signature: "" }];
  if (token === undefined) return unsigned;
  const form = tokenForm(token, text !== "");
  if (form.kind === "block") return [...unsigned, form.block];
  return [{ type: "thinking", thinking: text, signature: form.signature }];
}

/** Reads a `thinking` block from the client's history. */
export function readThinking(text: string, signature: string | null | undefined): ReasoningPart {
  const token = unpackToken(signature ?? "", PLAIN);
  const part: ReasoningPart = { type: "reasoning", text };
  return token === undefined ? part : { ...part, signature: token };
}

/** Reads a `redacted_thinking` block from the history: another issuer's token, or Anthropic's own block. */
export function readRedacted(data: string): ReasoningPart {
  const token = unpackToken(data, undefined) ?? {
    issuer: PLAIN,
    value: { type: "redacted_thinking", data },
  };
  return { type: "reasoning", text: "", signature: token };
}
