import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import { isModelId } from "#lib/providers/model-rules.ts";

/** What a client's `model` stands for: a mode, or one engine by name. */
export type ModelTarget =
  | { kind: "mode"; mode: ModeId | "auto" }
  | { kind: "engine"; provider: string; model: string };

/**
 * Families of model names that clients have built in, and the mode that stands for each; the first row
 * that matches wins. Short words count as whole tokens only: there is a `mini` in `gemini`.
 */
const KEYWORDS: readonly (readonly [ModeId, RegExp])[] = [
  ["coder", /code|coder|codestral/],
  ["reasoner", /reason|think|(?<![a-z0-9])o[13](?![a-z0-9])/],
  ["vision", /vision|pixtral|scout/],
  ["fast", /flash|fast|(?<![a-z0-9])(?:mini|8b)(?![a-z0-9])/],
];
/** A longer name is nobody's. */
const LONGEST_NAME = 256;

/**
 * What a model name means; undefined when it names an engine that cannot exist. A name that no row knows
 * is `smart`.
 */
export function parseModelName(
  name: string,
  isKnownProvider: (id: string) => boolean,
): ModelTarget | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  if (isMode(name)) return { kind: "mode", mode: name };
  const slash = name.indexOf("/");
  const provider = name.slice(0, Math.max(slash, 0));
  if (slash > 0 && isKnownProvider(provider)) {
    const model = name.slice(slash + 1);
    return isModelId(model) ? { kind: "engine", provider, model } : undefined;
  }
  const lower = name.toLowerCase();
  const row = KEYWORDS.find(([, pattern]) => pattern.test(lower));
  return { kind: "mode", mode: row?.[0] ?? "smart" };
}

function isMode(name: string): name is ModeId | "auto" {
  return name === "auto" || (MODE_IDS as readonly string[]).includes(name);
}
