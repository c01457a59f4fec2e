import { readFile, stat } from "node:fs/promises";
import { readConfigFile } from "#lib/adapters/watched-file.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** What a variable such as `MODELS_CONFIG` gives: nothing, a text, or the path of a file that holds it. */
export type ConfigText = { kind: "built-in" } | { kind: "inline"; text: string } | FileText;

export type FileText = { kind: "file"; path: string; text: string };

/** Throws `not_configured` for a file that cannot be read. */
export async function readConfigText(variable: string, value: string | undefined): Promise<ConfigText> {
  if (value === undefined) return { kind: "built-in" };
  const isInline = value.startsWith("{") || value.includes("\n");
  if (isInline) return { kind: "inline", text: value };
  try {
    // What comes through a pipe is there once: as if the variable held it.
    if (!(await stat(value)).isFile()) return { kind: "inline", text: await readFile(value, "utf8") };
    return { kind: "file", path: value, text: await readConfigFile(value) };
  } catch (error) {
    const why = error instanceof Error && !("code" in error) ? ` ${error.message}` : "";
    throw new GatewayError("not_configured", `${variable} names "${value}", which cannot be read.${why}`, {
      cause: error,
    });
  }
}
