import { type ChatRequest, messageParts } from "#lib/chat/request.ts";
import { estimateRequestTokens } from "#lib/chat/token-estimate.ts";
import type { EmbeddingInput } from "#lib/embeddings/embedding-request.ts";
import type { PriceBook } from "#lib/providers/cost.ts";
import { estimateMaxCostUsd, type RequestSize } from "#lib/providers/prices/max-cost.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { maxSpeechSeconds } from "#lib/speech/speech-length.ts";

/** A dense text (digits, code) has up to twice the tokens that its script lets one expect. */
const DENSITY = 2;
/** What the engines' own templates add. */
const TEMPLATE_TOKENS = 500;
const IMAGE_TOKENS = 3_000;
/** Of an image that is drawn, at the best quality. */
const DRAWN_TOKENS = 7_000;
/** The most that a file counts, which an engine reads itself; the longest that providers take are about so large. */
const MAX_FILE_TOKENS = 200_000;
/** Bytes of a file to one of its tokens, if it is little but text. */
const FILE_BYTES_A_TOKEN = 3;

/** The most tokens that a model counts for a second of its speech. */
const SOUND_TOKENS_A_SECOND = 32;

/** The price book with its library, which is waited for if the first budget needs it before it is loaded. */
export type CostSource = { prices: { whole(): Promise<PriceBook> } };

/** Asks for the most that a request may cost, USD; undefined if a price is not known. */
export type MaxCost = () => Promise<number | undefined>;

/** Of what no provider bills. */
export const costsNothing: MaxCost = () => Promise.resolve(0);

/** The most that one call of the dearest of these engines may cost for a chat. */
export function requestCost(engines: readonly Engine[], chat: ChatRequest, source: CostSource): MaxCost {
  return () => {
    const { maxOutputTokens, n: answers } = chat;
    return maxCost(engines, { promptTokens: maxPromptTokens(chat), maxOutputTokens, answers }, source);
  };
}

/** The same for embeddings, which have no output. */
export function embeddingCost(
  engines: readonly Engine[],
  input: EmbeddingInput,
  source: CostSource,
): MaxCost {
  return () => {
    const promptTokens =
      input.kind === "tokens"
        ? input.tokens.reduce((sum, tokens) => sum + tokens.length, 0)
        : textTokens(input.texts);
    return maxCost(engines, { promptTokens, maxOutputTokens: 0 }, source);
  };
}

/** The same for a recording of at most so many seconds that is written down. */
export function transcriptionCost(
  engines: readonly Engine[],
  audioSeconds: number,
  source: CostSource,
): MaxCost {
  return () => maxCost(engines, { promptTokens: 0, maxOutputTokens: 0, media: { audioSeconds } }, source);
}

/** The same for speech, which costs by its length or by its tokens. */
export function speechCost(engines: readonly Engine[], text: string, source: CostSource): MaxCost {
  return () => {
    const audioSeconds = maxSpeechSeconds(text);
    const size = { promptTokens: textTokens([text]), maxOutputTokens: audioSeconds * SOUND_TOKENS_A_SECOND };
    return maxCost(engines, { ...size, media: { audioSeconds } }, source);
  };
}

/** The same for images, of which an engine that counts tokens bills some thousand each. */
export function imageCost(
  engines: readonly Engine[],
  { prompt, count }: { prompt: string; count: number },
  source: CostSource,
): MaxCost {
  return () => {
    const promptTokens = (textTokens([prompt]) + IMAGE_TOKENS) * count;
    const size = { promptTokens, maxOutputTokens: DRAWN_TOKENS * count, media: { images: count } };
    return maxCost(engines, size, source);
  };
}

/** @param size with an upper estimate of the prompt. */
export async function maxCost(
  engines: readonly Engine[],
  size: RequestSize,
  { prices }: CostSource,
): Promise<number | undefined> {
  return estimateMaxCostUsd(engines, size, await prices.whole());
}

/** An upper estimate of a prompt's tokens. */
function maxPromptTokens(chat: ChatRequest): number {
  let tokens = estimateRequestTokens(chat) * DENSITY + TEMPLATE_TOKENS;
  for (const message of chat.messages) {
    for (const part of messageParts(message)) {
      if (part.type === "image") tokens += IMAGE_TOKENS;
      else if (part.type === "document")
        tokens += fileTokens(part.source.kind === "url" ? part.source.url : "");
      else if (part.type === "opaque") tokens += fileTokens(JSON.stringify(part.value));
    }
  }
  return tokens;
}

function fileTokens(text: string): number {
  return Math.min(Math.ceil(text.length / FILE_BYTES_A_TOKEN), MAX_FILE_TOKENS);
}

function textTokens(texts: readonly string[]): number {
  const messages = texts.map((content) => ({ role: "user" as const, content }));
  return estimateRequestTokens({ messages, stream: false }) * DENSITY;
}
