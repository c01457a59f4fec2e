import { isJsonObject, parseJson } from "#lib/shared/json.ts";

const FENCE = /^[ \t]*(?:```|~~~)[ \t]*\w{0,20}[ \t]*$/m;

/** Strings, brackets, commas with the white space behind them, and what is between. */
const TOKENS = /"(?:[^"\\]|\\[\s\S])*(?:"|$)|[{}[\]]|,\s*|[^"{}[\],]+|[\s\S]/g;

/**
 * The JSON of an answer: the whole of it, within a fence, or between sentences; commas too many do no harm. An
 * object, an array or null. Undefined if there is none, if it is broken, or if there are several, unless these are
 * objects with nothing between them, one a line: then they are a list.
 */
export function jsonIn(answer: string): { value: unknown } | undefined {
  const text = withoutThoughts(answer).trim();
  const fenced = text.split(FENCE);
  if (fenced.length > 3) return undefined;
  const bare = (fenced.length === 3 ? (fenced[1] ?? "") : text.replace(/^```(?:json)?|```$/gi, "")).trim();
  if (bare === "null") return { value: null };
  const found = piecesOf(bare);
  if (found === undefined) return undefined;
  const values = found.pieces.map(parseJson).filter((value) => typeof value === "object" && value !== null);
  if (values.length <= 1) return values.length === 0 ? undefined : { value: values[0] };
  const isList = !found.hasProse && values.length === found.pieces.length && values.every(isFlat);
  return isList ? { value: values } : undefined;
}

/** Some models write what they think in front of their answer. */
function withoutThoughts(text: string): string {
  const end = text.lastIndexOf("</think>");
  return end === -1 ? text : text.slice(end + "</think>".length);
}

function isFlat(value: unknown): boolean {
  return isJsonObject(value) && Object.values(value).every((inner) => typeof inner !== "object");
}

/**
 * The texts between outermost brackets, without commas in front of a closing one. Undefined if a bracket or a
 * string within is not closed: the answer was cut off. Linear.
 */
function piecesOf(text: string): { pieces: string[]; hasProse: boolean } | undefined {
  const pieces: string[] = [];
  let hasProse = false;
  let depth = 0;
  let piece: string[] = [];
  for (const token of text.match(TOKENS) ?? []) {
    const isOpening = token === "{" || token === "[";
    const isClosing = token === "}" || token === "]";
    if (depth === 0 && !isOpening) {
      hasProse ||= /[^\s,]/.test(token);
      continue;
    }
    if (isClosing) {
      while (/^,?\s*$/.test(piece.at(-1) ?? "x")) piece.pop();
      depth -= 1;
    }
    if (isOpening) depth += 1;
    piece.push(token);
    if (depth === 0) {
      pieces.push(piece.join(""));
      piece = [];
    }
  }
  return depth === 0 ? { pieces, hasProse } : undefined;
}
