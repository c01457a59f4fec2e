/**
 * A refusal of the output cap: the request asked for more tokens than the engine writes, or than its context has
 * room for beside the prompt. With a lower cap, the same request would be answered.
 */
export type CapRefusal =
  /** The engine's own ceiling, whatever the prompt. */
  | { kind: "ceiling"; tokens: number }
  /** What is left for the answer beside this prompt. */
  | { kind: "room"; tokens: number }
  /** By how much the whole request is over a limit that counts the cap, too. */
  | { kind: "excess"; tokens: number }
  /** The cap is too large, and the refusal does not say what would not be. */
  | { kind: "unknown" };

/** How much of a message is examined, characters. */
const MAX_TEXT = 2_000;

const CAP = `(?:max[ _](?:completion[ _]|output[ _]|new[ _])?tokens(?:_to_sample)?|maximum tokens|maxOutputTokens|max_length|num_predict)`;
const NUMBER = String.raw`(\d[\d,_]{0,12})`;
const MENTIONS_CAP = new RegExp(String.raw`\b${CAP}\b`, "i");

/** Refusals of prompt and cap together; the pattern's groups are what `room` computes with. */
const ROOMS: readonly (readonly [pattern: RegExp, room: (numbers: readonly number[]) => number])[] = [
  // vLLM: "max_tokens is too large: 64000. This model's maximum context length is 64001 tokens and your request
  // has 24235 input tokens" (claude-code-best/claude-code#272).
  [
    pattern(`maximum context length is ${NUMBER} tokens and your request has ${NUMBER} input tokens`),
    ([limit = 0, input = 0]) => limit - input,
  ],
  // Newer vLLM.
  [
    pattern(
      `maximum context length is ${NUMBER} tokens.{0,40}you requested ${NUMBER} output tokens and your prompt contains (?:at least )?${NUMBER} input tokens`,
    ),
    ([limit = 0, , input = 0]) => limit - input,
  ],
  // OpenAI, OpenRouter, vLLM: "maximum context length is 8192 tokens. However, you requested 8256 tokens (64 in
  // the messages, 8192 in the completion)" (ChatGPTNextWeb/NextChat#3195).
  [
    pattern(
      `maximum context length is ${NUMBER} tokens.{0,40}you requested (?:about )?${NUMBER} tokens \\(.{1,120}?${NUMBER} (?:in the (?:completion|output)|for the completion)`,
    ),
    ([limit = 0, total = 0, output = 0]) => limit - (total - output),
  ],
  // Anthropic: "input length and `max_tokens` exceed context limit: 199211 + 20000 > 200000".
  [
    pattern(`exceed context limit: ${NUMBER} \\+ ${NUMBER} > ${NUMBER}`),
    ([input = 0, , limit = 0]) => limit - input,
  ],
  // TGI, Together: "`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 7000 `inputs` tokens and 4000 …".
  [
    pattern(`inputs. tokens \\+ .max_new_tokens. must be <= ${NUMBER}. Given: ${NUMBER}`),
    ([limit = 0, input = 0]) => limit - input,
  ],
  // OpenRouter's 402.
  [pattern(`requested up to ${NUMBER} tokens, but can only afford ${NUMBER}`), ([, room = 0]) => room],
  // Fireworks, without a stream.
  [pattern(`max_tokens > ${NUMBER} must have stream`), ([limit = 0]) => limit],
];

/** How refusals name an engine's own ceiling, the most specific first. */
const CEILINGS: readonly RegExp[] = [
  // OpenAI: "This model supports at most 16384 completion tokens".
  pattern(`at most ${NUMBER}`),
  // Anthropic: "max_tokens: 64000 > 8192, which is the maximum allowed number of output tokens".
  pattern(`${CAP}\\W{0,3} \\d[\\d,_]* > ${NUMBER}`),
  // DeepSeek, DashScope, Zhipu: "the valid range of max_tokens is [1, 8192]".
  pattern(`\\[ ?[01] ?, ?${NUMBER} ?\\]`),
  // Gemini: "the supported range is from 1 (inclusive) to 8193 (exclusive)".
  pattern(`range is from \\d+(?: \\(inclusive\\))? to ${NUMBER}`),
  // Groq, Mistral, Cohere, Volcengine, Bedrock and those that copy them.
  pattern(
    `(?:less than or equal to|(?:no|not) (?:more|greater|larger|higher) than|not exceed|cannot exceed|(?:exceeds?|above|over) (?:the )?(?:model(?:'s)? )?(?:limit|maximum)(?: (?:output|completion))?(?: (?:length|tokens))?(?: of)?|lower than|<=|≤|maximum(?: allowed)?(?: value)?(?: is| of)?:?|limit (?:is|of)|up to|between \\d+ and)\\s*[\`'"]?${NUMBER}`,
  ),
];

const IS_EXCLUSIVE = /^[`'"]? ?\(exclusive\)/;
/** The cap is wrong in another way: the field itself, or too small a number. */
const OTHERWISE_WRONG =
  /\bunsupported\b|not supported|at least|minimum|too small|below|positive|greater than (?:or equal to )?[01]\b|extra inputs|unknown|unrecogni[sz]ed|budget_tokens|budget tokens/i;
const TOO_LARGE =
  /too (?:large|high|big|many)|exceed|above|over the|greater|larger|higher|maximum|range|max|参数非法|超|过大|大于/i;

function pattern(source: string): RegExp {
  return new RegExp(source, "is");
}

function toNumber(text: string | undefined): number {
  return Number((text ?? "").replace(/[,_]/g, ""));
}

/**
 * Reads a refusal of the output cap from a provider's message; undefined if it is about something else.
 * @param param the field that the error names, if any.
 */
export function readCapRefusal(message: string, param: string | undefined): CapRefusal | undefined {
  const text = message.slice(0, MAX_TEXT);
  for (const [pattern, room] of ROOMS) {
    const match = pattern.exec(text);
    if (match !== null) return { kind: "room", tokens: room(match.slice(1).map(toNumber)) };
  }
  const isNamed = MENTIONS_CAP.test(param ?? "");
  // Volcengine and others write the whole sentence into `param`.
  const said = isNamed ? `${param} ${text}` : text;
  if (!isNamed && !MENTIONS_CAP.test(text)) return undefined;
  if (OTHERWISE_WRONG.test(text)) return undefined;
  for (const pattern of CEILINGS) {
    const match = pattern.exec(said);
    if (match === null) continue;
    const tokens = toNumber(match[1]);
    const after = said.slice(match.index + match[0].length, match.index + match[0].length + 14);
    return { kind: "ceiling", tokens: IS_EXCLUSIVE.test(after) ? tokens - 1 : tokens };
  }
  const isBlamed = isNamed || new RegExp(`^\\W{0,3}(?:invalid |the )?\\W{0,3}${CAP}`, "i").test(text);
  return isBlamed && TOO_LARGE.test(text) ? { kind: "unknown" } : undefined;
}

/** A room below this is not worth an answer, which would break off: better a shorter prompt. */
const MIN_ROOM = 1_024;

/** How the output of an engine is to be capped, learnt from its refusal. */
export type OutputLimit = {
  /** `at_most`: no cap above `tokens`. `none_from`: no cap at all in place of one of `tokens` or more. */
  kind: "at_most" | "none_from";
  tokens: number;
  /** It holds for every request to the engine, not just beside this prompt. */
  lasting: boolean;
};

/**
 * The limit for one more call after the refusal; undefined if none would help.
 * @param sent the cap that was refused.
 */
export function limitAfter(refusal: CapRefusal, sent: number): OutputLimit | undefined {
  switch (refusal.kind) {
    case "unknown":
      return { kind: "none_from", tokens: sent, lasting: true };
    case "ceiling": {
      const { tokens } = refusal;
      return tokens >= 1 && tokens < sent ? { kind: "at_most", tokens, lasting: true } : undefined;
    }
    case "room":
    case "excess": {
      const tokens = refusal.kind === "room" ? refusal.tokens : sent - refusal.tokens;
      const enough = Math.min(MIN_ROOM, sent / 2);
      return tokens >= enough && tokens < sent ? { kind: "at_most", tokens, lasting: false } : undefined;
    }
  }
}

/** The cap under the limit; undefined for none. An engine's own default cap is lowered, too. */
export function capWithin(limit: OutputLimit | undefined, cap: number | undefined): number | undefined {
  if (limit === undefined) return cap;
  if (limit.kind === "at_most") return Math.min(cap ?? limit.tokens, limit.tokens);
  return cap !== undefined && cap >= limit.tokens ? undefined : cap;
}
