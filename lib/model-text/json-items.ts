import { isJsonObject } from "#lib/shared/json.ts";

/** How deep arrays and objects are searched for the strings. */
const MAX_DEPTH = 4;
/** What models call the text of a suggestion that they write as an object. */
const TEXT_FIELDS = ["text", "question", "suggestion", "message", "prompt", "title", "content", "label"];
/** With the colon behind the name of a field. */
const DOUBLE_QUOTED = /"((?:[^"\\]|\\.)*)"(\s*:)?/g;
/** An apostrophe within a word does not end the string. */
const SINGLE_QUOTED = /'((?:[^'\\\n]|\\.|'(?=\w))*)'(\s*:)?/g;

const TYPOGRAPHIC = /[“„«「]([^“”„«»「」]*)[”“»」](\s*:)?/g;
/** Brackets of prose that may stand before the JSON ("[1]"). */
const MAX_STARTS = 20;

/**
 * The strings of an answer that is JSON, or that was meant to be: cut off, with comments or trailing commas, in
 * Python's quotes. Undefined if the answer has no JSON.
 */
export function jsonItems(answer: string): string[] | undefined {
  for (const { index } of [...answer.matchAll(/[[{]/g)].slice(0, MAX_STARTS)) {
    const items = itemsFrom(answer.slice(index));
    if (items !== undefined) return items;
  }
  return undefined;
}

/** The strings of what begins with a bracket; undefined if the bracket is of a sentence. */
function itemsFrom(text: string): string[] | undefined {
  // A bracket behind the JSON may belong to a sentence.
  for (const to of [text.lastIndexOf("]"), text.lastIndexOf("}")].sort((a, b) => b - a)) {
    const value = to > 0 ? parsed(text.slice(0, to + 1)) : undefined;
    const isNote = Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "number");
    if (value !== undefined && !isNote) return strings(value, 0);
  }
  return looksLikeJson(text) ? quotedStrings(text) : undefined;
}

function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    // Prose with brackets, or JSON that is broken: the caller looks for what is left of it.
    return undefined;
  }
}

/** A bracket of prose ("[citation]", a link) is followed by no string. */
function looksLikeJson(text: string): boolean {
  return /^(?:\[|\{)\s*(?:["'{[“„«「]|\/\/)/.test(text);
}

function strings(value: unknown, depth: number): string[] {
  if (typeof value === "string") return nested(value, depth);
  if (depth > MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => strings(item, depth + 1));
  if (!isJsonObject(value)) return [];
  const text = TEXT_FIELDS.map((name) => value[name]).find((field) => typeof field === "string");
  if (typeof text === "string") return [text];
  const lists = Object.values(value).filter((field) => typeof field === "object" && field !== null);
  // {"suggestions": […], "language": "en"}, or {"1": "…", "2": "…"}.
  return (lists.length > 0 ? lists : Object.values(value)).flatMap((field) => strings(field, depth + 1));
}

/** Some models encode their array twice. */
function nested(text: string, depth: number): string[] {
  const value = depth <= MAX_DEPTH && /^\s*\[/.test(text) ? parsed(text) : undefined;
  return Array.isArray(value) ? strings(value, depth + 1) : [text];
}

/** The complete strings of broken JSON, without its keys and without words such as "question" for a type. */
function quotedStrings(text: string): string[] {
  const double = valuesIn(text, DOUBLE_QUOTED).map(unescaped);
  const others = [SINGLE_QUOTED, TYPOGRAPHIC].map((quoted) => valuesIn(text, quoted));
  const found = [double, ...others].find((values) => values.length > 0) ?? [];
  return found.filter((one) => !/^[\w-]*$/.test(one));
}

function valuesIn(text: string, quoted: RegExp): string[] {
  return [...text.matchAll(quoted)].flatMap(([, inner = "", colon]) => (colon === undefined ? [inner] : []));
}

function unescaped(inner: string): string {
  const value = parsed(`"${inner}"`);
  return typeof value === "string" ? value : inner;
}
