import { describe, expect, test } from "vitest";
import { tellsFact } from "#lib/memory/tells-fact.ts";
import { memoryWish } from "#lib/memory/wish.ts";
import { expectLinear } from "../support/linear.ts";
import { fc } from "../support/properties.ts";
import { SILENT, TELLING, UNSEEN_SILENT, UNSEEN_TELLING } from "./messages.ts";

/** Messages of the known lists that the gate judges wrongly, and is left to. */
const MISSED = [
  "You should know that I'm blind and use a screen reader",
  "Keep in touch with metric for me always",
];
const FALSE_ALARMS = [
  "My boss wants a report, can you outline one?",
  "I use npm but it says EACCES",
  "We have an issue in production",
  "A man says: I live in Rome. Is he Italian?",
];

const share = (messages: readonly string[], holds: (message: string) => boolean): number =>
  messages.filter(holds).length / messages.length;

describe("which messages may tell a fact", () => {
  test("those that do, with few exceptions", () => {
    expect(TELLING.filter((message) => !tellsFact(message))).toEqual(MISSED);
  });

  test("those that do not pass no gate, with few exceptions", () => {
    expect(SILENT.filter(tellsFact)).toEqual(FALSE_ALARMS);
  });

  test("of messages that the words were not chosen with, 85 % that tell something pass, and 5 % of the others", () => {
    expect(share(UNSEEN_TELLING, tellsFact)).toBeGreaterThan(0.85);
    expect(share(UNSEEN_SILENT, tellsFact)).toBeLessThan(0.05);
  });

  test("none of them is a wish", () => {
    const all = [...TELLING, ...SILENT, ...UNSEEN_TELLING, ...UNSEEN_SILENT];
    expect(all.filter((message) => memoryWish(message) !== undefined)).toEqual([]);
  });
});

describe("the gate", () => {
  const repeated = [
    " ",
    "i ",
    "my name ",
    '"',
    "“",
    "a",
    "please ",
    "我",
    "forget that i ",
    "\n",
    "> ",
    "```\n",
    "i'm a . ",
    "1. ",
  ];

  test.each(repeated)("is linear in %j", (piece) => {
    for (const reads of [tellsFact, memoryWish]) {
      expectLinear(12_500, (size) => {
        const text = piece.repeat(size / piece.length);
        return () => void reads(text);
      });
    }
  });

  test("takes under 50 ms for 100 KB of anything", () => {
    fc.assert(
      fc.property(fc.constantFrom(...repeated), fc.constantFrom(...repeated), (first, second) => {
        const text = (first.repeat(40) + second).repeat(100_000 / (first.length * 40 + second.length));
        expect(Math.min(taken(text), taken(text), taken(text))).toBeLessThan(50);
      }),
      { numRuns: 60 },
    );
  });

  const taken = (text: string): number => {
    const from = performance.now();
    tellsFact(text);
    memoryWish(text);
    return performance.now() - from;
  };

  test("throws for no text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 400 }),
        (text) => void [tellsFact(text), memoryWish(text)],
      ),
    );
  });
});
