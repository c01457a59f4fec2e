import type { HLJSApi, LanguageFn } from "highlight.js";
import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** Highlighted code: words, and spans of words that mean the same kind of thing. */
export type CodeNode = string | CodeSpan;
/** `scope` is highlight.js' name for what the words are: `keyword`, `title.function`. */
export type CodeSpan = { scope: string; children: readonly CodeNode[] };

/** Longer code is not highlighted, UTF-16 units: it takes longer than a page may pause. */
const MAX_CODE = 50_000;

/** Nor is code with a longer line, word or gap: some grammars take the square of its length, or the cube. */
const MAX_LINE = 500;
const MAX_WORD = 100;
const MAX_GAP = 200;
const TOO_LONG = new RegExp(`[^\\n]{${MAX_LINE}}|\\w{${MAX_WORD}}|\\s{${MAX_GAP}}`);
/** Spans nested deeper are drawn without their colours. */
const MAX_DEPTH = 30;

type Module = { default: LanguageFn };
/** C# is missing: its grammar takes seconds for a few thousand words in a row. */
const LANGUAGES: Readonly<Record<string, () => Promise<Module>>> = {
  bash: () => import("highlight.js/lib/languages/bash"),
  c: () => import("highlight.js/lib/languages/c"),
  cpp: () => import("highlight.js/lib/languages/cpp"),
  css: () => import("highlight.js/lib/languages/css"),
  diff: () => import("highlight.js/lib/languages/diff"),
  dockerfile: () => import("highlight.js/lib/languages/dockerfile"),
  go: () => import("highlight.js/lib/languages/go"),
  ini: () => import("highlight.js/lib/languages/ini"),
  java: () => import("highlight.js/lib/languages/java"),
  javascript: () => import("highlight.js/lib/languages/javascript"),
  json: () => import("highlight.js/lib/languages/json"),
  kotlin: () => import("highlight.js/lib/languages/kotlin"),
  markdown: () => import("highlight.js/lib/languages/markdown"),
  php: () => import("highlight.js/lib/languages/php"),
  python: () => import("highlight.js/lib/languages/python"),
  ruby: () => import("highlight.js/lib/languages/ruby"),
  rust: () => import("highlight.js/lib/languages/rust"),
  sql: () => import("highlight.js/lib/languages/sql"),
  swift: () => import("highlight.js/lib/languages/swift"),
  typescript: () => import("highlight.js/lib/languages/typescript"),
  xml: () => import("highlight.js/lib/languages/xml"),
  yaml: () => import("highlight.js/lib/languages/yaml"),
};

/** Other names of the languages, as people write them behind a fence. */
const ALIASES: Readonly<Record<string, string>> = {
  "c++": "cpp",
  console: "bash",
  docker: "dockerfile",
  env: "ini",
  golang: "go",
  h: "c",
  html: "xml",
  js: "javascript",
  json5: "json",
  jsonc: "json",
  jsonl: "json",
  jsx: "javascript",
  kt: "kotlin",
  md: "markdown",
  mjs: "javascript",
  patch: "diff",
  py: "python",
  rb: "ruby",
  rs: "rust",
  sh: "bash",
  shell: "bash",
  svg: "xml",
  toml: "ini",
  ts: "typescript",
  tsx: "typescript",
  vue: "xml",
  yml: "yaml",
  zsh: "bash",
};

/**
 * The code as a tree of spans; undefined for languages that we do not know and for code that is too long.
 * The highlighter and the language are loaded when the first code of that language is drawn.
 */
export async function highlight(code: string, language: string): Promise<readonly CodeNode[] | undefined> {
  const written = language.toLowerCase();
  const name = Object.hasOwn(ALIASES, written) ? ALIASES[written] : written;
  if (code.length > MAX_CODE || TOO_LONG.test(code) || name === undefined || !Object.hasOwn(LANGUAGES, name))
    return undefined;
  const load = LANGUAGES[name];
  if (load === undefined) return undefined;
  const [{ default: core }, { default: grammar }] = await Promise.all([
    import("highlight.js/lib/core"),
    load(),
  ]);
  return spansOf(core, grammar, name, code);
}

function spansOf(core: HLJSApi, grammar: LanguageFn, language: string, code: string): readonly CodeNode[] {
  if (core.getLanguage(language) === undefined) core.registerLanguage(language, grammar);
  const { _emitter } = core.highlight(code, { language, ignoreIllegals: true });
  return nodesOf(field(_emitter, "rootNode"));
}

/** highlight.js' own tree of tokens. Its HTML is of no use: it would have to be trusted. */
function nodesOf(node: unknown, depth = 0): CodeNode[] {
  const nodes: CodeNode[] = [];
  for (const child of depth < MAX_DEPTH ? arrayField(node, "children") : wordsOf(node)) {
    const scope = stringField(child, "scope");
    if (typeof child === "string") nodes.push(child);
    // Code of another language within this one: a script in a page.
    else if (scope === undefined || scope.startsWith("language:")) nodes.push(...nodesOf(child, depth + 1));
    else nodes.push({ scope, children: nodesOf(child, depth + 1) });
  }
  return nodes;
}

/** The words of a node, however deep they are: a text of brackets is as deep as it is long. */
function wordsOf(node: unknown): string[] {
  const words: string[] = [];
  const left = [node];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === "string") words.push(next);
    else left.push(...arrayField(next, "children").toReversed());
  }
  return words;
}
