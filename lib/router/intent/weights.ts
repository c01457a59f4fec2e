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
  /**
   * In base64, the features in the order of their hashes: the distance from the hash before (7 bits a byte, the
   * lowest first, the highest bit says that more follow), the exponent of the step, and in three bytes the
   * weights of the labels but the last, each in four bits from -7 to 7 steps.
   */
  features: string;
};

export const STORED_LABELS = LABELS.length - 1;
/** Weights are so many steps of `2 ** ((exponent - STEP_BIAS) / STEP_SCALE)` at most. */
export const MAX_STEPS = 7;
export const STEP_BIAS = 192;
export const STEP_SCALE = 8;

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

/** The model in this repository. Unpacking it takes a few milliseconds, when it is first used. */
export const model = lazy(() => unpack(packed));

export function unpack(from: PackedWeights): Model {
  const bytes = Buffer.from(from.features, "base64");
  const hashes: number[] = [];
  const weights: number[] = [];
  let at = 0;
  let hash = 0;
  while (at < bytes.length) {
    let shift = 0;
    let byte: number;
    do {
      byte = bytes[at++] ?? 0;
      hash += (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80);
    hashes.push(hash);
    const step = 2 ** (((bytes[at++] ?? 0) - STEP_BIAS) / STEP_SCALE);
    let rest = 0;
    for (let label = 0; label < STORED_LABELS; label++) {
      const pair = bytes[at + (label >> 1)] ?? 0;
      const weight = (((pair >> (4 * (label & 1))) & 15) - MAX_STEPS) * step;
      weights.push(weight);
      rest -= weight;
    }
    weights.push(rest);
    at += STORED_LABELS / 2;
  }
  const { temperature, sure, decisive } = from;
  return { temperature, sure, decisive, weights: Float32Array.from(weights), ...tableOf(hashes) };
}

/** At most a third of the table is used, so that looking for what is not there ends soon. */
function tableOf(hashes: readonly number[]): Pick<Model, "slots" | "hashes"> {
  const size = 2 ** Math.ceil(Math.log2(hashes.length * 3 + 1));
  const slots = new Int32Array(size).fill(-1);
  hashes.forEach((hash, index) => {
    let slot = hash & (size - 1);
    while (slots[slot] !== -1) slot = (slot + 1) & (size - 1);
    slots[slot] = index;
  });
  return { slots, hashes: Int32Array.from(hashes) };
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
