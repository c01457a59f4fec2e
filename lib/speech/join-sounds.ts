import { resample } from "#lib/speech/resample.ts";
import type { Sound } from "#lib/speech/sound.ts";

/** Sounds in their order. `endsSentence`: a sentence ends with this one, so that a pause follows. */
export type JoinedPart = { sound: Sound; endsSentence: boolean };

/** Seconds of silence after a sentence, and where a speaker goes on. */
const PAUSE = { sentence: 0.3, clause: 0.08 };
/** What engines put around speech is quieter than this: -42 dB. */
const QUIET = 260;
/** Of the quiet around speech this much stays, seconds: consonants begin and end quietly. */
const MARGIN = 0.03;
/** Seconds in which a part fades at a joint: too short to be heard, long enough that nothing clicks. */
const FADE = 0.005;

/**
 * One sound of several. At the joints, what is silent is cut, each side fades, and a pause follows; the beginning of
 * the first and the end of the last stay as they are. Parts of another rate get that of the first.
 */
export async function joinSounds(parts: readonly JoinedPart[]): Promise<Sound | undefined> {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first?.sound;
  const { rate } = first.sound;
  const pieces: Int16Array<ArrayBuffer>[] = [];
  for (const [index, { sound, endsSentence }] of parts.entries()) {
    const isLast = index === parts.length - 1;
    const { samples } = await resample(sound, rate);
    pieces.push(trimmed(samples, rate, { start: index > 0, end: !isLast }));
    const pause = endsSentence ? PAUSE.sentence : PAUSE.clause;
    if (!isLast) pieces.push(new Int16Array(Math.round(pause * rate)));
  }
  return { rate, samples: concatenated(pieces) };
}

type Ends = { start: boolean; end: boolean };

/** A copy without the quiet at these ends, which fade. */
function trimmed(
  samples: Int16Array<ArrayBuffer>,
  rate: number,
  { start, end }: Ends,
): Int16Array<ArrayBuffer> {
  const isLoud = (sample: number): boolean => Math.abs(sample) > QUIET;
  const margin = Math.round(MARGIN * rate);
  const loud = { from: samples.findIndex(isLoud), to: samples.findLastIndex(isLoud) };
  const from = start ? Math.max(0, loud.from - margin) : 0;
  const to = end && loud.to >= 0 ? Math.min(samples.length, loud.to + 1 + margin) : samples.length;
  const piece = samples.slice(from, to);
  const length = Math.min(Math.round(FADE * rate), piece.length >> 1);
  for (let index = 0; index < length; index++) {
    const last = piece.length - 1 - index;
    const gain = index / length;
    if (start) piece[index] = Math.round((piece[index] ?? 0) * gain);
    if (end) piece[last] = Math.round((piece[last] ?? 0) * gain);
  }
  return piece;
}

function concatenated(pieces: readonly Int16Array[]): Int16Array<ArrayBuffer> {
  const whole = new Int16Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
