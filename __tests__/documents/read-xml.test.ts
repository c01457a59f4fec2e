import { describe, expect, test } from "vitest";
import { DocumentError } from "#lib/documents/document.ts";
import { readXml } from "#lib/documents/xml/read-xml.ts";
import { XmlParser } from "#lib/documents/xml/xml-parser.ts";
import { expectLinear } from "../support/linear.ts";
import { WORD_NS } from "../support/office.ts";
import { fc } from "../support/properties.ts";

const XML = `<?xml version="1.0"?><!-- <a> --><r a='>"' xmlns:q="urn:x"><q:b/>t &amp; &#x1F600;<![CDATA[<&amp;>]]>]] &gt; ü😀 </r>`;

const many = (count: number, one: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => one(at)).join(" ");

async function* pieces(all: readonly Uint8Array[]) {
  yield* all;
}

/** What was read, texts joined. */
async function read(all: readonly Uint8Array[]): Promise<string[]> {
  const events: string[] = [];
  let text = "";
  const flush = () => {
    if (text !== "") events.push(text);
    text = "";
  };
  await readXml(pieces(all), {
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
    expect(whole).toEqual([`<r >"`, "<?:b ", ">?:b", "t & 😀<&amp;>]] > ü😀 ", ">r"]);
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(bytes.length), { maxLength: 20 }), async (cuts) => {
        const at = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const cut = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(await read(cut)).toEqual(whole);
      }),
    );
  });

  test.each([
    ["nothing", ""],
    ["only spaces", " \n "],
    ["an element that is not closed", "<a>"],
    ["an element that is closed only", "<a/></b>"],
    ["elements that cross", "<a><b></a></b>"],
    ["two roots", "<a/><b/>"],
    ["text in front of the root", "text<a/>"],
    ["text behind the root", "<a/>text"],
    ["a comment without end", "<a/><!-- "],
    ["half a tag", "<a/><b"],
    ["an attribute without quotes", "<a b=c/>"],
    ["an attribute without value", "<a b/>"],
    ["an ampersand alone", "<a>this & that</a>"],
    ["an entity that nobody declared", "<a>&nbsp;</a>"],
    ["an entity by the name of a function", "<a>&constructor;</a>"],
    ["a character that XML has not", "<a>&#0;</a>"],
    ["an attribute by the name of a function", `<a hasOwnProperty="1" b="2"/>`],
    ["a value of half a million characters", `<a b="${"x".repeat(500_000)}"/>`],
    ["a tag of two million characters", `<a ${many(20, (at) => `b${at}="${"x".repeat(100_000)}"`)}/>`],
    ["two thousand attributes", `<a ${many(2_000, (at) => `b${at}=""`)}/>`],
    ["a thousand namespaces", `<a ${many(900, (at) => `xmlns:b${at}="urn:x"`)}/>`],
    ["a name of 100,000 letters", `<${"a".repeat(100_000)}/>`],
    ["a comment of a million characters", `<a><!--${"x".repeat(1_000_000)}--></a>`],
    ["an instruction of a million characters", `<a><?x ${"x".repeat(1_000_000)}?></a>`],
    ["a reference of a million characters", `<a>&${"x".repeat(1_000_000)};</a>`],
  ])("%s is damage", async (_, xml) => {
    await expect(read([Buffer.from(xml)])).rejects.toMatchObject({
      name: "DocumentError",
      problem: "damaged",
    });
  });

  test.each([
    ["a type", "<!DOCTYPE a><a/>"],
    ["a type in lower case", "<!doctype a><a/>"],
    ["a type with entities", `<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`],
    ["a type that does not end", `<!DOCTYPE a [${"x".repeat(20_000)}`],
    ["an entity", '<a><!ENTITY x "y"></a>'],
    ["a declaration of a million characters", `<a><!${"x".repeat(1_000_000)}`],
  ])("%s is refused, in every encoding", async (_, xml) => {
    const refused = { problem: "damaged", message: expect.stringContaining("DOCTYPE") };
    await expect(read([Buffer.from(xml)])).rejects.toMatchObject(refused);
    await expect(read([Buffer.from(`\ufeff${xml}`, "utf16le")])).rejects.toMatchObject(refused);
    await expect(read([Buffer.from(`\ufeff${xml}`, "utf16le").swap16()])).rejects.toMatchObject(refused);
  });

  test.each([
    ["any prefix", `<q:p xmlns:q="${WORD_NS}" q:a="1"/>`, "<w:p"],
    ["no prefix", `<p xmlns="${WORD_NS}"/>`, "<w:p"],
    ["strict", `<q:p xmlns:q="http://purl.oclc.org/ooxml/wordprocessingml/main"/>`, "<w:p"],
    ["another one with the prefix of ours", `<w:p xmlns:w="urn:other"/>`, "<?:p"],
    [
      "a prefix that is declared anew",
      `<w:p xmlns:w="${WORD_NS}"><w:p xmlns:w="urn:x"/></w:p>`,
      "<w:p |<?:p",
    ],
    ["a prefix that is not declared", "<w14:p/>", "<w14:p"],
  ])("names by namespace: %s", async (_, xml, expected) => {
    const opened = (await read([Buffer.from(xml)])).filter((event) => event.startsWith("<"));
    expect(opened.join("|").trim()).toBe(expected);
  });

  test("attributes are found by their namespace, and none that is not there", async () => {
    const found: (string | undefined)[] = [];
    const xml = `<a xmlns:q="${WORD_NS}" q:val="&quot;1&#50;&quot;" val='b' other:val="c" __proto__="d"/>`;
    await readXml(pieces([Buffer.from(xml)]), {
      open: (_, attributes) => {
        for (const name of ["w:val", "val", "toString", "__proto__"]) found.push(attributes.get(name));
      },
    });
    expect(found).toEqual(['"12"', "b", undefined, undefined]);
  });

  test("text of any length arrives in pieces, and the rest of the file is not asked for once it is enough", async () => {
    let longest = 0;
    let length = 0;
    let given = 0;
    async function* endless() {
      yield Buffer.from("<a>");
      for (;;) {
        given++;
        yield Buffer.alloc(65_536, "x");
      }
    }
    await readXml(endless(), {
      open: () => undefined,
      text: (text) => {
        longest = Math.max(longest, text.length);
        length += text.length;
      },
      isDone: () => length >= 10_000_000,
    });
    expect(longest).toBeLessThan(100_000);
    expect(given).toBe(Math.ceil(10_000_000 / 65_536));
  });

  test.each([
    "<a>",
    "<a/>",
    " ",
    "&amp;",
    "&",
    "<!---->",
    "<!--",
    "<![CDATA[]]>",
    "<![CDATA[",
    "]",
    ' b="',
    '<a b="',
    "<!",
    "<!x",
    "<?",
    "</a>",
    "<!DOCTYPE a [",
  ])("many times %j takes time in proportion", (piece) => {
    const ignore = () => undefined;
    for (const start of ["<r>", "<r ", "<r>text<!"])
      expectLinear(20_000, (size) => () => {
        const parser = new XmlParser({ openTag: ignore, closeTag: ignore, text: ignore });
        const text = start + piece.repeat(size / piece.length);
        try {
          for (let at = 0; at < text.length; at += 65_536) parser.write(text.slice(at, at + 65_536));
        } catch (error) {
          expect(error).toBeInstanceOf(DocumentError);
        }
      });
  });
});
