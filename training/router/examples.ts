import { type Features, featuresOf } from "#lib/router/intent/features.ts";
import { LABELS, type Label } from "#lib/router/intent/weights.ts";
import type { Examples } from "./logistic.ts";
import type { LabelledMessage } from "./messages.ts";
import type { PatternMessage } from "./patterns.ts";

/** A message as the training sees it. */
export type Example = {
  features: Features;
  /** What may be right; the model divides the message among them. */
  labels: readonly Label[];
  importance: number;
};

/** A follow-up of so few words, in the mode of its session, names nothing of its own. */
const FOLLOW_UP_WORDS = 5;
/** Few messages stand in a session; a follow-up that belongs to it counts as so many that stand alone. */
const FOLLOW_UP_IMPORTANCE = 6;
/** Features that fewer messages have are left out. */
const MIN_MESSAGES = 2;
/** Of the others, those that say most about the label. */
const MAX_FEATURES = 61_000;
/** How much a feature may be strengthened, or weakened, for what it says about the label. */
const MAX_STRENGTH = 3;
const MIN_STRENGTH = 0.2;

export function exampleOf(message: LabelledMessage): Example {
  const importance = message.last === message.mode ? FOLLOW_UP_IMPORTANCE : 1;
  return { features: featuresOf(message.text), labels: labelsOf(message), importance };
}

export function exampleOfPattern({ text, label, importance }: PatternMessage): Example {
  return { features: featuresOf(text), labels: [label], importance };
}

function labelsOf({ text, mode, last }: LabelledMessage): readonly Label[] {
  if (last !== mode) return [mode];
  return text.split(/\s+/).length <= FOLLOW_UP_WORDS ? ["kept"] : [mode, "kept"];
}

/** The features that the model knows, with how strongly each one counts. */
export type Vocabulary = {
  hashes: readonly number[];
  index: ReadonlyMap<number, number>;
  strengths: Float64Array;
};

/** Chooses the features that say most about the label. The first is the constant one. */
export function chooseFeatures(examples: readonly Example[]): Vocabulary {
  const totals = new Float64Array(LABELS.length);
  const counts = new Map<number, { messages: number; byLabel: Float64Array }>();
  for (const { features, labels, importance } of examples) {
    const label = LABELS.indexOf(labels[0] ?? "smart");
    totals[label] = (totals[label] ?? 0) + importance;
    for (const hash of features.keys()) {
      const entry = counts.get(hash) ?? { messages: 0, byLabel: new Float64Array(LABELS.length).fill(0.5) };
      entry.messages++;
      entry.byLabel[label] = (entry.byLabel[label] ?? 0) + importance;
      counts.set(hash, entry);
    }
  }
  const all = totals.reduce((sum, value) => sum + value, 0);
  const found = [...counts]
    .filter(([hash, { messages }]) => hash !== 0 && messages >= MIN_MESSAGES)
    .map(([hash, { byLabel }]) => ({ hash, ...informationOf(byLabel, totals, all) }))
    .sort((a, b) => b.information - a.information || a.hash - b.hash)
    .slice(0, MAX_FEATURES);
  const hashes = [0, ...found.map(({ hash }) => hash)];
  return {
    hashes,
    index: new Map(hashes.map((hash, index) => [hash, index])),
    strengths: Float64Array.from([1, ...found.map(({ strength }) => strength)]),
  };
}

/** How much a feature's labels differ from those of all messages: as a sum over messages, and for each. */
function informationOf(byLabel: Float64Array, totals: Float64Array, all: number) {
  const own = byLabel.reduce((sum, value) => sum + value, 0);
  let divergence = 0;
  let square = 0;
  byLabel.forEach((count, label) => {
    const share = count / own;
    const ratio = Math.log((share * all) / Math.max(totals[label] ?? 0, 1));
    divergence += share * ratio;
    square += (totals[label] ?? 0) * ratio * ratio;
  });
  const strength = Math.sqrt(Math.min(MAX_STRENGTH, Math.max(MIN_STRENGTH, Math.sqrt(square / all))));
  return { information: own * divergence, strength };
}

/** Lays examples out for the fit. Labels count alike, however many messages there are of each: nearly so. */
export function layOut(examples: readonly Example[], { index, strengths }: Vocabulary): Examples {
  const starts = new Int32Array(examples.length + 1);
  const ids: number[] = [];
  const values: number[] = [];
  const perLabel = new Map<Label, number>();
  for (const { labels } of examples) {
    const [label = "smart"] = labels;
    perLabel.set(label, (perLabel.get(label) ?? 0) + 1);
  }
  examples.forEach(({ features }, at) => {
    for (const [hash, value] of features) {
      const id = index.get(hash);
      if (id === undefined) continue;
      ids.push(id);
      values.push(value * (strengths[id] ?? 1));
    }
    starts[at + 1] = ids.length;
  });
  const importance = examples.map(({ labels, importance: own }) => {
    const number = perLabel.get(labels[0] ?? "smart") ?? 1;
    return own * Math.sqrt(examples.length / LABELS.length / number);
  });
  return {
    starts,
    ids: Int32Array.from(ids),
    values: Float64Array.from(values),
    labels: examples.map(({ labels }) => labels.map((label) => LABELS.indexOf(label))),
    importance: Float64Array.from(importance),
  };
}
