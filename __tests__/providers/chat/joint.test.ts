import { describe, expect, test } from "vitest";
import { Joint } from "#lib/providers/chat/joint.ts";
import { fc } from "../../support/properties.ts";
import { JOINT_ENGINES, SEAMS, type Seam } from "../../support/seams.ts";

function joined(sent: string, pieces: readonly string[]): string | undefined {
  const joint = new Joint(sent);
  let text = sent;
  for (const piece of pieces) {
    const trimmed = joint.push(piece);
    if (trimmed.kind === "diverged") return undefined;
    text += trimmed.text;
  }
  const rest = joint.end();
  return rest.kind === "diverged" ? undefined : text + rest.text;
}

/** Whole, unit by unit, and in two at every place. */
function chunkings(text: string): string[][] {
  const inTwo = Array.from({ length: text.length }, (_, at) => [text.slice(0, at), text.slice(at)]);
  return [[text], text.split(""), ...inTwo];
}

describe.each(JOINT_ENGINES)("the joint with an engine that $name", ({ except, tells }) => {
  test.each(SEAMS.filter(({ name }) => except?.test(name) !== true))("$name", (seam) => {
    for (const pieces of chunkings(tells(seam)))
      expect(joined(seam.sent, pieces)).toBe(seam.sent + seam.rest);
  });
});

const word = fc.oneof(
  fc.constantFrom(
    "the",
    "ship",
    "midnight",
    "{",
    "}",
    "|",
    "=>",
    "- ",
    "1. ",
    "`code`",
    "**bold**",
    "“quoted”",
  ),
  fc.constantFrom(
    "灯塔看守人",
    "船を数え",
    "등대지기는",
    "السفن",
    "שומר",
    "👩‍👧‍👦",
    "🇵🇱",
    "👋🏽",
    "cafe\u0301",
    "Błyskawica",
  ),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 }),
);
const space = fc.constantFrom(" ", " ", " ", "\n", "\n\n", "\n    ", "\n\t", "  ", "\r\n");
const answers = fc
  .array(fc.tuple(word, space), { minLength: 4, maxLength: 60 })
  .map((parts) => parts.map(([text, gap], index) => `${text}${index}${gap}`).join(""));

describe("a joint at any place of any text", () => {
  test.each(JOINT_ENGINES.filter(({ name }) => !/quotes|guillemets|ellipsis|escapes|case|anew$/.test(name)))(
    "with an engine that $name",
    ({ tells }) => {
      fc.assert(
        fc.property(answers, fc.nat(), fc.array(fc.nat(900), { maxLength: 20 }), (answer, place, places) => {
          const at = 1 + (place % (answer.length - 1));
          const seam: Seam = { name: "", sent: answer.slice(0, at), rest: answer.slice(at) };
          // Of few words, and of marks alone, a repetition cannot be told from a coincidence.
          fc.pre((seam.sent.slice(-20).match(/[\p{L}\p{N}]/gu) ?? []).length >= 12);
          const told = tells(seam);
          fc.pre(told !== seam.rest || !startsLikeItsEnd(seam));
          const ends = [...new Set(places.map((one) => one % (told.length + 1)))].sort((a, b) => a - b);
          const pieces = [...ends, told.length].map((end, index) =>
            told.slice(index === 0 ? 0 : ends[index - 1], end),
          );
          expect(joined(seam.sent, pieces)).toBe(answer);
        }),
        { numRuns: 400 },
      );
    },
  );
});

/** What is missing begins like the end of what was sent. */
function startsLikeItsEnd({ sent, rest }: Seam): boolean {
  const end = /[\p{L}\p{N}]+\s*$/u.exec(sent)?.[0] ?? "";
  return end !== "" && rest.startsWith(end.trimEnd());
}

describe("an engine that does not continue the answer", () => {
  const sent = "The lighthouse keeper counted eleven ships before midnight, wrote each name into the ledger";

  test.each([
    [
      "begins the answer anew and then says something else",
      "The lighthouse keeper counted nine boats and slept.",
    ],
    [
      "begins it anew, wrapped otherwise, and then says something else",
      "The lighthouse\nkeeper counted\nnine boats and slept.",
    ],
    [
      "begins it anew behind a preamble",
      "Sure, continuing:\n\nThe lighthouse keeper counted eleven ships and no more of them that night, since fog came.",
    ],
    ["ends before what was sent does", "The lighthouse keeper counted eleven ships."],
  ])("has diverged when it %s", (_, told) => {
    for (const pieces of chunkings(told)) expect(joined(sent, pieces)).toBeUndefined();
  });

  test("is passed on when it says something else from the start", () => {
    const told = " and then a fog came in from the sea.";
    expect(joined(sent, [told])).toBe(sent + told);
  });

  test("loses only the line in which it speaks of continuing", () => {
    expect(joined(sent, ["Sure, here is the rest of my answer:\n\n", ", and slept."])).toBe(
      `${sent}, and slept.`,
    );
  });
});

describe("an engine that is cut off itself", () => {
  const sent = "The lighthouse keeper counted eleven ships before midnight, wrote each name into the ledger";

  test.each([
    ["in the words that it was to repeat", "midnight, wrote ea", ""],
    ["as it starts over", "The lighthouse keeper cou", ""],
    [
      "behind the words that it was to repeat",
      "midnight, wrote each name into the ledger and sle",
      " and sle",
    ],
    ["in words of its own", " and went to sl", " and went to sl"],
  ])("%s", (_, told, fresh) => {
    const joint = new Joint(sent);
    const pushed = joint.push(told);
    const rest = joint.end(true);
    expect([pushed, rest].map((one) => (one.kind === "new" ? one.text : one.kind)).join("")).toBe(fresh);
  });
});
