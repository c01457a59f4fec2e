import { describe, expect, test } from "vitest";
import { InputRestorer } from "#lib/providers/protocols/input-restorer.ts";
import { fc } from "../../support/properties.ts";

function restored(pieces: readonly string[]): { text: string; early: string } {
  const restorer = new InputRestorer();
  const early = pieces.map((piece) => restorer.push(piece)).join("");
  return { text: early + restorer.end(), early };
}

/** A text, cut anywhere, even within an escape or a character. */
const cut = (json: fc.Arbitrary<string>): fc.Arbitrary<string[]> =>
  fc.tuple(json, fc.array(fc.nat(60), { maxLength: 8 })).map(([text, cuts]) => {
    const at = [0, ...cuts.map((one) => Math.min(one, text.length)).sort((a, b) => a - b), text.length];
    return at.slice(1).map((end, index) => text.slice(at[index], end));
  });
const anyText = fc.string({ unit: "grapheme", maxLength: 20 });

/** JSON with every character written as an escape. */
const escaped = (text: string): string =>
  [...Array(text.length).keys()]
    .map((index) => `\\u${text.charCodeAt(index).toString(16).padStart(4, "0")}`)
    .join("");

describe("the input of a wrapped custom tool", () => {
  test("is the text, in whatever pieces, and told while it comes", () => {
    const json = anyText.map((text) => ({ text, json: JSON.stringify({ input: text }) }));
    fc.assert(
      fc.property(json, ({ text, json: whole }) => {
        for (const pieces of [[whole], [...whole], whole.split(/(?<=\\)/)]) {
          expect(restored(pieces)).toEqual({ text, early: text });
        }
      }),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        expect(restored([...`{ "input":\n"${escaped(text)}" }`]).text).toBe(text);
      }),
    );
    fc.assert(
      fc.property(cut(anyText.map((text) => JSON.stringify({ input: text }))), (pieces) => {
        expect(restored(pieces).text).toBe((JSON.parse(pieces.join("")) as { input: string }).input);
      }),
    );
  });

  test.each([
    ["bare text", ["ls ", "-l"], "ls -l"],
    ["bare text that begins like an object", ['{ "in', "side: 1 }"], '{ "inside: 1 }'],
    ["a bare JSON text", ['"l', 's"'], "ls"],
    ["another field", ['{"patch":', '"x"}'], "x"],
    ["the field behind others", ['{"note":1,"input":"x"}'], "x"],
    ["several texts, none of them the input", ['{"a":"x","b":"y"}'], '{"a":"x","b":"y"}'],
    ["an input that is no text", ['{"input":{"a":1}}'], '{"input":{"a":1}}'],
    ["nothing", [], ""],
    ["an empty object", ["{", "}"], ""],
    ["a text that breaks off", ['{"input":"ab\\u00'], "ab"],
    ["half a character", ['{"input":"a\\ud83d'], "a"],
    ["escapes that JSON has not", ['{"input":"\\x\\ug"}'], "xug"],
    ["more behind the end", ['{"input":"a"}', '{"input":"b"}'], "a"],
  ])("%s", (_what, pieces, text) => {
    expect(restored(pieces).text).toBe(text);
  });
});
