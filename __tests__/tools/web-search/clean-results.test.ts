import { describe, expect, test } from "vitest";
import { cleanResults } from "#lib/tools/web-search/clean-results.ts";
import { expectLinear } from "../../support/linear.ts";

const page = (changes: Partial<Parameters<typeof cleanResults>[0][number]> = {}) => ({
  title: "Title",
  url: "https://a.example/",
  content: "Text.",
  ...changes,
});

const TEXTS: readonly [string, string, string][] = [
  ["tags", "<p>Ajax <b>won</b></p><br/>3-1", "Ajax won 3-1"],
  ["entities, once", "3 &lt; 4 &amp;amp; 5 &gt; 4&nbsp;&#39;x&quot;", "3 < 4 &amp; 5 > 4 'x\""],
  ["a comparison that is no tag", "a < b and c", "a < b and c"],
  ["control and bidi characters", "a\u0000b\u202ec\u200bd\ufeff", "abcd"],
  ["line breaks", "a\r\n\r\n\tb   c", "a b c"],
  ["an unfinished tag", "Ajax <img src=x", "Ajax <img src=x"],
];

describe("results of a search are made fit", () => {
  test.each(TEXTS)("text without %s", (_, raw, text) => {
    expect(cleanResults([page({ content: raw, title: raw })], 5)).toEqual([
      page({ content: text, title: text }),
    ]);
  });

  test.each([
    "javascript:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "ftp://a.example/",
    "//a.example/",
    "a.example",
    "",
    "https://user:pass@a.example/",
    `https://a.example/${"x".repeat(3_000)}`,
    "http://",
  ])("no link that is %s", (url) => {
    expect(cleanResults([page({ url })], 5)).toEqual([]);
  });

  test("each page once, as many as are wanted, none without text", () => {
    const pages = [
      page(),
      page({ title: "Again" }),
      page({ url: "https://b.example", title: " ", content: "<p></p>" }),
      page({ url: "http://c.example/x?y=1#z", publishedAt: "Wed, 25 Nov 2026 10:00:00 GMT" }),
      page({ url: "https://d.example/" }),
    ];
    expect(cleanResults(pages, 2).map(({ url, publishedAt }) => [url, publishedAt])).toEqual([
      ["https://a.example/", undefined],
      ["http://c.example/x?y=1#z", "Wed, 25 Nov 2026 10:00:00 GMT"],
    ]);
  });

  test("bounded, and never in the middle of a character", () => {
    const [result] = cleanResults(
      [page({ title: "😀".repeat(500), content: "é😀".repeat(5_000), publishedAt: "x".repeat(99) })],
      5,
    );
    expect(
      [result?.title.length, result?.content.length, result?.publishedAt?.length].every(
        (length) => (length ?? 0) <= 1_200,
      ),
    ).toBe(true);
    expect(`${result?.title}${result?.content}`.isWellFormed()).toBe(true);
  });

  test("in linear time", () => {
    for (const unit of ["<", "<a ", "&", "&lt", " ", "9"])
      expectLinear(12_500, (size) => {
        const content = unit.repeat(size);
        return () => cleanResults([page({ content })], 5);
      });
  });
});
