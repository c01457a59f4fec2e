import { documentText } from "#lib/chat/documents.ts";
import { type ChatRequest, messageParts } from "#lib/chat/request.ts";

/** Of a longer text, only this much at its beginning, middle and end is looked at, in characters each. */
const SAMPLE = 512;

/**
 * Tokens of text that nobody has counted, estimated by its scripts; not rounded, since a piece may be less than
 * one. Looks at a bounded part of each text.
 */
export function estimateTextTokens(text: string): number {
  if (text.length <= 3 * SAMPLE) return tokensIn(text, 0, text.length);
  const middle = (text.length - SAMPLE) >> 1;
  const sampled =
    tokensIn(text, 0, SAMPLE) +
    tokensIn(text, middle, middle + SAMPLE) +
    tokensIn(text, text.length - SAMPLE, text.length);
  return (sampled / (3 * SAMPLE)) * text.length;
}

/** Tokens of the text in a request, messages and tools. */
export function estimateRequestTokens(request: ChatRequest): number {
  let tokens = 0;
  for (const message of request.messages) {
    if (message.role !== "assistant" && typeof message.content === "string") {
      tokens += estimateTextTokens(message.content);
    }
    for (const part of messageParts(message)) {
      if (part.type === "text") tokens += estimateTextTokens(part.text);
      if (part.type === "document") tokens += estimateTextTokens(documentText(part) ?? "");
      if (part.type === "tool_call") tokens += estimateTextTokens(part.name + part.arguments);
    }
  }
  if (request.tools !== undefined) tokens += estimateTextTokens(JSON.stringify(request.tools));
  return Math.ceil(tokens);
}

/** Estimates the tokens of an answer while it arrives. */
export class TokenMeter {
  #tokens = 0;
  /** Engines write about one token in each piece. */
  #pieces = 0;

  note(piece: string): void {
    if (piece === "") return;
    this.#pieces++;
    this.#tokens += estimateTextTokens(piece);
  }

  /** The larger of the estimate by scripts and the number of pieces. */
  get tokens(): number {
    return Math.max(Math.ceil(this.#tokens), this.#pieces);
  }
}

function tokensIn(text: string, from: number, to: number): number {
  let tokens = 0;
  for (let at = from; at < to; at++) tokens += weightOf(text.charCodeAt(at));
  return tokens;
}

/** Tokens per UTF-16 unit: about four letters of English to a token, two of other alphabets, one CJK character. */
function weightOf(code: number): number {
  if (code < 0x80) return 0.25;
  if (code < 0x250) return 0.4;
  if (code < 0x900) return 0.5;
  // Scripts of India and South-East Asia.
  if (code < 0x1100) return 0.7;
  // Greek extended and the like.
  if (code >= 0x1e00 && code < 0x2000) return 0.5;
  // Symbols, CJK, Hangul; an emoji has two units.
  return 1;
}
