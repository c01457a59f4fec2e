import {
  DISTANCE_BITS,
  EXPONENT_BITS,
  LABELS,
  MAX_STEPS,
  type PackedWeights,
  STEP_BIAS,
  STEP_SCALE,
  STORED_LABELS,
  scoresOf,
  softmax,
  unpack,
  WEIGHT_BITS,
} from "#lib/router/intent/weights.ts";
import { chooseFeatures, type Example, layOut, type Vocabulary } from "./examples.ts";
import { fitWeights } from "./logistic.ts";

export type PackedFeatures = Pick<PackedWeights, "features" | "size">;

const PENALTY = 1.2e-5;
const ITERATIONS = 60;

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

/** Writes weights as `unpack` reads them. */
function pack(weights: Float64Array, { hashes, strengths }: Vocabulary): PackedFeatures {
  const bits: number[] = [];
  const write = (value: number, count: number): void => {
    for (let bit = count - 1; bit >= 0; bit--) bits.push((value >> bit) & 1);
  };
  const order = hashes.map((hash, index) => ({ hash, index })).sort((a, b) => a.hash - b.hash);
  let before = 0;
  for (const { hash, index } of order) {
    const distance = hash - before;
    before = hash;
    for (let ones = distance >> DISTANCE_BITS; ones > 0; ones--) bits.push(1);
    write(0, 1);
    write(distance & (2 ** DISTANCE_BITS - 1), DISTANCE_BITS);
    const own = LABELS.map(
      (_, label) => (weights[index * LABELS.length + label] ?? 0) * (strengths[index] ?? 1),
    );
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const centred = own.map((value) => value - mean).slice(0, STORED_LABELS);
    const exponent = exponentFor(Math.max(...centred.map(Math.abs)));
    const step = 2 ** ((exponent - STEP_BIAS) / STEP_SCALE);
    write(exponent, EXPONENT_BITS);
    for (const value of centred) write(Math.round(value / step) + MAX_STEPS, WEIGHT_BITS);
  }
  while (bits.length % 8 !== 0) bits.push(0);
  const bytes = Uint8Array.from({ length: bits.length / 8 }, (_, at) => {
    return bits.slice(at * 8, at * 8 + 8).reduce((byte, bit) => (byte << 1) | bit, 0);
  });
  return { size: order.length, features: Buffer.from(bytes).toString("base64") };
}

/** The smallest step of which `MAX_STEPS` reach a weight. */
function exponentFor(largest: number): number {
  const exponent = Math.ceil(Math.log2(Math.max(largest, 1e-6) / MAX_STEPS) * STEP_SCALE) + STEP_BIAS;
  return Math.min(2 ** EXPONENT_BITS - 1, Math.max(0, exponent));
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
  const sure = best(steps(0.2, 0.6, 0.01), (value) => {
    return alone.filter(({ mode, guess, confidence }) => (confidence < value ? "smart" : guess) === mode)
      .length;
  });
  // What belongs to a session should stay in it, and what does not should leave it. A follow-up that leaves is the
  // worst: it goes to a mode that knows nothing of it, and loses the prompt cache too.
  const decisive = best(steps(Math.max(sure, 0.4), 0.95, 0.01), (value) => {
    const kept = share(followUps, ({ mode, guess, confidence }) => confidence < value || guess === mode);
    const stays = share(alone, ({ mode, guess, confidence }) => confidence < value || guess === mode);
    const leaves = share(alone, ({ mode, guess, confidence }) => confidence >= value && guess === mode);
    return 2 * kept + stays + leaves;
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
