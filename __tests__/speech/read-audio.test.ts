import { describe, expect, test } from "vitest";
import { joinMp3, readMp3 } from "#lib/speech/mp3-frames.ts";
import { readAudio } from "#lib/speech/read-audio.ts";
import { writeWav } from "#lib/speech/wav-writer.ts";
import { fc } from "../support/properties.ts";
import { mp3, pcm, strictWav, tone, type WavOptions, wav } from "../support/sound.ts";

const TONE = tone(0.1);
const LIST = Buffer.from("INFOISFT\u000d\0\0\0a writer of 13\0", "latin1");

function soundOf(bytes: Uint8Array, type = "") {
  const audio = readAudio(bytes, type);
  return audio?.kind === "sound" ? audio.sound : undefined;
}

describe("a WAV file is read as it is written, and comes out the same", () => {
  test.each<[string, WavOptions, tolerance?: number]>([
    ["16 bits", {}],
    ["8 bits", { bits: 8 }, 300],
    ["24 bits", { bits: 24 }],
    ["32 bits", { bits: 32 }],
    ["floats", { bits: 32, float: true }],
    ["long floats", { bits: 64, float: true }],
    ["an extensible head", { extensible: true }],
    ["an extensible head with floats", { extensible: true, bits: 32, float: true }],
    ["two channels", { channels: 2 }],
    ["six channels of 24 bits", { channels: 6, bits: 24 }],
    ["44.1 kHz", { rate: 44_100 }],
    ["a chunk of notes before the samples", { before: [["LIST", LIST]] }],
    ["a chunk of odd length before the samples", { before: [["junk", Buffer.from("odd")]] }],
    ["a chunk after the samples", { after: Buffer.from("LIST\u0004\0\0\0INFO", "latin1") }],
    ["lengths that were not known: all ones", { riffLength: 0xffffffff, dataLength: 0xffffffff }],
    ["lengths that were not known: zero", { riffLength: 0, dataLength: 0 }],
    ["lengths that were not known: the largest number", { riffLength: 0x7fffffff, dataLength: 0x7fffffff }],
    ["a length of the file that is too short", { riffLength: 40 }],
  ])("%s", (_, options, tolerance = 2) => {
    const sound = soundOf(wav(TONE, options)) ?? expect.fail("It is not read.");
    const expected = Int16Array.from(TONE, (value) => Math.round(value * 32_767));
    expect([sound.rate, sound.samples.length]).toEqual([options.rate ?? 24_000, TONE.length]);
    const off = Math.max(...sound.samples.map((sample, index) => Math.abs(sample - (expected[index] ?? 0))));
    expect(off).toBeLessThanOrEqual(tolerance);
    const written = strictWav(writeWav(sound));
    expect(written).toEqual({ rate: sound.rate, samples: new Int16Array(sound.samples) });
  });
});

const whole = wav(TONE);

describe("what is no sound, or not all of it, is not read", () => {
  test.each<[string, Uint8Array, type?: string]>([
    ["nothing", Buffer.alloc(0)],
    ["a web page", Buffer.from("<!doctype html><title>Down</title>"), "audio/wav"],
    ["JSON", Buffer.from('{"error":"no"}'), "audio/mpeg"],
    ["a picture", Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), "audio/wav"],
    ["a file that is cut", whole.subarray(0, 1_000)],
    ["a file that is cut by one byte", whole.subarray(0, -1)],
    ["a head alone", whole.subarray(0, 12)],
    ["a head cut in the middle", whole.subarray(0, 30)],
    ["samples that are longer than the file", wav(TONE, { dataLength: 999_999 })],
    ["half a sample", wav(TONE, { dataLength: 4_799, riffLength: 0xffffffff })],
    [
      "half a frame of two channels",
      Buffer.concat([wav(TONE, { channels: 2, dataLength: 0xffffffff, riffLength: 0 }), Buffer.alloc(2)]),
    ],
    ["no samples at all", wav(TONE).subarray(0, 36)],
    ["µ-law", wav(TONE, { bits: 8 }).fill(7, 20, 21)],
    ["no channels", wav(TONE).fill(0, 22, 24)],
    ["an absurd rate", wav(TONE).fill(255, 24, 28)],
    ["a format that contradicts itself", wav(TONE).fill(9, 32, 33)],
    ["half a bare sample", Buffer.alloc(4_801), "audio/L16;rate=24000"],
    ["bare samples at an absurd rate", Buffer.alloc(4_800), "audio/L16;rate=9999999"],
    ["bare samples of an unknown kind", Buffer.alloc(4_800), "application/octet-stream"],
    ["an MP3 file that is cut", mp3(10).subarray(0, -1)],
    ["an MP3 file with something else in between", Buffer.concat([mp3(3), Buffer.from("<html>"), mp3(3)])],
    ["the tag of an MP3 file alone", mp3(0, { tag: true })],
    ["MP3 frames of two rates", Buffer.concat([mp3(3), mp3(3, { rateIndex: 0 })])],
  ])("%s", (_, bytes, type = "") => {
    expect(readAudio(bytes, type)).toBeUndefined();
  });

  test("whatever else comes, nothing is thrown", () => {
    const mutated = fc.tuple(fc.nat(60), fc.nat(255), fc.nat(whole.length)).map(([at, value, length]) => {
      const bytes = Buffer.from(whole.subarray(0, length));
      if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        readAudio(bytes, "audio/L16;rate=24000");
        readAudio(bytes, "");
      }),
    );
  });
});

test.each([
  ["audio/L16;codec=pcm;rate=24000", 24_000],
  ["audio/l16; rate=16000", 16_000],
  ["audio/pcm", 24_000],
])("bare samples are known by their media type alone: %s", (type, rate) => {
  const sound = soundOf(pcm(TONE), type);
  expect([sound?.rate, sound?.samples.length]).toEqual([rate, TONE.length]);
});

test("a finished WAV file that is called bare samples is a WAV file", () => {
  expect(soundOf(whole, "audio/L16;rate=16000")?.rate).toBe(24_000);
});

describe("an MP3 file", () => {
  test("is known by its frames, whatever it is called, and says how long it is", () => {
    const audio = readAudio(mp3(50, { tag: true, info: true }), "audio/wav");
    expect(audio).toMatchObject({
      kind: "mp3",
      mp3: { rate: 24_000, channels: 1, seconds: (50 * 576) / 24_000 },
    });
  });

  test("is read behind a tag with a footer, and behind several tags", () => {
    // Version 2.4 with the flag of a footer: five bytes between a head and its copy.
    const [head, footer] = ["ID3", "3DI"].map((id) =>
      Buffer.from(`${id}\u0004\0\u0010\0\0\0\u0005`, "latin1"),
    );
    const tag = Buffer.concat([head ?? [], Buffer.alloc(5), footer ?? []].map((part) => Buffer.from(part)));
    const audio = readAudio(Buffer.concat([tag, tag, mp3(50)]), "audio/mpeg");
    expect(audio).toMatchObject({ kind: "mp3", mp3: { seconds: (50 * 576) / 24_000 } });
  });

  test("several become one, without tags and frames that describe only one of them", () => {
    const files = [mp3(5, { tag: true, info: true }), mp3(7, { info: true })].flatMap(
      (file) => readMp3(file) ?? [],
    );
    const joined = joinMp3(files) ?? expect.fail("They are not joined.");
    expect(Buffer.from(joined.bytes).equals(mp3(12))).toBe(true);
    expect(readMp3(Buffer.from(joined.bytes))?.seconds).toBeCloseTo((12 * 576) / 24_000);
  });

  test("files of different rates stay apart", () => {
    const files = [mp3(5), mp3(5, { rateIndex: 0 })].flatMap((file) => readMp3(file) ?? []);
    expect(joinMp3(files)).toBeUndefined();
  });
});
