import { describe, expect, test } from "vitest";
import { ApiError, type FetchLike } from "#lib/browser/api.ts";
import { type Loudspeaker, Reading, type ReadingState } from "#lib/browser/speech/reading.ts";
import { recordedType, speak, transcribe } from "#lib/browser/speech/speech-api.ts";
import { languageOf } from "#lib/browser/speech/speech-language.ts";
import { spokenPieces } from "#lib/browser/speech/spoken-pieces.ts";
import { spokenText } from "#lib/browser/speech/spoken-text.ts";
import { fc } from "../support/properties.ts";

const TEXTS: readonly [name: string, markdown: string, spoken: string][] = [
  ["a heading has a full stop, so that the voice pauses", "# Title\n\nText.", "Title.\nText."],
  ["emphasis and code within a line are words", "**Very** *much* `x`, ~~not~~.", "Very much x, not."],
  ["blocks of code are passed over", "Look:\n\n```ts\nconst x = 1;\n```", "Look:\nHere stands code."],
  ["a list keeps its numbers", "3. three\n4. four\n   - in it", "3. three.\n4. four.\nin it."],
  ["a table is read row by row", "| a | b |\n|---|---|\n| 1 | 2 |", "a, b.\n1, 2."],
  ["an address is its host", "See https://www.example.com/a/b?c=d now", "See example.com now."],
  ["a link is its words", "[the docs](https://example.com/x)", "the docs."],
  ["a rule, an empty quote and signs alone say nothing", "---\n\n> \n\n---\n\n…", ""],
];
test.each(TEXTS)("%s", (_name, markdown, spoken) => {
  expect(spokenText(markdown, { code: "Here stands code." })).toBe(spoken);
});

test("pictures that are characters are silent", () => {
  const said = spokenText("Good 👍🏽 👨‍👩‍👧 🇳🇴 day, 42 of 50", { code: "" });
  expect(said).toBe("Good day, 42 of 50.");
});

test.each([
  ["El perro está en la casa con los niños, pero no come.", "es"],
  // Too little to tell: the browser's own language, if it is spoken, and English if not.
  ["TypeScript", "fr"],
  ["", "fr"],
])("%j is read as %s", (text, language) => {
  expect(languageOf(text, "fr-CA")).toBe(language);
});

test("a browser in a language that is not spoken gets English", () => {
  expect(languageOf("42", "nb-NO")).toBe("en");
});

describe("the pieces of a text", () => {
  test("the first is short, and all end with sentences", () => {
    const sentence = "This is a sentence of some length that says very little. ";
    const pieces = spokenPieces(sentence.repeat(60), "en");
    expect(pieces.length).toBe(3);
    expect(pieces[0]?.length).toBeLessThanOrEqual(300);
    for (const piece of pieces) expect(piece).toMatch(/little\.$/);
  });

  test("nothing is lost, nothing is too long, and no character is broken", () => {
    const character = fc.constantFrom("a", "B", " ", ". ", "。", "👍", "é", "漢", "\n", "? ");
    fc.assert(
      fc.property(fc.array(character, { maxLength: 6_000 }), (characters) => {
        const text = characters.join("");
        const pieces = spokenPieces(text, "en");
        expect(pieces.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(2_000);
          expect(piece.isWellFormed()).toBe(true);
        }
      }),
    );
  });
});

/** A loudspeaker whose sounds end when the test says so. */
function aLoudspeaker() {
  const heard: string[] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const loudspeaker: Loudspeaker = {
    pause: () => void heard.push("pause"),
    resume: () => void heard.push("resume"),
    async play(sound, signal) {
      heard.push(await sound.text());
      const end = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => end.resolve());
      ends.push(end);
      return end.promise;
    },
  };
  return { heard, ends, loudspeaker };
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function aReading(pieces: readonly string[], fail?: (piece: string) => unknown) {
  const { heard, ends, loudspeaker } = aLoudspeaker();
  const asked: string[] = [];
  const states: ReadingState[] = [];
  const reading = new Reading({
    pieces,
    loudspeaker,
    changed: (state) => void states.push(state),
    speak: async (piece) => {
      asked.push(piece);
      const error = fail?.(piece);
      if (error !== undefined) throw error;
      return new Blob([piece]);
    },
  });
  return { reading, heard, ends, asked, states };
}

describe("reading aloud", () => {
  test("while one piece is heard, the next is asked for, and no more", async () => {
    const { reading, heard, ends, asked, states } = aReading(["one", "two", "three"]);
    const over = reading.run();
    await settled();
    await expect.poll(() => heard).toEqual(["one"]);
    expect(asked).toEqual(["one", "two"]);
    for (const index of [0, 1, 2]) {
      await expect.poll(() => ends.length).toBe(index + 1);
      ends[index]?.resolve();
    }
    await over;
    expect(heard).toEqual(["one", "two", "three"]);
    expect(states.map((state) => state.kind).join(" ")).toBe(
      "loading playing loading playing loading playing ended",
    );
  });

  test("it pauses and goes on", async () => {
    const { reading, heard, ends, states } = aReading(["one"]);
    const over = reading.run();
    await expect.poll(() => ends.length).toBe(1);
    reading.resume();
    reading.pause();
    reading.pause();
    reading.resume();
    expect(heard).toEqual(["one", "pause", "resume"]);
    expect(states.slice(2)).toEqual([
      { kind: "paused", piece: 0 },
      { kind: "playing", piece: 0 },
    ]);
    ends[0]?.resolve();
    await over;
  });

  test("stopped, it asks for nothing more and says nothing more", async () => {
    const { reading, ends, asked, states } = aReading(["one", "two", "three"]);
    const over = reading.run();
    await expect.poll(() => ends.length).toBe(1);
    reading.stop();
    await over;
    expect(asked).toEqual(["one", "two"]);
    expect(states.at(-1)?.kind).toBe("playing");
  });

  test("a piece that fails is told when it is due, after what could be heard", async () => {
    const error = new ApiError({ status: 503, code: "engines_unavailable", message: "Busy." });
    const { reading, ends, states } = aReading(["one", "two"], (piece) =>
      piece === "two" ? error : undefined,
    );
    const over = reading.run();
    await expect.poll(() => ends.length).toBe(1);
    expect(states.at(-1)?.kind).toBe("playing");
    ends[0]?.resolve();
    await over;
    expect(states.at(-1)).toEqual({ kind: "failed", error });
  });

  test("a sound that cannot be played ends it", async () => {
    const { reading, ends, states } = aReading(["one", "two"]);
    const over = reading.run();
    await expect.poll(() => ends.length).toBe(1);
    const error = new Error("The sound cannot be played.");
    ends[0]?.reject(error);
    await over;
    expect(states.at(-1)).toEqual({ kind: "failed", error });
  });

  test("nothing to say is an end", async () => {
    const { reading, states } = aReading([]);
    await reading.run();
    expect(states).toEqual([{ kind: "ended" }]);
  });
});

describe("calls", () => {
  const signal = new AbortController().signal;

  test("speech is a file, and its errors are those of the gateway", async () => {
    const calls: unknown[] = [];
    const fetch: FetchLike = async (url, init) => {
      calls.push([url, init?.method, JSON.parse(String(init?.body))]);
      return new Response(new Uint8Array([1, 2]), { headers: { "content-type": "audio/wav" } });
    };
    const sound = await speak("Hola", "es", { signal, fetch });
    expect([sound.size, sound.type]).toEqual([2, "audio/wav"]);
    expect(calls).toEqual([["/api/v1/tts", "POST", { text: "Hola", language: "es" }]]);
    const error = { error: { code: "no_engine_configured", message: "Nobody speaks." } };
    const refuses: FetchLike = async () => Response.json(error, { status: 404 });
    await expect(speak("Hola", "es", { signal, fetch: refuses })).rejects.toMatchObject(error.error);
    const breaks: FetchLike = async () =>
      new Response(new ReadableStream({ pull: (stream) => stream.error(new TypeError("network")) }));
    await expect(speak("Hola", "es", { signal, fetch: breaks })).rejects.toMatchObject({ code: "network" });
  });

  test("a recording is sent as a form, and its words come back", async () => {
    let sent: FormData | undefined;
    const fetch: FetchLike = async (_url, init) => {
      sent = init?.body as FormData;
      return Response.json({ ok: true, text: "  Hello there. ", provider: "groq" });
    };
    expect(await transcribe(new Blob(["sound"]), { signal, fetch })).toBe("Hello there.");
    expect(sent?.get("file")).toBeInstanceOf(File);
    const silent: FetchLike = async () => Response.json({ ok: true });
    expect(await transcribe(new Blob(["sound"]), { signal, fetch: silent })).toBe("");
  });

  test.each<[supported: string[], type: string | undefined]>([
    [["audio/webm;codecs=opus", "audio/mp4"], "audio/webm;codecs=opus"],
    [["audio/mp4"], "audio/mp4"],
    [[], undefined],
  ])("of %j, %s is recorded", (supported, type) => {
    expect(recordedType((one) => supported.includes(one))).toBe(type);
  });
});
