import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import { isModelId } from "#lib/providers/catalogue/model-rules.ts";

/** What a client's `model` refers to: a mode, or one engine by name. */
export type ModelTarget =
  | { kind: "mode"; mode: ModeId | "auto" }
  | { kind: "engine"; provider: string; model: string };

/**
 * Patterns of well-known model names and the mode for each; the first match wins. Short words match only as
 * whole tokens: `gemini` contains `mini`.
 */
const KEYWORDS: readonly (readonly [ModeId, RegExp])[] = [
  ["coder", /code|coder|codestral/],
  ["reasoner", /reason|think|(?<![a-z0-9])o[13](?![a-z0-9])/],
  ["vision", /vision|pixtral|scout/],
  ["fast", /flash|fast|(?<![a-z0-9])(?:mini|8b)(?![a-z0-9])/],
];
/**
 * Makers whose models clients name as OpenRouter and model hubs do (`google/gemini-2.5-pro`), in lower case.
 * Such a name is matched like one without a maker. Any other prefix must be a provider's id; an unknown one is
 * treated as misspelt.
 */
const MAKERS: ReadonlySet<string> = new Set([
  "01-ai",
  "ai21",
  "alibaba",
  "allenai",
  "amazon",
  "anthropic",
  "arcee-ai",
  "azure",
  "baidu",
  "bedrock",
  "bytedance",
  "cohere",
  "deepseek",
  "deepseek-ai",
  "gemini",
  "google",
  "ibm-granite",
  "inception",
  "liquid",
  "meta",
  "meta-llama",
  "microsoft",
  "minimax",
  "minimaxai",
  "mistral",
  "mistralai",
  "moonshotai",
  "nousresearch",
  "nvidia",
  "openai",
  "perplexity",
  "qwen",
  "stepfun",
  "tencent",
  "thudm",
  "vertex_ai",
  "x-ai",
  "xai",
  "z-ai",
  "zai-org",
]);
/** Longer names are rejected, characters. */
const MAX_NAME = 256;

/**
 * The mode or engine that a model name refers to; undefined for an invalid model id or an unknown provider.
 * A name that matches no pattern is `smart`.
 */
export function parseModelName(
  name: string,
  isKnownProvider: (id: string) => boolean,
): ModelTarget | undefined {
  if (name.length > MAX_NAME) return undefined;
  if (isMode(name)) return { kind: "mode", mode: name };
  const slash = name.indexOf("/");
  const provider = name.slice(0, Math.max(slash, 0));
  if (slash > 0 && isKnownProvider(provider)) {
    const model = name.slice(slash + 1);
    return isModelId(model) ? { kind: "engine", provider, model } : undefined;
  }
  if (unknownProvider(name, isKnownProvider) !== undefined) return undefined;
  const lower = name.toLowerCase();
  const row = KEYWORDS.find(([, pattern]) => pattern.test(lower));
  return { kind: "mode", mode: row?.[0] ?? "smart" };
}

/** The prefix of a name that is neither a provider nor a maker of models; undefined if there is none. */
export function unknownProvider(name: string, isKnownProvider: (id: string) => boolean): string | undefined {
  const slash = name.indexOf("/");
  const prefix = name.slice(0, Math.max(slash, 0));
  const isKnown = slash <= 0 || isKnownProvider(prefix) || MAKERS.has(prefix.toLowerCase());
  return isKnown ? undefined : prefix;
}

/** Whether it is the exact name of a mode, or `auto`. */
export function isMode(name: string): name is ModeId | "auto" {
  return name === "auto" || (MODE_IDS as readonly string[]).includes(name);
}
