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
   * In base64, a stream of bits, the highest of a byte first; for each feature, in the order of their hashes: the
   * distance from the hash before (its quotient by `2 ** DISTANCE_BITS` in ones with a zero behind them, then the
   * remainder), the exponent of the step, and the weights of the labels but the last in steps, `MAX_STEPS` added.
   */
  features: string;
  /** How many features there are. */
  size: number;
};

export const STORED_LABELS = LABELS.length - 1;
export const DISTANCE_BITS = 9;
export const EXPONENT_BITS = 6;
export const WEIGHT_BITS = 4;
export const MAX_STEPS = 7;
/** A step is `2 ** ((exponent - STEP_BIAS) / STEP_SCALE)`. */
export const STEP_BIAS = 48;
export const STEP_SCALE = 4;

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
  const bits = new BitReader(Buffer.from(from.features, "base64"));
  const hashes = new Int32Array(from.size);
  const weights = new Float32Array(from.size * LABELS.length);
  let hash = 0;
  for (let index = 0; index < from.size; index++) {
    hash += (bits.readOnes() << DISTANCE_BITS) + bits.read(DISTANCE_BITS);
    hashes[index] = hash;
    const step = 2 ** ((bits.read(EXPONENT_BITS) - STEP_BIAS) / STEP_SCALE);
    let rest = 0;
    for (let label = 0; label < STORED_LABELS; label++) {
      const weight = (bits.read(WEIGHT_BITS) - MAX_STEPS) * step;
      weights[index * LABELS.length + label] = weight;
      rest -= weight;
    }
    weights[index * LABELS.length + STORED_LABELS] = rest;
  }
  const { temperature, sure, decisive } = from;
  return { temperature, sure, decisive, weights, hashes, slots: tableOf(hashes) };
}

class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(count: number): number {
    let value = 0;
    for (let done = 0; done < count; done++) value = (value << 1) | this.#bit();
    return value;
  }

  /** How many ones stand before the next zero. */
  readOnes(): number {
    let ones = 0;
    while (this.#bit() === 1) ones++;
    return ones;
  }

  #bit(): number {
    const at = this.#at++;
    return ((this.#bytes[at >> 3] ?? 0) >> (7 - (at & 7))) & 1;
  }
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
