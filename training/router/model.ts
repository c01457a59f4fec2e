import {
  CONTEXTS,
  codeFeature,
  LABELS,
  type PackedWeights,
  STORED_LABELS,
  scoresOf,
  softmax,
  unpack,
  WEIGHT_STEP,
} from "#lib/router/intent/weights.ts";
import { BitEncoder } from "./bit-encoder.ts";
import { chooseFeatures, type Example, layOut, type Vocabulary } from "./examples.ts";
import { fitWeights } from "./logistic.ts";

export type PackedFeatures = Pick<PackedWeights, "features" | "size">;

const PENALTY = 6e-6;
const ITERATIONS = 150;
/** So many of the messages that the words decide should go to the right mode; among those that calibrate. */
const DECIDED_RIGHT = 0.97;
/** But no more than so many messages may be undecided. */
const MAX_UNSURE = 0.12;
/** Few of the messages that calibrate stand in a session: this much is asked for in any case. */
const LEAST_DECISIVE = 0.85;

/** Trains on examples; the thresholds and the temperature are the caller's to choose. */
export function trainWeights(examples: readonly Example[]): PackedFeatures {
  const vocabulary = chooseFeatures(examples);
  const weights = fitWeights(layOut(examples, vocabulary), {
    features: vocabulary.hashes.length,
    classes: LABELS.length,
    penalty: PENALTY,
    iterations: ITERATIONS,
  });
  return pack(weights, vocabulary);
}

/** Writes weights as `unpack` reads them. A feature whose weights round to nothing is left out. */
function pack(weights: Float64Array, { hashes, strengths }: Vocabulary): PackedFeatures {
  const encoder = new BitEncoder(CONTEXTS);
  const order = hashes.map((hash, index) => ({ hash, index })).sort((a, b) => a.hash - b.hash);
  let before = 0;
  let size = 0;
  for (const { hash, index } of order) {
    const own = LABELS.map(
      (_, label) => (weights[index * LABELS.length + label] ?? 0) * (strengths[index] ?? 1),
    );
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const steps = own.slice(0, STORED_LABELS).map((value) => Math.round((value - mean) / WEIGHT_STEP));
    if (steps.every((value) => value === 0)) continue;
    codeFeature(encoder, hash - before, Int16Array.from(steps));
    before = hash;
    size++;
  }
  return { size, features: Buffer.from(encoder.finish()).toString("base64") };
}

/** What is chosen on messages that did not train. */
export type Calibration = Pick<PackedWeights, "temperature" | "sure" | "decisive">;

/** A message that did not train, by what it is judged. */
export type Judged = { features: Example["features"]; mode: string; last: string | undefined };

/** Chooses the temperature that makes the probabilities honest, and the thresholds that are right most often. */
export function calibrate(packed: PackedFeatures, judged: readonly Judged[]): Calibration {
  const model = unpack({ ...packed, temperature: 1, sure: 0, decisive: 0, madeFrom: "" });
  const scored = judged.map((message) => ({ ...message, scores: scoresOf(message.features, model) }));
  const temperature = best(steps(0.5, 3, 0.05), (value) => {
    let likelihood = 0;
    for (const { scores, mode, last } of scored) {
      const probabilities = scores.slice();
      softmax(probabilities, value);
      const right =
        (probabilities[indexOf(mode)] ?? 0) + (mode === last ? (probabilities[indexOf("kept")] ?? 0) : 0);
      likelihood += Math.log(Math.max(right, 1e-9));
    }
    return likelihood;
  });
  const verdicts = scored.map(({ scores, mode, last }) => ({
    mode,
    last,
    ...verdictOf(scores, temperature),
  }));
  const alone = verdicts.filter(({ last }) => last === undefined);
  const followUps = verdicts.filter(({ mode, last }) => last === mode);
  const sure = surenessFor(alone);
  // What belongs to a session should stay in it, and what does not should leave it. A follow-up that leaves is the
  // worst: it goes to a mode that knows nothing of it, and loses the prompt cache too.
  const decisive = best(steps(Math.max(sure, LEAST_DECISIVE), 0.95, 0.01), (value) => {
    const kept = share(followUps, ({ mode, guess, confidence }) => confidence < value || guess === mode);
    const stays = share(alone, ({ mode, guess, confidence }) => confidence < value || guess === mode);
    const leaves = share(alone, ({ mode, guess, confidence }) => confidence >= value && guess === mode);
    return 8 * kept + stays + leaves;
  });
  return { temperature, sure, decisive };
}

function verdictOf(scores: Float64Array, temperature: number): { guess: string; confidence: number } {
  const probabilities = scores.slice();
  softmax(probabilities, temperature);
  let guess = "smart";
  let confidence = 0;
  LABELS.forEach((label, index) => {
    const probability = probabilities[index] ?? 0;
    if (label === "kept" || probability <= confidence) return;
    guess = label;
    confidence = probability;
  });
  return { guess, confidence };
}

function indexOf(label: string): number {
  return LABELS.findIndex((known) => known === label);
}

/** The least probability above which so many are right, or else the one below which `MAX_UNSURE` are. */
function surenessFor(verdicts: readonly { mode: string; guess: string; confidence: number }[]): number {
  const values = steps(0.2, 0.9, 0.01).filter(
    (value) => share(verdicts, ({ confidence }) => confidence < value) <= MAX_UNSURE,
  );
  const isEnough = (value: number): boolean => {
    const decided = verdicts.filter(({ confidence }) => confidence >= value);
    return share(decided, ({ mode, guess }) => guess === mode) >= DECIDED_RIGHT;
  };
  return values.find(isEnough) ?? values.at(-1) ?? 0;
}

/** The value of the highest worth; of several, the middle one. */
function best(values: readonly number[], worth: (value: number) => number): number {
  const worths = values.map(worth);
  const highest = Math.max(...worths);
  const winners = values.filter((_, at) => worths[at] === highest);
  return winners[Math.floor(winners.length / 2)] ?? 0;
}

function steps(from: number, to: number, step: number): number[] {
  const count = Math.round((to - from) / step);
  return Array.from({ length: count + 1 }, (_, at) => Number((from + at * step).toFixed(4)));
}

function share<Item>(items: readonly Item[], isRight: (item: Item) => boolean): number {
  return items.filter(isRight).length / Math.max(items.length, 1);
}
