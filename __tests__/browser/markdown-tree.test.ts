import { Lexer } from "marked";
import { describe, expect, test } from "vitest";
import { blocksOf } from "#lib/browser/markdown/from-tokens.ts";
import { createMarkdownStream } from "#lib/browser/markdown/markdown-stream.ts";
import { outlineOf } from "#lib/browser/markdown/outline.ts";
import { normalise, parseMarkdown } from "#lib/browser/markdown/parse.ts";
import { finishedSegments } from "#lib/browser/markdown/segments.ts";
import { takeJoints } from "#lib/browser/markdown/take-joints.ts";
import { fc } from "../support/properties.ts";
import { MARKDOWN_PIECES, markdownTexts } from "./markdown-texts.ts";

const text = (words: string) => ({ kind: "text", text: words });
const paragraph = (...children: unknown[]) => ({ kind: "paragraph", children });

describe("the tree of a text", () => {
  test.each<[name: string, source: string, tree: unknown[]]>([
    [
      "emphasis",
      "a *b* **c** ~~d~~ `e`",
      [
        paragraph(
          text("a "),
          { kind: "emphasis", children: [text("b")] },
          text(" "),
          { kind: "strong", children: [text("c")] },
          text(" "),
          { kind: "strike", children: [text("d")] },
          text(" "),
          { kind: "code", text: "e" },
        ),
      ],
    ],
    [
      "a fence with its language",
      "```ts title=x\nlet a = 1;\n```",
      [{ kind: "code", language: "ts", text: "let a = 1;", joints: [] }],
    ],
    [
      "tasks",
      "- [x] a\n- [ ] b",
      [
        {
          kind: "list",
          ordered: false,
          start: 1,
          tight: true,
          items: [
            { checked: true, children: [paragraph(text("a"))] },
            { checked: false, children: [paragraph(text("b"))] },
          ],
        },
      ],
    ],
    [
      "a table",
      "|a|b|\n|:-|-:|\n|1|2|",
      [
        {
          kind: "table",
          head: [
            { align: "left", children: [text("a")] },
            { align: "right", children: [text("b")] },
          ],
          rows: [
            [
              { align: "left", children: [text("1")] },
              { align: "right", children: [text("2")] },
            ],
          ],
        },
      ],
    ],
    [
      "a setext heading and a rule",
      "a\n===\n\n---",
      [{ kind: "heading", level: 1, children: [text("a")] }, { kind: "rule" }],
    ],
    [
      "a link by a label that is defined later",
      "[a][b]\n\n[b]: https://x.example",
      [paragraph({ kind: "link", href: "https://x.example/", host: undefined, children: [text("a")] })],
    ],
    [
      "entities as characters, once",
      "&amp;lt; &#x41; &#0; `&amp;`",
      [paragraph(text("&lt; A \ufffd "), { kind: "code", text: "&amp;" })],
    ],
    [
      "markup as words, a line break as one",
      "a<br>b <b>c</b>",
      [paragraph(text("a"), { kind: "break" }, text("b <b>c</b>"))],
    ],
    ["a block of markup", "<script>alert(1)</script>", [paragraph(text("<script>alert(1)</script>"))]],
    ["CRLF and CR", "a\r\nb\r\rc", [paragraph(text("a\nb")), paragraph(text("c"))]],
  ])("%s", (_, source, tree) => {
    expect(parseMarkdown(source)).toEqual(tree);
  });

  test("is marked's tree, though it is parsed segment by segment", () => {
    fc.assert(
      fc.property(markdownTexts, (source) => {
        const lexer = new Lexer({ gfm: true });
        expect(parseMarkdown(source)).toEqual(blocksOf(lexer.lex(normalise(source)), undefined));
      }),
      { numRuns: 400 },
    );
  });

  test("headings have the ids that GitHub gives them", () => {
    const ids = outlineOf(parseMarkdown("# A `b` & c!\n\n## Über uns\n\n## Über uns\n")).map(({ id }) => id);
    expect(ids).toEqual(["a-b--c", "über-uns", "über-uns-1"]);
  });

  test("a page says what its links stand for", () => {
    const blocks = parseMarkdown("[a](B.md#c) ![d](images/e.png)", (address) => `/docs/${address}`);
    expect(blocks).toEqual([
      paragraph({ kind: "link", href: "/docs/B.md#c", host: undefined, children: [text("a")] }, text(" "), {
        kind: "image",
        src: "/docs/images/e.png",
        alt: "d",
      }),
    ]);
  });
});

describe("a text that grows", () => {
  /** Feeds the text in pieces of these lengths, as often as needed. */
  function grow(source: string, lengths: readonly number[], joints: readonly number[] = []) {
    const stream = createMarkdownStream();
    let at = 0;
    for (let step = 0; at < source.length; step++) {
      at += lengths[step % lengths.length] ?? 1;
      stream.update(source.slice(0, at), joints);
    }
    return stream;
  }
  const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 });

  test("is in the end the tree of the whole text, wherever it was cut", () => {
    fc.assert(
      fc.property(markdownTexts, lengths, (source, steps) => {
        expect(grow(source, steps).finish(source)).toEqual(parseMarkdown(source));
      }),
      { numRuns: 400 },
    );
  });

  test("holds no surprise at its end: what is settled is the beginning of the whole tree", () => {
    fc.assert(
      fc.property(markdownTexts, lengths, (source, steps) => {
        fc.pre(!source.includes("]:"));
        const finished = finishedSegments(normalise(source));
        const settled = finished.flatMap((segment) => parseMarkdown(segment));
        expect(parseMarkdown(source).slice(0, settled.length)).toEqual(settled);
        const growing = grow(source, steps).update(source);
        expect(growing.slice(0, settled.length)).toEqual(settled);
      }),
      { numRuns: 400 },
    );
  });

  test("blocks that did not change stay the same objects", () => {
    const stream = createMarkdownStream();
    const source = "# a\n\n- b\n- c\n\n```js\nlet d;\n```\n\ne **f";
    const before = stream.update(source);
    const after = stream.update(`${source} g`);
    expect(after.slice(0, -1).every((block, index) => block === before[index])).toBe(true);
    const finished = stream.finish(`${source} g**`);
    expect(finished.slice(0, -1).every((block, index) => block === before[index])).toBe(true);
    expect(stream.finish(`${source} g**`)).toBe(finished);
    expect(stream.update(`${source} g**`)).toBe(finished);
  });

  test("items of a long list stay the same objects while it grows", () => {
    const stream = createMarkdownStream();
    const list = (blocks: ReturnType<typeof stream.update>) =>
      blocks[0]?.kind === "list" ? blocks[0].items : [];
    const before = list(stream.update("- a\n- b\n- c"));
    const after = list(stream.update("- a\n- b\n- c\n- d"));
    expect(after[0]).toBe(before[0]);
    expect(after).toHaveLength(4);
  });

  test("its unfinished syntax is closed", () => {
    const stream = createMarkdownStream();
    expect(stream.update("a **b")).toEqual([
      paragraph(text("a "), { kind: "strong", children: [text("b")] }),
    ]);
    expect(stream.update("a **b** [c](https://x.ex")).toEqual([
      paragraph(text("a "), { kind: "strong", children: [text("b")] }, text(" c")),
    ]);
  });

  test("an open fence grows by its text alone, and ends where it ends", () => {
    const source = "```py\na = 1\n\n# b\n\n``\n~~~\n  ```` \nc\n";
    for (let step = 1; step < 9; step++) {
      const stream = createMarkdownStream();
      for (let at = step; at < source.length; at += step) {
        const [code] = stream.update(source.slice(0, at));
        const [expected] = parseMarkdown(source.slice(0, at));
        if (code?.kind !== "code" || expected?.kind !== "code") continue;
        // The blank at an unfinished end is cut off.
        expect(code.text.trimEnd()).toBe(expected.text.trimEnd());
      }
      expect(stream.finish(source)).toEqual(parseMarkdown(source));
    }
  });

  test("another text begins anew", () => {
    const stream = createMarkdownStream();
    stream.update("a\n\nb\n\nc");
    expect(stream.update("x")).toEqual([paragraph(text("x"))]);
    stream.finish("x");
    expect(stream.finish("x\n\ny")).toEqual(parseMarkdown("x\n\ny"));
  });
});

describe("where another engine took over", () => {
  test.each<[source: string, offset: number, tree: unknown[]]>([
    ["one two", 4, [paragraph(text("one"), { kind: "joint" }, text(" two"))]],
    [
      "a **bold** c",
      6,
      [
        paragraph(
          text("a "),
          { kind: "strong", children: [text("bo"), { kind: "joint" }, text("ld")] },
          text(" c"),
        ),
      ],
    ],
    ["```js\nlet a;\n```", 9, [{ kind: "code", language: "js", text: "let a;", joints: [3] }]],
    [
      "- [x] a",
      4,
      [
        paragraph({ kind: "joint" }),
        {
          kind: "list",
          ordered: false,
          start: 1,
          tight: true,
          items: [{ checked: true, children: [paragraph(text("a"))] }],
        },
      ],
    ],
    ["a &amp; b", 5, [paragraph({ kind: "joint" }), paragraph(text("a & b"))]],
    ["a\ufdd0b", 0, [paragraph(text("ab"))]],
  ])("%j at %i", (source, offset, tree) => {
    expect(createMarkdownStream().finish(source, [offset])).toEqual(tree);
  });

  test("never changes what the text means, and is never lost", () => {
    const offsets = fc.array(fc.nat({ max: 300 }), { maxLength: 3 });
    fc.assert(
      fc.property(markdownTexts, offsets, (source, picked) => {
        const joints = picked.map((at) => 1 + (at % Math.max(1, source.length))).toSorted((a, b) => a - b);
        const { blocks, joints: found } = takeJoints(createMarkdownStream().finish(source, joints));
        const isEmpty = (block: (typeof blocks)[number]) =>
          block.kind === "paragraph" && block.children.length === 0;
        expect(blocks.filter((block) => !isEmpty(block))).toEqual(parseMarkdown(source));
        expect(found).toBe(source === "" ? 0 : joints.length);
      }),
      { numRuns: 400 },
    );
  });

  test("the pieces cover all kinds of blocks", () => {
    const kinds = new Set(MARKDOWN_PIECES.flatMap((piece) => parseMarkdown(piece)).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(["code", "heading", "list", "paragraph", "quote", "rule", "table"]);
  });
});
