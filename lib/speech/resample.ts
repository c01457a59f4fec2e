import { othersTurn } from "#lib/shared/event-loop.ts";
import type { Sound } from "#lib/speech/sound.ts";

/** Zero crossings of the filter at each side: enough that aliases are below the noise of 16 bits in speech. */
const CROSSINGS = 16;
/** Positions between two samples for which the filter is computed. */
const PHASES = 256;
/** The pass band ends before half the lower rate, so that the filter has room to fall. */
const PASS = 0.94;
/** Samples that are made at a time. */
const STEP = 8_192;

/**
 * The sound at another rate, by a windowed sinc filter. In steps, so that other requests run in between.
 */
export async function resample(sound: Sound, rate: number): Promise<Sound> {
  if (sound.rate === rate) return sound;
  const ratio = sound.rate / rate;
  const cutoff = PASS * Math.min(1, 1 / ratio);
  const reach = Math.ceil(CROSSINGS / cutoff);
  const filter = filterOf(cutoff, reach);
  const samples = new Int16Array(Math.round(sound.samples.length / ratio));
  for (let from = 0; from < samples.length; from += STEP) {
    if (from > 0) await othersTurn();
    fill(samples, from, Math.min(samples.length, from + STEP), { from: sound.samples, ratio, reach, filter });
  }
  return { rate, samples };
}

type Source = { from: Int16Array; ratio: number; reach: number; filter: Float32Array };

function fill(samples: Int16Array, start: number, end: number, { from, ratio, reach, filter }: Source): void {
  const width = 2 * reach;
  for (let index = start; index < end; index++) {
    const position = index * ratio;
    const whole = Math.floor(position);
    const row = Math.round((position - whole) * PHASES) * width;
    let sum = 0;
    for (let tap = 0; tap < width; tap++) {
      sum += (from[whole - reach + 1 + tap] ?? 0) * (filter[row + tap] ?? 0);
    }
    samples[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
  }
}

/** The filter's values for each position between two samples, one row each. Every row adds up to one. */
function filterOf(cutoff: number, reach: number): Float32Array {
  const width = 2 * reach;
  const filter = new Float32Array((PHASES + 1) * width);
  for (let phase = 0; phase <= PHASES; phase++) {
    const row = filter.subarray(phase * width, (phase + 1) * width);
    let total = 0;
    for (let tap = 0; tap < width; tap++) {
      const distance = tap - reach + 1 - phase / PHASES;
      const value = sinc(distance * cutoff) * window(distance / reach);
      row[tap] = value;
      total += value;
    }
    for (let tap = 0; tap < width; tap++) row[tap] = (row[tap] ?? 0) / total;
  }
  return filter;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Blackman's window, from -1 to 1. */
function window(x: number): number {
  if (Math.abs(x) >= 1) return 0;
  return 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x);
}
