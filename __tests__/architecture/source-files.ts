import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import ts from "typescript";
import { lazy } from "#lib/shared/lazy.ts";

export type SourceFile = {
  /** From the root of the repository, with slashes. */
  path: string;
  text: string;
  tree: ts.SourceFile;
  imports: readonly Import[];
};

/** `target` is a file of ours, or the name of a package. Imports of types count. */
export type Import = { specifier: string; target: string; line: number };

/** Every TypeScript file of these folders. */
export function readSources(...folders: string[]): SourceFile[] {
  return folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`).sort().map(readSource));
}

function readSource(file: string): SourceFile {
  const path = file.replaceAll("\\", "/");
  const text = readFileSync(path, "utf8");
  const kind = path.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  // Parsed when first asked for: some tests read no more than the text.
  const tree = lazy(() => ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true, kind));
  const imports = lazy(() => importsOf(path, tree.value));
  return {
    path,
    text,
    get tree() {
      return tree.value;
    },
    get imports() {
      return imports.value;
    },
  };
}

/** Every node of a file. */
export function* nodes(node: ts.Node): Generator<ts.Node> {
  yield node;
  for (const child of node.getChildren()) yield* nodes(child);
}

export function lineOf({ tree }: Pick<SourceFile, "tree">, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
}

function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  for (const node of nodes(tree)) {
    const literal = specifierOf(node);
    if (literal === undefined) continue;
    found.push({
      specifier: literal.text,
      target: resolve(literal.text, path),
      line: lineOf({ tree }, literal),
    });
  }
  return found;
}

function specifierOf(node: ts.Node): ts.StringLiteralLike | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier !== undefined) {
    return ts.isStringLiteralLike(node.moduleSpecifier) ? node.moduleSpecifier : undefined;
  }
  // import("…") as a value, and as a type.
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return literalOf(node.arguments[0]);
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return literalOf(node.argument.literal);
  // A worker's file: new URL("./x.ts", import.meta.url).
  if (
    ts.isNewExpression(node) &&
    node.expression.getText() === "URL" &&
    node.arguments?.[1]?.getText() === "import.meta.url"
  ) {
    return literalOf(node.arguments[0]);
  }
  return undefined;
}

function literalOf(node: ts.Node | undefined): ts.StringLiteralLike | undefined {
  return node !== undefined && ts.isStringLiteralLike(node) ? node : undefined;
}

function resolve(specifier: string, from: string): string {
  if (specifier.startsWith("#lib/")) return specifier.replace("#lib/", "lib/");
  if (specifier.startsWith(".")) return normalize(join(dirname(from), specifier)).replaceAll("\\", "/");
  return specifier;
}
