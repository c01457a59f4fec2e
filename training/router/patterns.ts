import { globSync, readFileSync } from "node:fs";
import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import { hash32 } from "#lib/shared/text.ts";

/** A message that is made from a pattern, and trains only. */
export type PatternMessage = {
  text: string;
  label: ModeId | "kept";
  lang: string;
  /** How much it counts beside a message of the labelled set. */
  importance: number;
};

/** So much all messages of one pattern count together. */
const PATTERN_IMPORTANCE = 2;
/** The most that one of them counts. */
const MESSAGE_IMPORTANCE = 0.7;

/** So many messages are made from each pattern. */
const MESSAGES_A_PATTERN = 8;

const root = new URL(".", import.meta.url);

/** The messages that the patterns in `patterns/*.txt` give: always the same. */
export function readPatterns(): PatternMessage[] {
  return globSync("patterns/*.txt", { cwd: root })
    .sort()
    .flatMap((file) =>
      expandFile(readFileSync(new URL(file, root), "utf8"), file.replace(/^.*[\\/]|(?:-plain)?\.txt$/g, "")),
    );
}

function expandFile(text: string, lang: string): PatternMessage[] {
  const slots = new Map<string, string[]>();
  const messages = new Map<string, PatternMessage>();
  let label: ModeId | "kept" | undefined;
  for (const line of text.split("\n").map((each) => each.trim())) {
    if (line === "" || line.startsWith("# ")) continue;
    if (line.startsWith("@@ ")) label = labelOf(line.slice(3));
    else if (line.startsWith("@")) {
      const [name = "", values = ""] = line.slice(1).split(" = ");
      slots.set(name, values.split(" | "));
    } else {
      if (label === undefined) throw new Error(`${lang}: a pattern before the first mode: ${line}`);
      const random = randomFrom(hash32(`${lang}:${line}`));
      const made = new Set<string>();
      for (let times = 0; times < MESSAGES_A_PATTERN; times++) made.add(expand(line, slots, random));
      const importance = Math.min(MESSAGE_IMPORTANCE, PATTERN_IMPORTANCE / made.size);
      for (const message of made) messages.set(message, { text: message, label, lang, importance });
    }
  }
  return [...messages.values()];
}

function labelOf(name: string): ModeId | "kept" {
  const label = [...MODE_IDS, "kept" as const].find((known) => known === name);
  if (label === undefined) throw new Error(`No mode ${name}.`);
  return label;
}

/** Replaces choices from the inside out, so that they may contain one another. */
function expand(pattern: string, slots: ReadonlyMap<string, string[]>, random: () => number): string {
  const pick = (values: readonly string[]): string => values[Math.floor(random() * values.length)] ?? "";
  let text = pattern;
  for (let round = 0; round < 8 && /[({[]/.test(text); round++) {
    text = text
      .replace(/\{(\w+)\}/g, (whole, name: string) => (slots.has(name) ? pick(slots.get(name) ?? []) : whole))
      .replace(/\(([^()[\]{}]*\|[^()[\]{}]*)\)/g, (_, choices: string) => pick(choices.split("|")))
      .replace(/\[([^()[\]{}]*)\]/g, (_, choices: string) =>
        random() < 0.5 ? "" : pick(choices.split("|")),
      );
  }
  return text
    .replace(/\s+/g, " ")
    .replace(/ ([,.?!])/g, "$1")
    .trim();
}

/** Mulberry32: a small generator of numbers from 0 to 1 that gives the same ones for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
