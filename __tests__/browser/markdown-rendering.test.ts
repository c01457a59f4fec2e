import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, test } from "vitest";
import { Markdown } from "../../app/_ui/markdown.tsx";
import { MarkdownDocument } from "../../app/_ui/markdown-document.tsx";
import { fc } from "../support/properties.ts";
import { markdownTexts } from "./markdown-texts.ts";

const draw = (text: string, props: Omit<Parameters<typeof Markdown>[0], "text"> = {}): string =>
  renderToStaticMarkup(createElement(Markdown, { text, ...props }));

/** What may stand in the markup of an answer. */
const ELEMENTS =
  "a blockquote br button circle code del div em figcaption figure h1 h2 h3 h4 h5 h6 hr img input li ol p path pre section span strong svg table tbody td th thead tr ul";
const ADDRESSES =
  /^(?:https?:\/\/|mailto:|#|\/(?![/\\])|data:image\/(?:png|jpeg|webp|gif);base64,[\w+/]+=*$)/;

/** React escapes `<` and `"` in texts and attributes, so these are all the tags there are. */
function tagsOf(markup: string) {
  return [...markup.matchAll(/<([a-z][a-z\d]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/gi)].map(
    ([, name, attributes]) => ({
      name: name ?? "",
      attributes: new Map(
        [...(attributes ?? "").matchAll(/([\w:-]+)(?:="([^"]*)")?/g)].map(([, key, value]) => [key, value]),
      ),
    }),
  );
}

function expectHarmless(markup: string): void {
  const allowed = new Set(ELEMENTS.split(" "));
  const tags = tagsOf(markup);
  expect(markup.split("<").length - 1).toBe(tags.length + (markup.match(/<\//g)?.length ?? 0));
  for (const { name, attributes } of tags) {
    expect(allowed).toContain(name);
    for (const [key, value = ""] of attributes) {
      expect(key).not.toMatch(/^(?:on|style$|srcset$|srcdoc$|formaction$|xlink)/i);
      if (key === "href" || key === "src") expect(value.replaceAll("&amp;", "&")).toMatch(ADDRESSES);
    }
    if (name === "a") expect(attributes.get("rel")).toBe("noopener noreferrer nofollow");
    if (name === "img") {
      // As a browser resolves it: `/x/../api` is `/api`.
      const src = new URL(attributes.get("src") ?? "", "http://own.invalid");
      if (src.protocol !== "data:") expect(src.href).toMatch(/^http:\/\/own\.invalid\/(?!api\/)/i);
    }
  }
}

const ATTACKS: readonly string[] = [
  "[a](javascript:alert(1))",
  "[a](JaVaScRiPt:alert(1))",
  "[a](&#106;avascript:alert(1))",
  "[a](&#x6A;avascript&colon;alert(1))",
  "[a](java&#10;script:alert(1))",
  "[a](java\u200bscript:alert(1))",
  "[a](\u0001javascript:alert(1))",
  "[a](<javascript:alert(1)>)",
  "[a](vbscript:msgbox(1))",
  "[a](data:text/html;base64,PHNjcmlwdD4=)",
  "[a](blob:https://a.example/b)",
  "[a](file:///etc/passwd)",
  "[a](//evil.example)",
  "[a](/\\evil.example)",
  "[a](\\\\evil.example)",
  "[a](https://bank.example@evil.example)",
  "[a](https://bank.example%00@evil.example)",
  "[a]: javascript:alert(1)\n\n[a]",
  "<javascript:alert(1)>",
  "<https://a.example/\u202egnp.exe>",
  "[a\u202e](https://a.example/\u202etxt.exe)",
  "![a](javascript:alert(1))",
  "![a](https://evil.example/?secret=1)",
  "![a](//evil.example/p.png)",
  "![a](/api/auth/sign-out)",
  "![a](/./api/auth/sign-out)",
  "![a](/x/../api/auth/sign-out)",
  "![a](/API/auth/sign-out)",
  "![a](/p.png?secret=1)",
  "![a](data:image/svg+xml;base64,PHN2Zz4=)",
  "![a](data:text/html,<script>alert(1)</script>)",
  '![a](x" onerror="alert(1))',
  '[a](https://a.example/"onmouseover="alert(1))',
  "[![a](https://evil.example/p.png)](https://a.example)",
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "a <b onclick=alert(1)>c</b>",
  "<svg><animate onbegin=alert(1)></svg>",
  "<style>*{display:none}</style>",
  "<iframe srcdoc='<script>alert(1)</script>'>",
  "<a href='javascript:alert(1)'>a</a>",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  '```"><script>alert(1)</script>\na\n```',
  "```js onload=alert(1)\n</code></pre><script>alert(1)</script>\n```",
  "`</code><script>alert(1)</script>`",
  "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
  "# <script>alert(1)</script>",
  "www.a.example\u0000.evil.example",
];

describe("an answer cannot harm its reader", () => {
  test.each(ATTACKS)("%j", (attack) => {
    expectHarmless(draw(attack));
    expectHarmless(draw(attack, { streaming: true }));
  });

  test("nor can any other text", () => {
    const texts = fc.array(fc.oneof(markdownTexts, fc.constantFrom(...ATTACKS), fc.string()), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(texts, (parts) => expectHarmless(draw(parts.join("")))),
      { numRuns: 200 },
    );
  });

  test("a picture of a stranger is not loaded: its words and its host are shown", () => {
    const markup = draw("![a cat](https://evil.example/cat.png)");
    expect(markup).not.toContain("<img");
    expect(markup).toContain("a cat");
    expect(markup).toContain("picture not loaded from evil.example");
  });

  test.each([
    ["[https://bank.example](https://evil.example/x)", true],
    ["[bank.example/login](https://evil.example/x)", true],
    ["[ｂank.example](https://evil.example)", true],
    ["[https://evil.example/](https://evil.example/x)", false],
    ["[www.evil.example](https://evil.example)", false],
    ["[the bank](https://evil.example)", false],
    ["[Node.js](https://nodejs.org)", true],
    ["https://evil.example/a", false],
  ])("%s says where it leads: %s", (text, isSaid) => {
    expect(/leads to (?:evil\.example|nodejs\.org)/.test(draw(text))).toBe(isSaid);
  });
});

describe("what is drawn", () => {
  test("headings begin at the level that the page has left for them", () => {
    expect(draw("# a\n\n###### b")).toMatch(/<h3[^>]*>a<\/h3><h6[^>]*>b<\/h6>/);
    expect(draw("# a", { headingBase: 4 })).toContain("<h4");
  });

  test("code has a name and a button that copies it", () => {
    const markup = draw("```ts\nlet a = 1 < 2;\n```");
    expect(markup).toContain("let a = 1 &lt; 2;");
    expect(markup).toContain('aria-label="ts"');
    expect(markup).toContain('aria-label="Copy"');
  });

  test("a wide table scrolls by itself and can be reached by keyboard", () => {
    expect(draw("|a|b|\n|-|-:|\n|c|d|")).toMatch(
      /<section[^>]*tabindex="0"[^>]*overflow-x-auto[^>]*><table.*<th scope="col".*text-right/s,
    );
  });

  test("tasks are boxes with a name", () => {
    expect(draw("- [x] a\n- [ ] b").match(/<input[^>]*>/g)).toEqual([
      expect.stringContaining('aria-label="Done"'),
      expect.stringContaining('aria-label="Not done"'),
    ]);
  });

  test("the place where another engine took over is marked, in words and in code", () => {
    const mark = 'aria-label="Another engine went on from here"';
    expect(draw("one two", { joints: [3] })).toMatch(new RegExp(`one<span[^>]*${mark}.* two`));
    expect(draw("```js\nlet a;\n```", { joints: [9] })).toMatch(new RegExp(`let<span[^>]*${mark}.* a;`));
  });

  test("a document's headings can be linked to, and its links stay in the tab", () => {
    const markup = renderToStaticMarkup(
      createElement(MarkdownDocument, {
        text: "# A b\n\n[c](D.md) [e](https://f.example)",
        linkFor: (address) =>
          address.endsWith(".md") ? `/docs/${address.slice(0, -3).toLowerCase()}` : undefined,
      }),
    );
    expect(markup).toMatch(/<h1 id="a-b"[^>]*>A b<a href="#a-b"/);
    expect(markup).toMatch(/<a href="\/docs\/d" class="[^"]*">c<\/a>/);
    expect(markup).toMatch(/<a href="https:\/\/f\.example\/"[^>]*rel="noopener noreferrer nofollow"/);
  });
});
