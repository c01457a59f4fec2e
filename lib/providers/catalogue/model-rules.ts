import type { ReasoningEffort } from "#lib/chat/request.ts";
import { memoized } from "#lib/shared/memo.ts";

/** The parameters that a model accepts at any provider, derived from its name. */
export type ModelRules = {
  /** When `temperature`, `top_p` and similar parameters may be sent. */
  sampling: "always" | "never" | "only_without_reasoning" | "only_with_effort_none";
  /** Rejects `max_tokens` and accepts `max_completion_tokens`. */
  completionTokensOnly: boolean;
  /** Accepted values of `reasoning_effort`; empty: the field is rejected; undefined: not known from the name. */
  efforts: readonly ReasoningEffort[] | undefined;
  /** Thinks before its first token and needs a longer timeout. */
  slowToStart: boolean;
  /** Known not to accept images. */
  textOnly: boolean;
  /** Accepts `stop`. */
  stop: boolean;
  /** Rejects a `verbosity` other than its default, `medium`. */
  fixedVerbosity: boolean;
};

/** What a model demands of a conversation at hosts of the OpenAI protocol, which pass it to its template or API. */
export type TemplateRules = {
  /** The user and the assistant must take turns: Gemma's and Mistral's templates raise an error otherwise. */
  alternates: boolean;
  /** After a tool's result the assistant must speak, and a conversation must not end with it. */
  isMistral: boolean;
  /** Refuses texts of only white space, as Claude and Gemini do in their own APIs. */
  refusesBlank: boolean;
  /** Refuses names of tools that do not begin with a letter. */
  letterFirstNames: boolean;
};

export const templateRules: (model: string) => TemplateRules = memoized((model) => {
  const name = bareModelName(model);
  const isMistral = /mistral|ministral|mixtral|codestral|devstral|magistral|pixtral/.test(name);
  return {
    alternates: isMistral || name.includes("gemma"),
    isMistral,
    refusesBlank: /claude|gemini/.test(name),
    letterFirstNames: /kimi|moonshot|^k2p|gemini/.test(name),
  };
}, 1_000);

const PLAIN: ModelRules = {
  sampling: "always",
  completionTokensOnly: false,
  efforts: undefined,
  slowToStart: false,
  textOnly: false,
  stop: true,
  fixedVerbosity: false,
};
const NEVER_REASONS: ModelRules = { ...PLAIN, efforts: [] };
const O_SERIES: ModelRules = {
  sampling: "never",
  completionTokensOnly: true,
  efforts: ["low", "medium", "high"],
  slowToStart: true,
  textOnly: false,
  stop: false,
  fixedVerbosity: false,
};
const NONE_TO_XHIGH: readonly ReasoningEffort[] = ["none", "low", "medium", "high", "xhigh"];

/**
 * First match wins. Source of the OpenAI rows: docs/PROVIDERS.md, "OpenAI-family parameter rules"
 * (each cell checked against the live API in July 2026 by pydantic-ai).
 */
const RULES: readonly (readonly [RegExp, ModelRules])[] = [
  [/^o\d/, O_SERIES],
  [/^gpt-5-chat/, { ...NEVER_REASONS, completionTokensOnly: true }],
  [/^gpt-5-pro/, { ...O_SERIES, efforts: ["high"] }],
  [/^gpt-5-codex/, O_SERIES],
  [/^gpt-5(?:-|$)/, { ...O_SERIES, efforts: ["minimal", "low", "medium", "high"] }],
  [/^gpt-5\.[1-3]-chat/, { ...O_SERIES, efforts: ["medium"] }],
  [/^gpt-5\.1-codex/, O_SERIES],
  [/^gpt-5\.\d{1,2}-pro/, { ...O_SERIES, efforts: ["medium", "high", "xhigh"] }],
  [
    /^gpt-5\.1(?!\d)/,
    { ...O_SERIES, sampling: "only_without_reasoning", efforts: ["none", "low", "medium", "high"] },
  ],
  [/^gpt-5\.[2-4](?!\d)/, { ...O_SERIES, sampling: "only_without_reasoning", efforts: NONE_TO_XHIGH }],
  [/^gpt-5\.\d/, { ...O_SERIES, sampling: "only_with_effort_none", efforts: NONE_TO_XHIGH }],
  // Unknown later generations are assumed to be strict. (`gpt-35` is an old spelling of 3.5.)
  [/^gpt-(?:[6-9]|[12]\d)(?![\db])/, O_SERIES],
  [/^(?:chat)?gpt-[34]/, NEVER_REASONS],
  [/^gpt-oss/, { ...PLAIN, efforts: ["low", "medium", "high"] }],
  [/^(?:deepseek-r1|magistral|.*thinking)/, { ...PLAIN, slowToStart: true }],
  [/^gemini-(?:2\.5-pro|[3-9]|\d\d)/, { ...PLAIN, slowToStart: true }],
  [
    /^(?:meta-)?(?:code)?llama|^(?:codestral|pixtral|command-r|gemma-?[23]|qwen-?2)|-instruct\b/,
    NEVER_REASONS,
  ],
];

/**
 * Refuses a call of a tool in the history without the reasoning before it. Reports: docs/PROVIDERS.md,
 * "Reasoning of earlier turns".
 */
export function needsReasoningOfCalls(model: string): boolean {
  return /kimi|^k2p|moonshot|^deepseek-(?:reasoner|v3\.2|v[4-9])|^mimo/.test(bareModelName(model));
}

/** The model's own name: no vendor prefix, no variant suffix, lower case. */
export function bareModelName(model: string): string {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  const variant = name.indexOf(":");
  return variant === -1 ? name : name.slice(0, variant);
}

/** Whether the text is a valid model id, which may be sent to a provider. */
export function isModelId(text: string): boolean {
  if (!/^[\w.:@/-]{1,128}$/.test(text)) return false;
  return text.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

const MAX_MODELS = 1_000;

export const modelRules: (model: string) => ModelRules = memoized(rulesOf, MAX_MODELS);

function rulesOf(model: string): ModelRules {
  const name = bareModelName(model);
  if (name.includes("claude")) return { ...PLAIN, slowToStart: claudeRules(name).thinking === "adaptive" };
  const rules = RULES.find(([pattern]) => pattern.test(name))?.[1] ?? PLAIN;
  return { ...rules, textOnly: TEXT_ONLY.test(name), fixedVerbosity: FIXED_VERBOSITY.test(name) };
}

/** OpenAI's models before gpt-5, and the first of its chat and codex variants. */
const FIXED_VERBOSITY = /^(?:o\d|(?:chat)?gpt-[34]|gpt-5-(?:chat|codex)|gpt-5\.[12]-codex)/;

/** Whether the model is known to reject the `verbosity`. */
export function rejectsVerbosity({ fixedVerbosity }: ModelRules, verbosity: unknown): boolean {
  return fixedVerbosity && typeof verbosity === "string" && verbosity !== "medium";
}

/** Families without image input, and the models without it of mixed families. */
const TEXT_ONLY =
  /^(?:o1-mini|o3-mini|gpt-3|gpt-oss|deepseek|codestral|devstral|ministral-[38]b|command-(?:r|a-(?!vision|plus))|compound|kimi-k2(?![\d.])|zai-glm|minimax|qwen-?(?:2\.5|3)(?:-\d|-coder|-next|-max)|(?:meta-)?llama-?3(?!\.2-(?:11|90)b))/;

/** The closest accepted effort, preferably not `none`; undefined if the model does not accept the field. */
export function closestEffort(
  wanted: ReasoningEffort,
  accepted: readonly ReasoningEffort[],
): ReasoningEffort | undefined {
  if (accepted.length === 0) return undefined;
  if (accepted.includes(wanted)) return wanted;
  const scale: readonly ReasoningEffort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
  const target = scale.indexOf(wanted);
  const distance = (effort: ReasoningEffort): number =>
    Math.abs(scale.indexOf(effort) - target) + (effort === "none" ? 0.5 : 0);
  return [...accepted].sort((a, b) => distance(a) - distance(b))[0];
}

/** What a Claude model accepts. */
export type ClaudeRules = {
  /** `temperature`, `top_p` and `top_k` are rejected. */
  samplingRefused: boolean;
  /** `temperature` and `top_p` may not be combined. */
  oneOfTemperatureAndTopP: boolean;
  /** `adaptive` with `output_config.effort`; a token `budget` in older models; the oldest cannot think. */
  thinking: "none" | "budget" | "adaptive";
  /** The values of `output_config.effort`, for models that think adaptively. */
  efforts: readonly ReasoningEffort[];
  /** Thinks unless the request disables it. */
  thinksByDefault: boolean;
  /** The model can be forced to call a tool. */
  forcedToolChoice: boolean;
  /** Default `max_tokens`, without thinking and with it, whose tokens count too. */
  maxTokens: number;
  thinkingMaxTokens: number;
  /** Accepts a JSON schema for the answer. */
  jsonSchema: boolean;
  /** Accepts documents (PDF). */
  documents: boolean;
  /** The last message may be the assistant's, to be continued. */
  prefill: boolean;
  /** Takes system messages behind a user's turn. */
  laterSystem: boolean;
  /** Prompts shorter than this many tokens are never cached. */
  minCacheTokens: number;
};

/** Claude 4.6 rejects `xhigh`, which later models accept. */
const CLAUDE_EFFORTS: readonly ReasoningEffort[] = ["low", "medium", "high", "max"];

/**
 * Rules by family and version. An unknown Claude model is assumed to be newer, and so stricter.
 * Source: docs/PROVIDERS.md, "Anthropic".
 */
export const claudeRules: (model: string) => ClaudeRules = memoized(claudeRulesOf, MAX_MODELS);

function claudeRulesOf(model: string): ClaudeRules {
  const match =
    /claude-(?:(opus|sonnet|haiku|fable|mythos)-)?(\d{1,2})(?:[-.](\d{1,2}))?(?:-(opus|sonnet|haiku))?(?![\d])/.exec(
      bareModelName(model),
    );
  const family = match?.[1] ?? match?.[4] ?? "unknown";
  const version = match === null ? 99 : Number(match[2]) * 100 + Number(match[3] ?? 0);
  const known = family === "opus" || family === "sonnet" || family === "haiku";
  return {
    samplingRefused: !known || (family === "opus" ? version >= 407 : version >= 500),
    oneOfTemperatureAndTopP: !known || version >= 401,
    thinking: !known || version >= 406 ? "adaptive" : version >= 307 ? "budget" : "none",
    efforts: known && version < 407 ? CLAUDE_EFFORTS : [...CLAUDE_EFFORTS, "xhigh"],
    thinksByDefault: !known || version >= 500,
    forcedToolChoice: known,
    maxTokens: known && version < 305 ? 4_096 : 8_192,
    thinkingMaxTokens: 32_000,
    jsonSchema: !known || version >= 405 || (family === "opus" && version >= 401),
    documents: !known || version >= 305,
    prefill: known && version < 406,
    laterSystem:
      (family === "opus" && version >= 408) ||
      ((family === "fable" || family === "mythos") && version >= 500),
    minCacheTokens: family === "haiku" ? 2_048 : 1_024,
  };
}
