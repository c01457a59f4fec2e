import type { ReasoningEffort } from "#lib/chat/request.ts";

/** What the name of a model tells about the parameters that it takes, whoever serves it. */
export type ModelRules = {
  /** When `temperature`, `top_p` and their kin may be sent. */
  sampling: "always" | "never" | "only_without_reasoning";
  /** `max_tokens` is refused; `max_completion_tokens` is not. */
  completionTokensOnly: boolean;
  /** The values of `reasoning_effort` it takes; empty: the field is refused. */
  efforts: readonly ReasoningEffort[];
  /** Thinks before its first token: give it longer. */
  slowToStart: boolean;
};

const PLAIN: ModelRules = {
  sampling: "always",
  completionTokensOnly: false,
  efforts: [],
  slowToStart: false,
};
const O_SERIES: ModelRules = {
  sampling: "never",
  completionTokensOnly: true,
  efforts: ["low", "medium", "high"],
  slowToStart: true,
};
const ALL_BUT_MAX: readonly ReasoningEffort[] = ["none", "minimal", "low", "medium", "high", "xhigh"];

/**
 * First match wins. Source of the OpenAI rows: docs/PROVIDERS.md, "OpenAI-family parameter rules"
 * (each cell checked against the live API in July 2026 by pydantic-ai).
 */
const RULES: readonly (readonly [RegExp, ModelRules])[] = [
  [/^o\d/, O_SERIES],
  [/^gpt-5-chat/, { ...PLAIN, completionTokensOnly: true }],
  [/^gpt-5(?:-|$)/, { ...O_SERIES, efforts: ["minimal", "low", "medium", "high"] }],
  [/^gpt-5\.\d.*-(?:codex|chat|pro)/, { ...O_SERIES, efforts: ["low", "medium", "high", "xhigh"] }],
  [
    /^gpt-5\.[1-4]/,
    { ...O_SERIES, sampling: "only_without_reasoning", efforts: ALL_BUT_MAX, slowToStart: false },
  ],
  // Reasons unless told not to, so sampling is only safe with effort "none".
  [/^gpt-5\.\d/, { ...O_SERIES, sampling: "never", efforts: ALL_BUT_MAX }],
  [/^gpt-oss/, { ...PLAIN, efforts: ["low", "medium", "high"] }],
  [/^(?:deepseek-r1|magistral|.*thinking)/, { ...PLAIN, slowToStart: true }],
];

/** The model's own name: no vendor prefix, no variant suffix, lower case. */
export function bareModelName(model: string): string {
  const name = model.slice(model.lastIndexOf("/") + 1).toLowerCase();
  const variant = name.indexOf(":");
  return variant === -1 ? name : name.slice(0, variant);
}

export function modelRules(model: string): ModelRules {
  const name = bareModelName(model);
  return RULES.find(([pattern]) => pattern.test(name))?.[1] ?? PLAIN;
}

/** The closest effort that the model takes; undefined when it takes none. */
export function closestEffort(
  wanted: ReasoningEffort,
  accepted: readonly ReasoningEffort[],
): ReasoningEffort | undefined {
  if (accepted.length === 0) return undefined;
  if (accepted.includes(wanted)) return wanted;
  const scale: readonly ReasoningEffort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];
  const target = scale.indexOf(wanted);
  return [...accepted].sort(
    (a, b) => Math.abs(scale.indexOf(a) - target) - Math.abs(scale.indexOf(b) - target),
  )[0];
}

/** What a Claude model takes. */
export type ClaudeRules = {
  /** `temperature`, `top_p`, `top_k` are refused whole. */
  samplingRefused: boolean;
  /** `temperature` and `top_p` may not come together. */
  oneOfTemperatureAndTopP: boolean;
  /** `thinking: adaptive` with `output_config.effort`; older models take a token budget. */
  adaptiveThinking: boolean;
  /** The last message may be the assistant's, to be continued. */
  prefill: boolean;
  /** Prompts shorter than this many tokens are never cached. */
  leastCacheTokens: number;
};

/**
 * Rules by family and version. A Claude that is not known is taken for a newer one, which refuses more.
 * Source: docs/PROVIDERS.md, "Anthropic".
 */
export function claudeRules(model: string): ClaudeRules {
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
    adaptiveThinking: !known || version >= 406,
    prefill: known && version < 406,
    leastCacheTokens: family === "haiku" ? 2_048 : 1_024,
  };
}
