import { describe, expect, test } from "vitest";
import { readXml } from "#lib/documents/xml/read-xml.ts";
import { XmlTokens } from "#lib/documents/xml/xml-tokens.ts";
import { expectLinear } from "../support/linear.ts";
import { fc } from "../support/properties.ts";

const XML = `<?xml version="1.0"?><!-- <a> --><r a='>"' xmlns:q="urn:x"><q:b/>t &amp; &#x1F600;<![CDATA[<&amp;>]]>]] &gt; ü😀 </r>`;

/** What was read, texts joined. */
async function read(pieces: readonly Uint8Array[]): Promise<string[]> {
  const events: string[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") events.push(text);
    text = "";
  };
  async function* chunks() {
    yield* pieces;
  }
  await readXml(chunks(), {
    open(name, attributes) {
      flush();
      events.push(`<${name} ${attributes.get("a") ?? ""}`);
    },
    text(piece) {
      text += piece;
    },
    close(name) {
      flush();
      events.push(`>${name}`);
    },
  });
  return events;
}

describe("XML in pieces", () => {
  test("reads the same wherever it is cut", async () => {
    const bytes = new TextEncoder().encode(XML);
    const whole = await read([bytes]);
    expect(whole).toEqual([`<r >"`, "<q:b ", ">q:b", "t & 😀<&amp;>]] > ü😀 ", ">r"]);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 20 }), async (cuts) => {
        const at = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(await read(pieces)).toEqual(whole);
      }),
    );
  });

  test.each([
    ["nothing", ""],
    ["an element that is not closed", "<a>"],
    ["elements that cross", "<a><b></a></b>"],
    ["a comment without end", "<a/><!-- "],
    ["half a tag", "<a/><b"],
    ["a type", "<!DOCTYPE a><a/>"],
    ["a type in lower case", "<!doctype a><a/>"],
    ["an entity", '<a><!ENTITY x "y"></a>'],
  ])("%s is damage", async (_, xml) => {
    await expect(read([new TextEncoder().encode(xml)])).rejects.toMatchObject({ problem: "damaged" });
  });

  test.each(["<a>", " ", "&", "&amp;", "<!---->", "<![CDATA[]]>", "]", '<a b="'])(
    "many times %j takes time in proportion",
    (piece) => {
      const ignore = () => undefined;
      expectLinear(20_000, (size) => () => {
        const tokens = new XmlTokens({ openTag: ignore, closeTag: ignore, text: ignore });
        const text = piece.repeat(size / piece.length);
        for (let at = 0; at < text.length; at += 65_536) tokens.add(text.slice(at, at + 65_536));
      });
    },
  );
});
