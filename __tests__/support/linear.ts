import { expect } from "vitest";

const ROUNDS = 5;
const ATTEMPTS = 3;
/** Below this much a run is noise, milliseconds. */
const NOISE_MS = 4;

function fastest(run: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const from = performance.now();
    run();
    best = Math.min(best, performance.now() - from);
  }
  return best;
}

/**
 * Asserts that `run` takes time in proportion to the size it is given: eight times the size may take
 * twenty times as long (quadratic would take sixty-four times).
 */
export function expectLinear(size: number, prepare: (size: number) => () => void): void {
  const measured: string[] = [];
  // Another process may take the processor for as long as all rounds of one size last.
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const small = fastest(prepare(size));
    const large = fastest(prepare(size * 8));
    if (large < Math.max(small, NOISE_MS) * 20) return;
    measured.push(`${size}: ${small} ms, ${size * 8}: ${large} ms`);
  }
  expect.fail(`Not linear: ${measured.join("; ")}`);
}
