import { readFile, stat } from "node:fs/promises";
import { GatewayError } from "#lib/shared/errors.ts";

/** What a variable such as `MODELS_CONFIG` gives: nothing, a text, or the path of a file that holds it. */
export type ConfigText = { kind: "built-in" } | { kind: "inline"; text: string } | FileText;

export type FileText = { kind: "file"; path: string; text: string };

/** Throws `not_configured` for a file that cannot be read. */
export async function readConfigText(variable: string, value: string | undefined): Promise<ConfigText> {
  if (value === undefined) return { kind: "built-in" };
  const isInline = value.startsWith("{") || value.includes("\n");
  if (isInline) return { kind: "inline", text: value };
  const text = await readFile(value, "utf8").catch((error: unknown) => {
    throw new GatewayError("not_configured", `${variable} names "${value}", which cannot be read.`, {
      cause: error,
    });
  });
  // What comes through a pipe is there once: as if the variable held it.
  return (await stat(value)).isFile() ? { kind: "file", path: value, text } : { kind: "inline", text };
}
