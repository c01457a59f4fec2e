import { describe, expect, test } from "vitest";
import { joinSounds } from "#lib/speech/join-sounds.ts";
import { resample } from "#lib/speech/resample.ts";
import type { Sound } from "#lib/speech/sound.ts";
import { maxJump, rms, tone, utterance } from "../support/sound.ts";

function sound(samples: Float64Array, rate = 24_000): Sound {
  return { rate, samples: Int16Array.from(samples, (value) => Math.round(value * 32_767)) };
}

/** A tone of 440 Hz at half loudness rises by so much from sample to sample. */
const STEP = Math.ceil((2 * Math.PI * 440 * 0.5 * 32_767) / 24_000) + 1;

describe("parts become one sound", () => {
  test("one alone stays as it is", async () => {
    const only = sound(utterance(0.5));
    expect(await joinSounds([{ sound: only, endsSentence: true }])).toBe(only);
  });

  test("none is none", async () => {
    expect(await joinSounds([])).toBeUndefined();
  });

  test("it is as long as its parts without the silence at the joints, with the pauses, to the sample", async () => {
    const parts = [true, false, true].map((endsSentence) => ({ sound: sound(utterance(0.5)), endsSentence }));
    const joined = await joinSounds(parts);
    const rate = 24_000;
    const [quiet, margin] = [0.2 * rate, 0.03 * rate];
    // The tone begins and ends with samples that are as quiet as silence: one at each end.
    const speech = 0.5 * rate - 2;
    const at = { outside: quiet + 1, joint: margin };
    const expected = 3 * speech + 2 * at.outside + 4 * at.joint + 0.3 * rate + 0.08 * rate;
    expect(Math.abs((joined?.samples.length ?? 0) - expected)).toBeLessThanOrEqual(6);
  });

  test("no joint clicks, even where the parts begin and end in the middle of a wave", async () => {
    const cut = sound(tone(0.5).subarray(14, -14));
    const joined = await joinSounds(Array.from({ length: 4 }, () => ({ sound: cut, endsSentence: true })));
    const { samples } = joined ?? expect.fail("They are not joined.");
    expect(maxJump(samples)).toBeLessThanOrEqual(STEP);
    // The naive way does click.
    const naive = Int16Array.from([...cut.samples, ...new Int16Array(100), ...cut.samples]);
    expect(maxJump(naive)).toBeGreaterThan(STEP);
  });

  test("parts of other rates get that of the first", async () => {
    const joined = await joinSounds([
      { sound: sound(utterance(0.5)), endsSentence: true },
      { sound: sound(utterance(0.5, 44_100), 44_100), endsSentence: true },
    ]);
    const { rate, samples } = joined ?? expect.fail("They are not joined.");
    expect(rate).toBe(24_000);
    expect(maxJump(samples)).toBeLessThanOrEqual(STEP + 100);
    expect(samples.length / rate).toBeCloseTo(0.7 + 0.03 + 0.3 + 0.03 + 0.7, 2);
  });

  test("a part that is silent takes no more than its pause", async () => {
    const silent = { sound: sound(new Float64Array(4_800)), endsSentence: true };
    const spoken = { sound: sound(utterance(0.5)), endsSentence: true };
    const joined = await joinSounds([spoken, silent, spoken]);
    expect(joined?.rate).toBe(24_000);
  });
});

describe("another rate", () => {
  test.each([
    [44_100, 24_000],
    [48_000, 24_000],
    [16_000, 24_000],
    [24_000, 44_100],
    [22_050, 24_000],
  ])("%i to %i Hz keeps length, pitch and loudness of a tone", async (from, to) => {
    const made = await resample(sound(tone(1, { rate: from, hertz: 1_000 }), from), to);
    const expected = sound(tone(1, { rate: to, hertz: 1_000 }), to);
    expect([made.rate, made.samples.length]).toEqual([to, to]);
    const middle = (one: Sound): Int16Array => one.samples.subarray(to * 0.1, to * 0.9);
    const error = middle(made).map((sample, index) => sample - (middle(expected)[index] ?? 0));
    // 60 dB below the tone.
    expect(rms(error)).toBeLessThan(rms(middle(expected)) / 1_000);
  });

  test("what is above the new rate's reach is gone and not folded down", async () => {
    const made = await resample(sound(tone(1, { rate: 44_100, hertz: 15_000 }), 44_100), 24_000);
    expect(rms(made.samples.subarray(2_400, -2_400))).toBeLessThan(12);
  });

  test("the same rate is no work", async () => {
    const same = sound(tone(0.1));
    expect(await resample(same, 24_000)).toBe(same);
  });
});
