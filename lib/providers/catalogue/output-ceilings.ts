import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";
import { memoized } from "#lib/shared/memo.ts";

type Ceilings = readonly (readonly [name: RegExp, tokens: number])[];

/**
 * The most tokens that a model of a closed family writes, wherever it is served; the first match wins. A name
 * that is not known has no ceiling. Sources: docs/PROVIDERS.md, "Ceilings".
 */
const FAMILIES: Ceilings = [
  [/^gpt-4o-2024-05-13/, 4_096],
  [/^(?:gpt-4o|chatgpt-4o|gpt-4\.5)/, 16_384],
  [/^gpt-4\.1/, 32_768],
  [/^gpt-4-(?:turbo|1106|0125|vision)/, 4_096],
  [/^gpt-4(?:-0\d{3})?$/, 8_192],
  [/^gpt-3\.5-turbo/, 4_096],
  [/^gpt-5(?:[.-]\d)?-chat/, 16_384],
  [/^gpt-5-pro/, 272_000],
  [/^gpt-5/, 128_000],
  [/^o1-mini/, 65_536],
  [/^o1-preview/, 32_768],
  [/^o[134](?:-|$)/, 100_000],
  [/^claude-3-(?:haiku|sonnet|opus)/, 4_096],
  [/^claude-3[.-]5-/, 8_192],
  [/^claude-3[.-]7-/, 64_000],
  [/^claude-(?:opus-4(?:$|@|[.-](?:0$|1|2025))|4-opus)/, 32_000],
  [/^claude-opus-4[.-][67]/, 128_000],
  [/^claude-(?:(?:sonnet|haiku)-4|opus-4[.-]5|4-sonnet)/, 64_000],
  [/^gemini-(?:1\.5|2\.0)-(?:flash|pro)/, 8_192],
  [/^gemini-2\.5-flash-image/, 32_768],
  [/^gemini-(?:2\.5|3(?:\.\d)?)-(?:pro|flash)/, 65_536],
];

/** The same for models whose ceiling is their host's, by the id under which the host is priced. */
const HOSTS: Readonly<Record<string, Ceilings>> = {
  groq: [
    [/^llama-3\.3-70b/, 32_768],
    [/^llama-4-/, 8_192],
    [/^gpt-oss-(?:120|20)b/, 65_536],
    [/^qwen3-32b/, 40_960],
    [/^kimi-k2/, 16_384],
    [/^compound/, 8_192],
  ],
  cohere: [
    [/^command-(?:r|light)/, 4_096],
    [/^command-a/, 8_192],
  ],
};

const MAX_MODELS = 1_000;

const known = memoized((id: string): { tokens: number | undefined } => {
  const at = id.indexOf("/");
  const name = bareModelName(id.slice(at + 1));
  const row = [...(HOSTS[id.slice(0, at)] ?? []), ...FAMILIES].find(([pattern]) => pattern.test(name));
  return { tokens: row?.[1] };
}, MAX_MODELS);

/** The most tokens that the model writes, reasoning included; undefined if it is not known. */
export function outputCeiling(pricedAs: string | undefined, model: string): number | undefined {
  return known(`${pricedAs ?? ""}/${model}`).tokens;
}
