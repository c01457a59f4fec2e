import { softmax } from "#lib/router/intent/weights.ts";

/** Examples in one block of memory: the features of example `i` are `ids[starts[i]]` to `ids[starts[i + 1] - 1]`. */
export type Examples = {
  starts: Int32Array;
  ids: Int32Array;
  values: Float64Array;
  /** The classes that are right for each example; the model may divide an example among them. */
  labels: readonly (readonly number[])[];
  /** How much each example counts. */
  importance: Float64Array;
};

export type FitOptions = {
  features: number;
  classes: number;
  /** Strength of the L2 penalty. */
  penalty: number;
  iterations: number;
};

/** How many earlier steps L-BFGS remembers. */
const MEMORY = 8;
/** A step must bring this share of what the slope promises. */
const SUFFICIENT = 1e-4;

/**
 * Fits a multinomial logistic regression with L-BFGS. Deterministic: no random numbers, one order of addition.
 * Returns the weights, those of a feature side by side. The first feature is the constant one and is free of
 * the penalty.
 */
export function fitWeights(examples: Examples, options: FitOptions): Float64Array {
  const size = options.features * options.classes;
  let weights: Float64Array = new Float64Array(size);
  let gradient: Float64Array = new Float64Array(size);
  let loss = lossAt(weights, gradient, examples, options);
  const steps: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let iteration = 0; iteration < options.iterations; iteration++) {
    const direction = descend(gradient, steps);
    const slope = dot(gradient, direction);
    let rate = steps.length === 0 ? 1 / Math.max(1, Math.sqrt(dot(gradient, gradient))) : 1;
    const nextGradient = new Float64Array(size);
    let next = moved(weights, direction, rate);
    let nextLoss = lossAt(next, nextGradient, examples, options);
    for (let halvings = 0; nextLoss > loss + SUFFICIENT * rate * slope && halvings < 20; halvings++) {
      rate /= 2;
      next = moved(weights, direction, rate);
      nextLoss = lossAt(next, nextGradient, examples, options);
    }
    const s = moved(next, weights, -1);
    const y = moved(nextGradient, gradient, -1);
    const curvature = dot(s, y);
    if (curvature > 1e-12) steps.push({ s, y, rho: 1 / curvature });
    if (steps.length > MEMORY) steps.shift();
    const gain = loss - nextLoss;
    [weights, gradient, loss] = [next, nextGradient, nextLoss];
    if (gain < 1e-7 * Math.abs(loss)) break;
  }
  return weights;
}

/** The direction of L-BFGS: the gradient, corrected by what earlier steps say about the curvature. */
function descend(
  gradient: Float64Array,
  steps: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const direction = gradient.map((value) => -value);
  const shares: number[] = [];
  for (const { s, y, rho } of steps.toReversed()) {
    const share = rho * dot(s, direction);
    shares.push(share);
    add(direction, y, -share);
  }
  const last = steps.at(-1);
  if (last !== undefined) scale(direction, 1 / (last.rho * dot(last.y, last.y)));
  for (const { s, y, rho } of steps) {
    const share = shares.pop() ?? 0;
    add(direction, s, share - rho * dot(y, direction));
  }
  return direction;
}

/** The mean loss with its penalty; writes the gradient. */
function lossAt(
  weights: Float64Array,
  gradient: Float64Array,
  examples: Examples,
  options: FitOptions,
): number {
  const { classes, penalty } = options;
  const { starts, ids, values, labels, importance } = examples;
  gradient.fill(0);
  let loss = 0;
  let total = 0;
  const scores = new Float64Array(classes);
  const errors = new Float64Array(classes);
  for (let i = 0; i < labels.length; i++) {
    const weight = importance[i] ?? 1;
    total += weight;
    scores.fill(0);
    const from = starts[i] ?? 0;
    const to = starts[i + 1] ?? 0;
    for (let at = from; at < to; at++) {
      const base = (ids[at] ?? 0) * classes;
      const value = values[at] ?? 0;
      for (let c = 0; c < classes; c++) scores[c] = (scores[c] ?? 0) + value * (weights[base + c] ?? 0);
    }
    softmax(scores, 1);
    const right = labels[i] ?? [];
    let mass = 0;
    for (const c of right) mass += scores[c] ?? 0;
    loss -= weight * Math.log(Math.max(mass, 1e-12));
    // Expected minus wanted; an example with two right classes wants them in the model's own proportion.
    const share = 1 / Math.max(mass, 1e-12);
    for (let c = 0; c < classes; c++) {
      const p = scores[c] ?? 0;
      errors[c] = weight * (p - (right.includes(c) ? p * share : 0));
    }
    for (let at = from; at < to; at++) {
      const base = (ids[at] ?? 0) * classes;
      const value = values[at] ?? 0;
      for (let c = 0; c < classes; c++)
        gradient[base + c] = (gradient[base + c] ?? 0) + value * (errors[c] ?? 0);
    }
  }
  scale(gradient, 1 / total);
  loss /= total;
  for (let at = classes; at < weights.length; at++) {
    const weight = weights[at] ?? 0;
    loss += (penalty / 2) * weight * weight;
    gradient[at] = (gradient[at] ?? 0) + penalty * weight;
  }
  return loss;
}

function moved(from: Float64Array, direction: Float64Array, rate: number): Float64Array {
  const to = from.slice();
  add(to, direction, rate);
  return to;
}

function add(to: Float64Array, other: Float64Array, factor: number): void {
  for (let at = 0; at < to.length; at++) to[at] = (to[at] ?? 0) + factor * (other[at] ?? 0);
}

function scale(vector: Float64Array, factor: number): void {
  for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] ?? 0) * factor;
}

function dot(first: Float64Array, second: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < first.length; at++) sum += (first[at] ?? 0) * (second[at] ?? 0);
  return sum;
}
