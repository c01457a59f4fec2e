import { tests } from "commonmark-spec";
import { decodeHTML } from "entities";
import { marked } from "marked";
import { describe, expect, test } from "vitest";
import { readMarkdown } from "#lib/export/markdown/read-markdown.ts";
import type { Block } from "#lib/export/markdown/tree.ts";
import github from "../../fixtures/markdown/gfm-0.29.json" with { type: "json" };
import { drawn, exported, readBack, squeezed } from "../../support/pdf-export.ts";

/** Malayalam and Kannada: scripts of one example for which no font is installed. */
const UNKNOWN = /[\u0c80-\u0cff\u0d00-\u0d7f]/;

/** The words of HTML, without those of its tags and of what a browser does not show. */
function wordsOf(html: string): string[] {
  const text = html.replace(/<!--[\s\S]*?-->|<[!?/]?[a-z][^>]*>/gi, " ");
  return decodeHTML(text).match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Between two examples. */
const DIVIDER = "\u00a7\u00a7\u00a7";

/** The examples that lost words in one document of them all, and the words. */
async function losses(examples: readonly string[]): Promise<Record<string, string[]>> {
  const divider: Block = { kind: "paragraph", children: [{ kind: "text", text: DIVIDER }] };
  const { bytes } = await drawn(examples.flatMap((markdown) => [...readMarkdown(markdown), divider]));
  const { pages } = await readBack(bytes);
  const texts = pages.map(squeezed).join("").split(DIVIDER);
  const lost: Record<string, string[]> = {};
  for (const [index, markdown] of examples.entries()) {
    const words = wordsOf(await marked.parse(markdown)).filter((word) => !UNKNOWN.test(word));
    const missing = words.filter((word) => !texts[index]?.includes(word));
    if (missing.length > 0) lost[markdown] = missing;
  }
  return lost;
}

describe("no word of an example is lost on its way into a PDF", () => {
  const sections = Object.groupBy(tests, ({ section }) => section);
  test.each(Object.entries(sections))(
    "CommonMark: %s",
    async (_section, examples = []) => {
      expect(await losses(examples.map(({ markdown }) => markdown.replaceAll("→", "\t")))).toEqual({});
    },
    60_000,
  );

  test("GitHub's extensions", async () => {
    expect(await losses(github.examples.map(({ markdown }) => markdown))).toEqual({});
  });

  test("characters that no font has are boxes, and counted", async () => {
    expect(await exported("a \u0d06 \u0cab b")).toMatchObject({ missingGlyphs: 2 });
  });
});
