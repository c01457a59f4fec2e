import { type BitCoder, BitDecoder } from "#lib/router/intent/bit-coder.ts";
import type { Features } from "#lib/router/intent/features.ts";
import packed from "#lib/router/intent/weights.json" with { type: "json" };
import { lazy } from "#lib/shared/lazy.ts";

/**
 * What a message may be, in the order of the weights: the modes, and "kept" for one that names nothing of its
 * own and so belongs to the mode before. The last one's weights are not stored: those of a feature sum to zero.
 */
export const LABELS = ["smart", "reasoner", "live", "fast", "coder", "kept", "vision"] as const;
export type Label = (typeof LABELS)[number];

/** The weights as they are stored, by `training/router/train.ts`. */
export type PackedWeights = {
  /** Divides the scores before they become probabilities, so that these are honest. */
  temperature: number;
  /** The least probability at which a message alone decides its mode; below it, it is `smart`. */
  sure: number;
  /** The least probability at which it changes the mode of a session. */
  decisive: number;
  /** A digest of what the weights were made from. */
  madeFrom: string;
  /** In base64, what `codeFeature` writes for each feature, in the order of their hashes. */
  features: string;
  /** How many features there are. */
  size: number;
};

export const STORED_LABELS = LABELS.length - 1;
/** A weight is a whole number of steps. Most are none, or one, and take a bit or two. */
export const WEIGHT_STEP = 0.2;
/** So many of a distance's low bits are as likely ones as zeros. */
const LOW_BITS = 6;
/** A number's further ones share the last context. */
const UNARY_CONTEXTS = 16;
const SIGN_CONTEXT = UNARY_CONTEXTS + LOW_BITS;
const WEIGHT_CONTEXT = SIGN_CONTEXT + STORED_LABELS;
const CONTEXTS_A_WEIGHT = 3 + UNARY_CONTEXTS;
export const CONTEXTS = WEIGHT_CONTEXT + STORED_LABELS * CONTEXTS_A_WEIGHT;

/**
 * How a feature is stored: the distance from the hash before, and the steps of all labels' weights but the last.
 * Writes them with an encoder; with a decoder it fills in `steps`. Returns the distance.
 */
export function codeFeature(coder: BitCoder, distance: number, steps: Int16Array): number {
  let found = codeUnary(coder, 0, distance >> LOW_BITS) << LOW_BITS;
  for (let bit = 0; bit < LOW_BITS; bit++)
    found |= coder.code(UNARY_CONTEXTS + bit, (distance >> bit) & 1) << bit;
  let others = 0;
  for (let label = 0; label < STORED_LABELS; label++) {
    const context = WEIGHT_CONTEXT + label * CONTEXTS_A_WEIGHT;
    const value = steps[label] ?? 0;
    steps[label] = 0;
    if (coder.code(context + Math.min(others, 2), value === 0 ? 0 : 1) === 0) continue;
    others++;
    const sign = coder.code(SIGN_CONTEXT + label, value < 0 ? 1 : 0) === 1 ? -1 : 1;
    steps[label] = sign * (1 + codeUnary(coder, context + 3, Math.abs(value) - 1));
  }
  return found;
}

/** A number as so many ones, with a zero behind them. */
function codeUnary(coder: BitCoder, context: number, value: number): number {
  let ones = 0;
  while (coder.code(context + Math.min(ones, UNARY_CONTEXTS - 1), ones < value ? 1 : 0) === 1) ones++;
  return ones;
}

/** A sum of weights for each label. */
export type Scores = Float64Array;

export type Model = {
  temperature: number;
  sure: number;
  decisive: number;
  /** The place of a feature's weights by its hash: an open-addressed table. */
  slots: Int32Array;
  hashes: Int32Array;
  weights: Float32Array;
};

/** The model in this repository. Unpacking it takes some milliseconds, when it is first used. */
export const model = lazy(() => unpack(packed));

export function unpack(from: PackedWeights): Model {
  const decoder = new BitDecoder(Buffer.from(from.features, "base64"), CONTEXTS);
  const steps = new Int16Array(STORED_LABELS);
  const hashes = new Int32Array(from.size);
  const weights = new Float32Array(from.size * LABELS.length);
  let hash = 0;
  for (let index = 0; index < from.size; index++) {
    hash += codeFeature(decoder, 0, steps);
    hashes[index] = hash;
    let rest = 0;
    for (let label = 0; label < STORED_LABELS; label++) {
      const weight = (steps[label] ?? 0) * WEIGHT_STEP;
      weights[index * LABELS.length + label] = weight;
      rest -= weight;
    }
    weights[index * LABELS.length + STORED_LABELS] = rest;
  }
  const { temperature, sure, decisive } = from;
  return { temperature, sure, decisive, weights, hashes, slots: tableOf(hashes) };
}

/** At most a third of the table is used, so that looking for what is not there ends soon. */
function tableOf(hashes: Int32Array): Int32Array {
  const size = 2 ** Math.ceil(Math.log2(hashes.length * 3 + 1));
  const slots = new Int32Array(size).fill(-1);
  hashes.forEach((hash, index) => {
    let slot = hash & (size - 1);
    while (slots[slot] !== -1) slot = (slot + 1) & (size - 1);
    slots[slot] = index;
  });
  return slots;
}

/** The scores of a message's features, before they become probabilities. */
export function scoresOf(features: Features, { slots, hashes, weights }: Model): Scores {
  const scores = new Float64Array(LABELS.length);
  const mask = slots.length - 1;
  for (const [hash, value] of features) {
    let slot = hash & mask;
    let index = slots[slot] ?? -1;
    while (index !== -1 && hashes[index] !== hash) {
      slot = (slot + 1) & mask;
      index = slots[slot] ?? -1;
    }
    if (index === -1) continue;
    const base = index * LABELS.length;
    for (let label = 0; label < LABELS.length; label++) {
      scores[label] = (scores[label] ?? 0) + value * (weights[base + label] ?? 0);
    }
  }
  return scores;
}

/** Turns scores into probabilities, in place. */
export function softmax(scores: Scores, temperature: number): void {
  const highest = Math.max(...scores);
  let sum = 0;
  for (let label = 0; label < scores.length; label++) {
    const value = Math.exp(((scores[label] ?? 0) - highest) / temperature);
    scores[label] = value;
    sum += value;
  }
  for (let label = 0; label < scores.length; label++) scores[label] = (scores[label] ?? 0) / sum;
}
