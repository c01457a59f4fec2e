/** What OpenAI's models take. The reasoning families are told by name. */
export type OpenAiModel = {
  reasons: boolean;
  /** Efforts that it takes. */
  efforts: readonly string[];
  /** Temperature and its like are refused. */
  refusesSampling: (effort: unknown) => boolean;
  /** `function tools with reasoning_effort` are refused on chat completions. */
  toolsNeedResponses: "never" | "with effort" | "always";
  /** Served by `/v1/responses` alone. */
  responsesOnly: boolean;
  maxOutput: number;
};

const PLAIN: OpenAiModel = {
  reasons: false,
  efforts: [],
  refusesSampling: () => false,
  toolsNeedResponses: "never",
  responsesOnly: false,
  maxOutput: 16_384,
};

const OLD = ["low", "medium", "high"];
const NEW = ["none", "low", "medium", "high", "xhigh"];

/** The rules of a model; undefined if OpenAI has none of that name. Sources: docs/PROVIDERS.md, wire.md W13. */
export function openAiModel(name: string): OpenAiModel | undefined {
  if (!/^(?:gpt-|o\d|chatgpt-|codex-)/.test(name) || name.includes("oss")) return undefined;
  const reasoning = {
    ...PLAIN,
    reasons: true,
    efforts: OLD,
    refusesSampling: () => true,
    maxOutput: 128_000,
  };
  const responsesOnly = /-pro|-codex/.test(name);
  if (/^o\d/.test(name)) return { ...reasoning, maxOutput: 100_000, responsesOnly };
  const version = /^gpt-5(?:\.(\d+))?/.exec(name);
  if (version === null) {
    if (/^gpt-4o/.test(name)) return PLAIN;
    return /^gpt-4\.1/.test(name) ? { ...PLAIN, maxOutput: 32_768 } : { ...PLAIN, maxOutput: 4_096 };
  }
  const minor = Number(version[1] ?? 0);
  if (name.includes("-chat")) return { ...PLAIN, refusesSampling: () => true };
  if (minor === 0) return { ...reasoning, efforts: ["minimal", ...OLD], responsesOnly };
  const refusesSampling = (effort: unknown): boolean =>
    minor >= 5 ? effort !== "none" : effort !== undefined && effort !== "none";
  const toolsNeedResponses = minor >= 6 ? "always" : minor >= 4 ? "with effort" : "never";
  return {
    ...reasoning,
    efforts: minor === 1 ? ["none", ...OLD] : NEW,
    refusesSampling,
    toolsNeedResponses,
    responsesOnly,
  };
}
