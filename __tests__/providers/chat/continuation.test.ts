import { describe, expect, test } from "vitest";
import { assistantText } from "#lib/chat/assistant-parts.ts";
import { continueRequest, outputLimitReached } from "#lib/providers/chat/continuation.ts";
import { ContinuationTrimmer } from "#lib/providers/chat/continuation-trimmer.ts";
import { FoldedText } from "#lib/providers/chat/folded-text.ts";
import { Joint } from "#lib/providers/chat/joint.ts";
import type { ContinuationStrategy } from "#lib/providers/protocols/protocol.ts";
import { aRequest } from "../../support/engines.ts";
import { fc } from "../../support/properties.ts";

/**
 * What a client has read in the end: what was sent, and what a continuation in these pieces adds. Undefined:
 * the engine wrote another answer.
 */
function joined(
  sent: string,
  pieces: readonly string[],
  strategy: ContinuationStrategy = "instructed",
): string | undefined {
  const trimmer = strategy === "instructed" ? new Joint(sent) : new ContinuationTrimmer(sent, strategy);
  let text = sent;
  for (const piece of pieces) {
    const trimmed = trimmer.push(piece);
    if (trimmed.kind === "diverged") return undefined;
    text += trimmed.text;
  }
  const rest = trimmer.end();
  return rest.kind === "diverged" ? undefined : text + rest.text;
}

/** The text in pieces that end at these places. */
function split(text: string, places: readonly number[]): string[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...ends, text.length].map((end, index) => text.slice(index === 0 ? 0 : ends[index - 1], end));
}

function longestOverlap(sent: string, text: string): number {
  for (let length = Math.min(sent.length, text.length); length > 0; length--) {
    if (sent.endsWith(text.slice(0, length))) return length;
  }
  return 0;
}

/** The text as it is compared. */
function folded(text: string): string {
  return new FoldedText(text).folded;
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < Math.min(a.length, b.length) && a[length] === b[length]) length++;
  return length;
}

const words = fc
  .array(
    fc.constantFrom(
      "the",
      "ship",
      "a",
      "{",
      "}",
      "\n",
      "\n\n",
      "    ",
      " ",
      "ha",
      "ha",
      "2,",
      "👩‍👧",
      "ż",
      "midnight",
    ),
    {
      maxLength: 60,
    },
  )
  .map((parts) => parts.join(" "));
const anyText = fc.oneof(
  words,
  fc.string({ unit: "binary", maxLength: 80 }),
  fc.string({ unit: fc.constantFrom("a", "b", " ", "\n"), maxLength: 40 }),
);
const places = fc.array(fc.nat(500), { maxLength: 30 });
const strategies = fc.constantFrom<ContinuationStrategy>("instructed", "prefill", "echoedPrefill");
const runs = { numRuns: 2_000 };

/** An answer, and where it was cut: something was sent. */
const cutAnswer = fc
  .tuple(anyText, fc.nat(500))
  .filter(([answer]) => answer.length > 0)
  .map(([answer, at]) => ({ answer, sent: answer.slice(0, (at % answer.length) + 1) }));

describe("a continued answer is the answer", () => {
  test("when the engine starts over", () => {
    fc.assert(
      fc.property(cutAnswer, places, strategies, ({ answer, sent }, cuts, strategy) => {
        // What an engine that was prefilled writes first is its own, unless it is much of what was sent.
        fc.pre(strategy !== "prefill" || sent.length >= 40);
        expect(joined(sent, split(answer, cuts), strategy)).toBe(answer);
      }),
      runs,
    );
  });

  test("when the engine repeats the last words", () => {
    fc.assert(
      fc.property(cutAnswer, places, fc.nat(200), strategies, ({ answer, sent }, cuts, extra, strategy) => {
        const least = strategy === "instructed" ? 12 : 40;
        const repeated = sent.slice(-(least + extra));
        const told = repeated + answer.slice(sent.length);
        fc.pre(repeated.length >= least);
        // A text that repeats itself can be joined in more than one way, also one that does so as it is compared.
        fc.pre(longestOverlap(sent, told) === repeated.length);
        fc.pre(
          strategy !== "instructed" || longestOverlap(folded(sent), folded(told)) === folded(repeated).length,
        );
        // While only white space was sent, the engine gets the request itself, and so starts over.
        fc.pre(strategy !== "instructed" || folded(sent) !== "");
        expect(joined(sent, split(told, cuts), strategy)).toBe(answer);
      }),
      runs,
    );
  });

  test("when the engine goes on", () => {
    fc.assert(
      fc.property(cutAnswer, places, strategies, ({ answer, sent }, cuts, strategy) => {
        // A prefill is sent without the white space at its end: the engine writes that, too.
        const from = strategy !== "instructed" && sent.trim() !== "" ? sent.trimEnd().length : sent.length;
        const told = answer.slice(from);
        // While only white space was sent, the engine gets the request itself, and so starts over.
        fc.pre(strategy !== "instructed" || folded(sent) !== "");
        // By chance it may read like a repetition.
        fc.pre(longestOverlap(sent, told) < 6 || strategy !== "instructed");
        fc.pre(longestOverlap(folded(sent), folded(told)) < 6 || strategy !== "instructed");
        // No engine writes half a character.
        fc.pre(
          strategy !== "instructed" ||
            !/^[\ud800-\udfff]/.test(told) ||
            /^[\ud800-\udbff][\udc00-\udfff]/.test(told),
        );
        fc.pre(longestOverlap(sent, told) < 12 || longestOverlap(sent, told) === sent.length - from);
        fc.pre(commonPrefix(sent, told) < Math.min(24, sent.trimEnd().length || 1));
        const lastWord = /([\p{L}\p{N}]+)\s*$/u.exec(sent)?.[1];
        fc.pre(strategy !== "instructed" || lastWord === undefined || !told.startsWith(lastWord));
        fc.pre(strategy !== "instructed" || !told.includes(sent.slice(0, 32)));
        fc.pre(strategy !== "instructed" || !told.includes(sent.slice(-16)));
        fc.pre(strategy !== "instructed" || !folded(told).includes(folded(sent).slice(-16)));
        fc.pre(strategy !== "instructed" || !folded(told).includes(folded(sent).slice(0, 32)));
        expect(joined(sent, split(told, cuts), strategy)).toBe(answer);
      }),
      runs,
    );
  });

  test("and the result does not depend on how the text is split into pieces", () => {
    fc.assert(
      fc.property(
        cutAnswer,
        anyText,
        fc.nat(100),
        places,
        strategies,
        ({ sent }, other, kept, cuts, strategy) => {
          // Something like the beginning or the end of what was sent, and then something else.
          for (const told of [sent.slice(0, kept) + other, sent.slice(-kept) + other, other]) {
            expect(joined(sent, split(told, cuts), strategy)).toBe(joined(sent, [told], strategy));
          }
        },
      ),
      runs,
    );
  });

  test("and nothing that was sent is ever taken back", () => {
    fc.assert(
      fc.property(cutAnswer, anyText, places, ({ sent }, other, cuts) => {
        const text = joined(sent, split(other, cuts));
        expect(text?.startsWith(sent) ?? true).toBe(true);
      }),
      runs,
    );
  });
});

describe("the trimmer", () => {
  test("keeps a short end that happens to look like what was sent", () => {
    expect(joined("if (a) { if (b) { c(); } }", [" }"])).toBe("if (a) { if (b) { c(); } } }");
    expect(joined("Ha ha", [" ha"])).toBe("Ha ha ha");
  });

  test("keeps the indentation when the cut is inside it", () => {
    expect(joined("def f():\n    ", ["    return 1"])).toBe("def f():\n        return 1");
  });

  test("drops the white space that a prefill left out", () => {
    expect(joined("One.\n\n", ["\n\n", "Two."], "prefill")).toBe("One.\n\nTwo.");
    expect(joined("One. ", [" Two."], "prefill")).toBe("One. Two.");
    expect(joined("One.\n\n", ["Two."], "prefill")).toBe("One.\n\nTwo.");
  });

  test("stops reading an engine that begins another answer", () => {
    const sent = "The capital of Poland is Warsaw, which lies on the Vistula";
    expect(joined(sent, ["The capital of Poland is ", "Kraków."])).toBeUndefined();
    expect(joined(sent, ["The capital of Poland is Warsaw."])).toBeUndefined();
    expect(joined(sent, ["The capital of Poland is Warsaw"])).toBeUndefined();
  });

  test("drops a complete answer that only says again what was sent", () => {
    expect(joined("It is 42.\n", ["It is ", "42."], "echoedPrefill")).toBe("It is 42.\n");
    expect(joined("The answer to it all is 42.", ["it all is 42."])).toBe("The answer to it all is 42.");
  });

  const sentence = "Paris is the capital of France. It has many museums";
  test.each([
    [
      "starts over behind a preamble",
      sentence,
      `Sure, here is the continuation:\n\n${sentence} and cafes.`,
      " and cafes.",
    ],
    [
      "repeats its end behind a preamble",
      sentence,
      "Of course. It has many museums and cafes.",
      " and cafes.",
    ],
    [
      "starts over behind a preamble after few words",
      "Paris is the",
      "Sure! Paris is the capital.",
      " capital.",
    ],
    ["says the last word again", "The capital is Paris", "Paris, of course.", ", of course."],
    ["says the word that was cut again", "The capital is Par", "Paris, of course.", "is, of course."],
    ["says the last word again behind a space", "I have never ", "never seen it.", "seen it."],
    ["goes on", sentence, " and cafes.", " and cafes."],
  ])("joins an engine that was asked to go on and %s", (_, sent, told, fresh) => {
    expect(joined(sent, [told])).toBe(sent + fresh);
    expect(joined(sent, [...told])).toBe(sent + fresh);
  });

  test("does not take a rule of dashes for a preamble's end", () => {
    const rule = "-".repeat(40);
    expect(joined(`| a |\n${rule}`, [`\n| 1 |\n${rule}\n| 2 |`])).toBe(
      `| a |\n${rule}\n| 1 |\n${rule}\n| 2 |`,
    );
  });

  test.each([
    ["1", "1 is prime", "11 is prime"],
    ["ha", "haha!", "hahaha!"],
    ["------------", "------------", "------------------------"],
  ])("takes nothing from an engine that was prefilled with %s", (sent, told, text) => {
    expect(joined(sent, [told], "prefill")).toBe(text);
  });

  test("compares a restarted answer in linear time", () => {
    const sent = "word ".repeat(40_000);
    const startedAt = performance.now();
    const pieces = Array.from({ length: 40_000 }, () => "word ");
    expect(joined(sent, [...pieces, "end"])).toBe(`${sent}end`);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe("the request that continues an answer", () => {
  const request = aRequest();

  test("is the request itself while nothing was sent", () => {
    expect(continueRequest(request, "", "prefill")).toBe(request);
    expect(continueRequest(request, " \n", "prefill")).toBe(request);
  });

  test("ends in a prefill without white space at its end", () => {
    expect(continueRequest(request, "Once upon \n", "prefill").messages.at(-1)).toEqual(
      assistantText("Once upon"),
    );
  });

  test("or asks to go on after what was sent", () => {
    const { messages } = continueRequest(request, "Once upon ", "instructed");
    expect(messages.at(-2)).toEqual(assistantText("Once upon "));
    expect(messages.at(-1)?.role).toBe("user");
    expect(request.messages.length).toBe(1);
  });

  test("requests no more than what remains of the client's token limit", () => {
    const bounded = aRequest({ maxOutputTokens: 100 });
    const sent = "word ".repeat(40);
    expect(continueRequest(bounded, sent, "prefill").maxOutputTokens).toBe(50);
    // What it is asked to repeat is not shown, so it does not count: 40 characters.
    expect(continueRequest(bounded, sent, "instructed").maxOutputTokens).toBe(60);
    expect(outputLimitReached(bounded, sent)).toBe(false);
    expect(outputLimitReached(bounded, sent + sent)).toBe(true);
    expect(outputLimitReached(aRequest(), sent)).toBe(false);
  });
});
