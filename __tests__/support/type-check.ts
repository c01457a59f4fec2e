import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const FILE = join(ROOT, "__tests__", "checked-values.ts");

/** A value with the type of an official SDK that it must have. */
export type TypedValue = { type: string; value: unknown };

const ANY_FIELDS = `
type Plain<Value> = { -readonly [Key in keyof Value]: Plain<Value[Key]> };
declare function plain<const Value>(value: Value): Plain<Value>;`;

/**
 * Holds JSON values against TypeScript types. Returns the mistakes.
 * @param prelude the imports and the types that the values' types need.
 * @param fields `known`: fields that the type does not have are mistakes, too.
 */
export function typeMistakes(
  prelude: string,
  values: readonly TypedValue[],
  fields: "known" | "any" = "known",
): string[] {
  const lines = values.map(({ type, value }, index) => {
    const json = JSON.stringify(value);
    return `export const value${index}: ${type} = ${fields === "any" ? `plain(${json})` : json};`;
  });
  const source = `${prelude}\n${fields === "any" ? ANY_FIELDS : ""}\n${lines.join("\n")}\n`;
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === FILE || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === FILE ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2023) : getSourceFile(name, ...rest);
  const program = ts.createProgram([FILE], options, host);
  return ts.getPreEmitDiagnostics(program, program.getSourceFile(FILE)).map((diagnostic) => {
    const line = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line ?? 0;
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    return `${source.split("\n")[line]?.slice(0, 400)}\n${text}`;
  });
}
