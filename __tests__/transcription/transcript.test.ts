import { describe, expect, test } from "vitest";
import { languageCode, languageName } from "#lib/transcription/languages.ts";
import { toSrt, toVtt } from "#lib/transcription/subtitles.ts";
import {
  languageIn,
  type Segment,
  secondsIn,
  segmentsIn,
  segmentsOfWords,
  wordsIn,
} from "#lib/transcription/transcript.ts";
import { fc } from "../support/properties.ts";

const times = (values: readonly unknown[]): unknown[] =>
  segmentsIn(values).map(({ start, end, text }) => [start, end, text]);

describe("the segments of an answer", () => {
  test.each<[string, unknown[], unknown[]]>([
    [
      "good ones",
      [
        { start: 0, end: 1.5, text: " Hello." },
        { start: 1.5, end: 3, text: "Bye." },
      ],
      [
        [0, 1.5, "Hello."],
        [1.5, 3, "Bye."],
      ],
    ],
    [
      "no times",
      [{ text: "a" }, { start: 2, end: 3, text: "b" }, { text: "c" }],
      [
        [0, 0, "a"],
        [2, 3, "b"],
        [3, 3, "c"],
      ],
    ],
    [
      "negative, infinite and absurd ones",
      [
        { start: -1, end: Number.POSITIVE_INFINITY, text: "a" },
        { start: 1e12, end: -5, text: "b" },
      ],
      [
        [0, 0, "a"],
        [0, 0, "b"],
      ],
    ],
    [
      "null, texts and lists",
      [
        { start: null, end: "2.5", text: "a" },
        { start: ["1"], end: "NaN", text: "b" },
      ],
      [
        [0, 2.5, "a"],
        [2.5, 2.5, "b"],
      ],
    ],
    [
      "backwards",
      [
        { start: 5, end: 4, text: "a" },
        { start: 1, end: 2, text: "b" },
      ],
      [
        [5, 5, "a"],
        [5, 5, "b"],
      ],
    ],
    [
      "without a text",
      [{ start: 0, end: 1 }, { start: 0, end: 1, text: 7 }, { start: 0, end: 1, text: "  " }, null, "x", []],
      [],
    ],
    ["half a character", [{ start: 0, end: 1, text: "a\ud83d" }], [[0, 1, "a\ufffd"]]],
  ])("%s", (_what, values, expected) => {
    expect(times(values)).toEqual(expected);
  });

  test("scores that are none count as 0", () => {
    const [segment] = segmentsIn([
      { text: "a", avg_logprob: "-0.2", no_speech_prob: null, temperature: 0.4, seek: {} },
    ]);
    expect(segment?.scores).toEqual({
      seek: 0,
      temperature: 0.4,
      averageLogProbability: 0,
      compressionRatio: 0,
      noSpeechProbability: 0,
    });
  });

  test("whatever comes, they are in order and no end is before its start", () => {
    const any = fc.oneof(fc.double(), fc.string(), fc.constant(null), fc.nat(10_000));
    const part = fc.record(
      { start: any, end: any, text: fc.string({ unit: "binary" }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.jsonValue())), (values) => {
        let before = 0;
        for (const { start, end, text } of segmentsIn(values)) {
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(text.trim()).not.toBe("");
          before = start;
        }
      }),
    );
  });

  test("of words: a sentence each, and no longer than a screen", () => {
    const words = wordsIn(
      ["Hello", "there.", "How", "are", "you?", ...Array.from({ length: 30 }, () => "word")].map(
        (word, index) => ({ word, start: index, end: index + 0.5 }),
      ),
    );
    const segments = segmentsOfWords(words);
    expect(segments.slice(0, 3).map(({ start, end, text }) => [start, end, text])).toEqual([
      [0, 1.5, "Hello there."],
      [2, 4.5, "How are you?"],
      [5, 12.5, "word word word word word word word word"],
    ]);
    expect(segments.map(({ text }) => text).join(" ")).toBe(words.map(({ word }) => word).join(" "));
  });
});

test.each<[unknown, number | undefined]>([
  [3.5, 3.5],
  [0, 0],
  ["8.47", 8.47],
  [-1, undefined],
  [Number.NaN, undefined],
  [Number.POSITIVE_INFINITY, undefined],
  [1e9, undefined],
  ["1e3", undefined],
  [null, undefined],
])("a length of %j is %j", (value, expected) => {
  expect(secondsIn(value)).toBe(expected);
});

describe("languages", () => {
  test.each([
    ["en", "en"],
    ["EN", "en"],
    ["en-GB", "en"],
    ["pt_BR", "pt"],
    ["English", "en"],
    ["haitian creole", "ht"],
    ["yue", "yue"],
    ["iw", "he"],
    ["jv", "jw"],
    ["", undefined],
    ["klingon", undefined],
    ["constructor", undefined],
    ["english; drop", undefined],
  ])("%s is %s", (text, code) => {
    expect(languageCode(text)).toBe(code);
  });

  test("an answer's own word for one is kept if it is not known", () => {
    expect(languageIn("English")).toBe("en");
    expect(languageIn(" Klingon ")).toBe("klingon");
    expect(languageIn("x".repeat(1_000))).toHaveLength(40);
    expect(languageIn(7)).toBeUndefined();
    expect([languageName("de"), languageName("klingon")]).toEqual(["german", "klingon"]);
  });
});

const NO_SCORES = {
  seek: 0,
  temperature: 0,
  averageLogProbability: 0,
  compressionRatio: 0,
  noSpeechProbability: 0,
};
const segment = (start: number, end: number, text: string): Segment => ({
  start,
  end,
  text,
  scores: NO_SCORES,
});
const of = (text: string, segments: Segment[] = [], seconds: number | undefined = undefined) => ({
  text,
  segments,
  seconds,
});

describe("subtitles", () => {
  test("in both formats", () => {
    const transcript = of("…", [segment(0, 2.3456, "Hello."), segment(3_661.05, 3_662, "Later.")]);
    expect(toSrt(transcript)).toBe(
      "1\n00:00:00,000 --> 00:00:02,346\nHello.\n\n2\n01:01:01,050 --> 01:01:02,000\nLater.\n\n",
    );
    expect(toVtt(transcript)).toBe(
      "WEBVTT\n\n00:00:00.000 --> 00:00:02.346\nHello.\n\n01:01:01.050 --> 01:01:02.000\nLater.\n\n",
    );
  });

  test("what would end a cue or be read as a tag is escaped", () => {
    const transcript = of("…", [segment(0, 1, "a --> b\n\n2\n<i>c</i> & d")]);
    expect(toSrt(transcript)).toBe("1\n00:00:00,000 --> 00:00:01,000\na → b 2 <i>c</i> & d\n\n");
    expect(toVtt(transcript)).toContain("\na --&gt; b 2 &lt;i&gt;c&lt;/i&gt; &amp; d\n\n");
  });

  test("without segments: one cue over the recording, or as long as it takes to read", () => {
    expect(toSrt(of("Hello.", [], 4))).toBe("1\n00:00:00,000 --> 00:00:04,000\nHello.\n\n");
    expect(toSrt(of("x".repeat(30)))).toContain("00:00:00,000 --> 00:00:02,000");
    expect([toSrt(of("")), toVtt(of(""))]).toEqual(["", "WEBVTT\n\n"]);
  });

  test("a cue of no length is shown for a moment", () => {
    expect(toSrt(of("…", [segment(1, 1, "a")]))).toContain("00:00:01,000 --> 00:00:01,001");
  });

  test("lines break at spaces, and where a script has none by its width", () => {
    const [, , ...lines] = toSrt(
      of("…", [segment(0, 9, `${"word ".repeat(20)}${"语".repeat(50)} ${"x".repeat(50)}`)]),
    )
      .trim()
      .split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "word word word word word word word word",
      "word word word word word word word word",
      `word word word word ${"语".repeat(11)}`,
    ]);
    expect(lines.join("").replace(/\s/g, "")).toBe(`${"word".repeat(20)}${"语".repeat(50)}${"x".repeat(50)}`);
  });

  test("no text of any kind breaks the format", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 200 }), { maxLength: 5 }), (texts) => {
        const transcript = of(
          "…",
          segmentsIn(texts.map((text, index) => ({ start: index, end: index + 1, text }))),
        );
        const blocks = toVtt(transcript).split("\n\n");
        // Without segments there is one cue.
        const cues = Math.max(1, transcript.segments.length);
        expect(blocks).toHaveLength(cues + 2);
        expect(toSrt(transcript).match(/-->/g)).toHaveLength(cues);
      }),
    );
  });
});
