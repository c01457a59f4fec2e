import { fc } from "../support/properties.ts";

/** Beginnings, ends and middles of everything that Markdown knows. */
export const MARKDOWN_PIECES: readonly string[] = [
  "a word",
  "*em* **strong** ~~no~~",
  "**open",
  "`code` ``co`de``",
  "[text](https://a.example/b_c) ![p](https://a.example/p.png)",
  "[label][ref] [ref]",
  "[ref]: https://a.example 'title'",
  '[ref]:\n  /path\n"title"',
  "# one",
  "## two ##",
  "title\n===",
  "title\n---",
  "---",
  "* * *",
  "- a\n- b",
  "- a\n\n  b",
  "1. a\n2. b\n   - c",
  "- [x] done\n- [ ] open",
  "* a\n+ b",
  "> quote\nlazy",
  "> - a\n> - b",
  "```js\nlet a;\n\nlet b;\n```",
  "~~~\nopen fence",
  "- ```\n  a\n  ```",
  "    indented\n\n    code",
  "|a|b|\n|-|-|\n|c|d|",
  "a\n|a|b|\n|-|-|",
  "<div>\nmarkup\n</div>",
  "<!-- comment\n\nof lines -->",
  "<pre>\n\n</pre>",
  "<script>\n\nlet a;",
  "a<br>b <b>c</b> <https://a.example>",
  "line  \nbreak\\\nbreak",
  "&amp; &lt; &#65; \\* \\_",
  "https://a.example/b?c=d. www.a.example",
  "мир 世界 👩‍💻 e\u0301",
];

const SEPARATORS = ["\n", "\n\n", "\n\n\n", " ", "\n  ", "\n    ", "\n \t\n", "\r\n", "\r\n\r\n", "\n> "];

/** Texts of pieces in any order, well or badly joined, and of random characters that mean something. */
export const markdownTexts: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(fc.tuple(fc.constantFrom(...MARKDOWN_PIECES), fc.constantFrom(...SEPARATORS)), { maxLength: 9 })
    .map((parts) => parts.flat().join("")),
  fc
    .array(fc.constantFrom(..."ab *_`~[]()<>!#-+|\\&;:.1=\n\n\t\"'/"), { maxLength: 120 })
    .map((characters) => characters.join("")),
);
