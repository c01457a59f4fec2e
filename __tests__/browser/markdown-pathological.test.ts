import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { highlight } from "#lib/browser/highlight.ts";
import { parseMarkdown } from "#lib/browser/markdown/parse.ts";
import { PATHOLOGICAL } from "./pathological-markdown.ts";

/** Ten times what the slowest takes on two busy cores, and a hundredth of what marked alone would take. */
const MAX_MS = 1_000;

test("no text freezes the page, whole or growing", { timeout: 120_000 }, async () => {
  const child = join(import.meta.dirname, "../support/markdown-child.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [child], { timeout: 110_000 });
  const longest = JSON.parse(stdout) as Record<string, number>;
  expect(Object.keys(longest)).toHaveLength(PATHOLOGICAL.length);
  expect(Object.entries(longest).filter(([, milliseconds]) => milliseconds > MAX_MS)).toEqual([]);
});

test("a part that is too hard to parse leaves the rest of the answer as it is", () => {
  const hard = `${"> ".repeat(60)}a`;
  expect(parseMarkdown(`# a\n\n${hard}\n\n**b**`)).toEqual([
    { kind: "heading", level: 1, children: [{ kind: "text", text: "a" }] },
    { kind: "plain", text: hard },
    { kind: "paragraph", children: [{ kind: "strong", children: [{ kind: "text", text: "b" }] }] },
  ]);
});

test.each<[what: string, code: string, language: string]>([
  ["too long", "let a;\n".repeat(8_000), "js"],
  ["a long line", "a b ".repeat(200), "js"],
  ["a long word", "a".repeat(101), "c"],
  ["a long gap", "\n".repeat(201), "js"],
  ["a language that we do not know", "a", "brainfuck"],
  ["a language of an object's own", "a", "__proto__"],
])("code has no colours: %s", async (_, code, language) => {
  expect(await highlight(code, language)).toBeUndefined();
});

test("colours keep every character, however deep the code is nested", async () => {
  const textOf = (node: unknown): string =>
    typeof node === "string" ? node : (node as { children: unknown[] }).children.map(textOf).join("");
  for (const [code, language] of [
    ["const a = /x/g; // hi\nfunction f() {}", "ts"],
    ["<script>let a = '<b>';</script><!-- c -->", "html"],
    [`${"(\n[{".repeat(4_000)}`, "bash"],
    ["a:\n  - b: !c 1 # d", "yml"],
  ] as const) {
    expect(textOf({ children: await highlight(code, language) })).toBe(code);
  }
  expect(await highlight("let", "typescript")).toEqual([{ scope: "keyword", children: ["let"] }]);
});
