import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { brandStyle, contrast } from "../../app/_ui/brand-style.ts";
import { lineOf, nodes, readSources } from "../architecture/source-files.ts";

const css = readFileSync("app/globals.css", "utf8");
const pages = readSources("app").filter(({ path }) => path.endsWith(".tsx"));

/** The two values of a token, `light-dark(#…, #…)`. */
function valuesOf(token: string): { light: string; dark: string } {
  const [, light, dark] = new RegExp(`--${token}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css) ?? [];
  return light === undefined || dark === undefined
    ? expect.fail(`There is no --${token} with two colours.`)
    : { light, dark };
}

describe("text can be read in both themes (WCAG AA, 4.5)", () => {
  test.each([
    ["text", ["page", "panel", "raised", "good-soft", "warn-soft", "bad-soft"]],
    ["muted", ["page", "panel", "raised"]],
    ["brand", ["page", "panel", "raised"]],
    ["good", ["page", "good-soft"]],
    ["warn", ["page", "warn-soft"]],
    ["bad", ["page", "raised", "bad-soft"]],
    ["on-brand", ["brand"]],
  ] as const)("%s on %j", (text, grounds) => {
    for (const ground of grounds) {
      for (const theme of ["light", "dark"] as const) {
        const ratio = contrast(valuesOf(text)[theme], valuesOf(ground)[theme]);
        expect(ratio, `${ground}, ${theme}`).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  test.each([
    "#000000",
    "#ffffff",
    "#ffff00",
    "#00ff00",
    "#ff0000",
    "#1a5fd0",
    "#808080",
    "#fafafa",
    "#0a0a12",
  ])("an operator's accent %s is made readable", (accent) => {
    const colors = brandStyle(accent).match(/#[0-9a-f]{6}/g) ?? [];
    const [light = "", dark = "", onLight = "", onDark = ""] = colors;
    expect(contrast(light, valuesOf("page").light)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(dark, valuesOf("page").dark)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(onLight, light)).toBeGreaterThanOrEqual(4.5);
    expect(contrast(onDark, dark)).toBeGreaterThanOrEqual(4.5);
  });
});

describe("what stands in markup", () => {
  test("words are in app/_strings: a page has no text of its own", () => {
    const literal = pages.flatMap((file) =>
      [...nodes(file.tree)]
        .filter((node) => ts.isJsxText(node) && /\p{L}{2}/u.test(node.text))
        .map((node) => `${file.path}:${lineOf(file, node)} ${node.getText().trim()}`),
    );
    expect(literal).toEqual([]);
  });

  test("nor have attributes that people see or hear", () => {
    const seen = new Set(["aria-label", "alt", "title", "placeholder", "label", "caption", "hint", "text"]);
    const literal = pages.flatMap((file) =>
      [...nodes(file.tree)]
        .filter(
          (node) =>
            ts.isJsxAttribute(node) &&
            seen.has(node.name.getText()) &&
            node.initializer !== undefined &&
            ts.isStringLiteral(node.initializer) &&
            // A path is no word.
            !node.initializer.text.startsWith("/") &&
            /\p{L}{2}/u.test(node.initializer.text),
        )
        .map((node) => `${file.path}:${lineOf(file, node)} ${node.getText()}`),
    );
    expect(literal).toEqual([]);
  });

  test("no style attribute, no markup from text: the content security policy would refuse it", () => {
    const refused = pages.flatMap((file) =>
      [...nodes(file.tree)]
        .filter(
          (node) =>
            ts.isJsxAttribute(node) && /^(?:style|dangerouslySetInnerHTML)$/.test(node.name.getText()),
        )
        .map((node) => `${file.path}:${lineOf(file, node)} ${node.getText()}`),
    );
    expect(refused).toEqual([]);
  });

  test("colours are named by their tokens", () => {
    const odd = pages.flatMap(({ path, text }) =>
      (
        text.match(
          /\b(?:bg|text|border|ring)-(?:red|green|blue|gray|zinc|slate|neutral|white)(?:-\d+)?\b/g,
        ) ?? []
      ).map((name) => `${path} ${name}`),
    );
    expect(odd).toEqual([]);
  });
});
