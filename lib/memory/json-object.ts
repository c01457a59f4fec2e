import { isJsonObject, parseJson } from "#lib/shared/json.ts";

const FENCE = /^[ \t]*(?:```|~~~)[ \t]*\w{0,20}[ \t]*$/m;

/**
 * The object of an answer that is JSON: the whole of it, within a fence, or on lines of its own between sentences.
 * Undefined if there is none, or several: then it is prose that has JSON in it.
 */
export function jsonObjectIn(answer: string): Record<string, unknown> | undefined {
  const text = withoutThoughts(answer).trim();
  const fenced = text.split(FENCE);
  if (fenced.length === 3) return objectOf(fenced[1] ?? "");
  if (fenced.length > 3) return undefined;
  const bare = text.replace(/^```(?:json)?|```$/gi, "");
  return objectOf(bare) ?? objectOf(ownLines(bare));
}

function objectOf(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text.trim());
  return isJsonObject(value) ? value : undefined;
}

/** Some models write what they think in front of their answer. */
function withoutThoughts(text: string): string {
  const end = text.lastIndexOf("</think>");
  return end === -1 ? text : text.slice(end + "</think>".length);
}

/** From the first line that begins with a brace to the last that ends with one. */
function ownLines(text: string): string {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.trimStart().startsWith("{"));
  const last = lines.findLastIndex((line) => line.trimEnd().endsWith("}"));
  return first === -1 ? "" : lines.slice(first, last + 1).join("\n");
}
