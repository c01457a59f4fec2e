import type { ReasoningEffort } from "#lib/chat/request.ts";
import { memoized } from "#lib/shared/memo.ts";

/** What the name of a model tells about the parameters that it takes, whoever serves it. */
export type ModelRules = {
  /** When `temperature`, `top_p` and their kin may be sent. */
  sampling: "always" | "never" | "only_without_reasoning" | "only_with_effort_none";
  /** `max_tokens` is refused; `max_completion_tokens` is not. */
  completionTokensOnly: boolean;
  /** The values of `reasoning_effort` it takes; empty: the field is refused; undefined: the name does not tell. */
  efforts: readonly ReasoningEffort[] | undefined;
  /** Thinks before its first token: give it longer. */
  slowToStart: boolean;
  /** Is known not to see images. */
  textOnly: boolean;
};

const PLAIN: ModelRules = {
  sampling: "always",
  completionTokensOnly: false,
  efforts: undefined,
  slowToStart: false,
  textOnly: false,
};
const NEVER_REASONS: ModelRules = { ...PLAIN, efforts: [] };
const O_SERIES: ModelRules = {
  sampling: "never",
  completionTokensOnly: true,
  efforts: ["low", "medium", "high"],
  slowToStart: true,
  textOnly: false,
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
  // A later generation is taken for a strict one. (`gpt-35` is an old spelling of 3.5.)
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

/** The model's own name: no vendor prefix, no variant suffix, lower case. */
export function bareModelName(model: string): string {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  const variant = name.indexOf(":");
  return variant === -1 ? name : name.slice(0, variant);
}

/** Whether the text can be a model's id: what a configuration or a client may send to a provider as one. */
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
  return TEXT_ONLY.test(name) ? { ...rules, textOnly: true } : rules;
}

/** Families without a model that sees, and of mixed families those that do not. */
const TEXT_ONLY =
  /^(?:o1-mini|o3-mini|gpt-3|gpt-oss|deepseek|codestral|devstral|ministral-[38]b|command-(?:r|a-(?!vision|plus))|compound|kimi-k2(?![\d.])|zai-glm|minimax|qwen-?(?:2\.5|3)(?:-\d|-coder|-next|-max)|(?:meta-)?llama-?3(?!\.2-(?:11|90)b))/;

/** The closest effort that the model takes, rather some than none; undefined when it takes no such field. */
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

/** What a Claude model takes. */
export type ClaudeRules = {
  /** `temperature`, `top_p`, `top_k` are refused whole. */
  samplingRefused: boolean;
  /** `temperature` and `top_p` may not come together. */
  oneOfTemperatureAndTopP: boolean;
  /** `adaptive` with `output_config.effort`; a token `budget` in older models; the oldest cannot think. */
  thinking: "none" | "budget" | "adaptive";
  /** The values of `output_config.effort`, for models that think adaptively. */
  efforts: readonly ReasoningEffort[];
  /** Thinks also when nobody asks for it; can be told not to. */
  thinksByDefault: boolean;
  /** The model can be made to call a tool. */
  forcedToolChoice: boolean;
  /** `max_tokens` where the client gives none: without thinking, and with it, which counts too. */
  maxTokens: number;
  thinkingMaxTokens: number;
  /** Takes a JSON schema for its answer. */
  jsonSchema: boolean;
  /** The last message may be the assistant's, to be continued. */
  prefill: boolean;
  /** Prompts shorter than this many tokens are never cached. */
  minCacheTokens: number;
};

/** Claude 4.6 refuses `xhigh`, which later models take. */
const CLAUDE_EFFORTS: readonly ReasoningEffort[] = ["low", "medium", "high", "max"];

/**
 * Rules by family and version. A Claude that is not known is taken for a newer one, which refuses more.
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
    prefill: known && version < 406,
    minCacheTokens: family === "haiku" ? 2_048 : 1_024,
  };
}
