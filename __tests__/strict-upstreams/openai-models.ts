/** What OpenAI's models take. The reasoning families are told by name. */
export type OpenAiModel = {
  reasons: boolean;
  /** Efforts that it takes. */
  efforts: readonly string[];
  /** Values of `verbosity` that it takes: some take their default alone (big-AGI#947, llmgateway#2989). */
  verbosities: readonly string[];
  /** Temperature and its like are refused. */
  refusesSampling: (effort: unknown) => boolean;
  /** `function tools with reasoning_effort` are refused on chat completions. */
  toolsNeedResponses: "never" | "with effort" | "always";
  /** Served by `/v1/responses` alone. */
  responsesOnly: boolean;
  maxOutput: number;
};

const OLD = ["low", "medium", "high"];
const NEW = ["none", "low", "medium", "high", "xhigh"];

const PLAIN: OpenAiModel = {
  reasons: false,
  efforts: [],
  verbosities: ["medium"],
  refusesSampling: () => false,
  toolsNeedResponses: "never",
  responsesOnly: false,
  maxOutput: 16_384,
};

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
  const isOldCodex = name.includes("-codex") && minor <= 2;
  const verbosities = isOldCodex || name.startsWith("gpt-5-chat") ? PLAIN.verbosities : OLD;
  if (name.includes("-chat")) return { ...PLAIN, verbosities, refusesSampling: () => true };
  if (minor === 0) return { ...reasoning, efforts: ["minimal", ...OLD], verbosities, responsesOnly };
  const refusesSampling = (effort: unknown): boolean =>
    minor >= 5 ? effort !== "none" : effort !== undefined && effort !== "none";
  const toolsNeedResponses = minor >= 6 ? "always" : minor >= 4 ? "with effort" : "never";
  return {
    ...reasoning,
    efforts: minor === 1 ? ["none", ...OLD] : NEW,
    verbosities,
    refusesSampling,
    toolsNeedResponses,
    responsesOnly,
  };
}
