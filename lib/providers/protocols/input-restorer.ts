import type { ArgumentRestorer } from "#lib/providers/protocols/protocol.ts";
import { isJsonObject, parseJson } from "#lib/shared/json.ts";

/** The beginning of the arguments of a wrapped custom tool, up to its text. */
const BEGINNING = /^\s*\{\s*"input"\s*:\s*"/;
/** What such a beginning looks like while it is incomplete. */
const INCOMPLETE = /^\s*(?:\{\s*(?:"(?:i(?:n(?:p(?:u(?:t(?:"(?:\s*(?::\s*)?)?)?)?)?)?)?)?)?)?$/;
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" };

/**
 * Turns `{"input":"…"}`, in pieces of any size, into the text inside. Other arguments are read at their end: the
 * only string of an object is the text, and what is no object is the text as it is.
 */
export class InputRestorer implements ArgumentRestorer {
  #state: "beginning" | "inside" | "after" | "other" = "beginning";
  /** Not yet decided: the beginning, an incomplete escape, or all of other arguments. */
  #held = "";

  push(piece: string): string {
    switch (this.#state) {
      case "after":
        return "";
      case "inside":
        return this.#decode(this.#held + piece);
      case "other":
        this.#held += piece;
        return "";
      case "beginning":
        this.#held += piece;
        return this.#begin();
    }
  }

  end(): string {
    const rest = this.#held;
    this.#held = "";
    // Half an escape, or half a surrogate pair, is no text.
    if (this.#state === "inside" || this.#state === "after") return "";
    this.#state = "after";
    return textOf(rest);
  }

  #begin(): string {
    const match = BEGINNING.exec(this.#held);
    if (match !== null) {
      this.#state = "inside";
      return this.#decode(this.#held.slice(match[0].length));
    }
    if (!INCOMPLETE.test(this.#held)) this.#state = "other";
    return "";
  }

  /** Decodes the inside of a JSON string up to its closing quote, or to what is incomplete. */
  #decode(json: string): string {
    let text = "";
    let at = 0;
    while (at < json.length) {
      const special = nextSpecial(json, at);
      text += json.slice(at, special);
      at = special;
      if (json[at] === '"') {
        this.#state = "after";
        this.#held = "";
        return text.toWellFormed();
      }
      if (json[at] !== "\\") continue;
      const sequence = readEscape(json, at);
      if (sequence === undefined) break;
      text += sequence.text;
      at = sequence.end;
    }
    return this.#holdBack(text, json.slice(at));
  }

  /** Keeps an incomplete escape, and the first half of a surrogate pair, for the next piece. */
  #holdBack(text: string, rest: string): string {
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.#held = `\\u${last.toString(16)}${rest}`;
      return text.slice(0, -1).toWellFormed();
    }
    this.#held = rest;
    return text.toWellFormed();
  }
}

/** The place of the next quote or backslash. */
function nextSpecial(json: string, from: number): number {
  for (let at = from; at < json.length; at++) if (json[at] === '"' || json[at] === "\\") return at;
  return json.length;
}

/** The escape sequence that begins here; undefined if it is incomplete. */
function readEscape(json: string, at: number): { text: string; end: number } | undefined {
  const kind = json[at + 1];
  if (kind === undefined) return undefined;
  if (kind !== "u") return { text: ESCAPES[kind] ?? kind, end: at + 2 };
  const code = json.slice(at + 2, at + 6);
  const isWrong = !/^[0-9a-fA-F]*$/.test(code);
  if (!isWrong && code.length < 4) return undefined;
  return isWrong
    ? { text: kind, end: at + 2 }
    : { text: String.fromCharCode(Number.parseInt(code, 16)), end: at + 6 };
}

function textOf(json: string): string {
  const value = parseJson(json);
  if (typeof value === "string") return value;
  if (!isJsonObject(value)) return json;
  if (typeof value["input"] === "string") return value["input"];
  const texts = Object.values(value).filter((one) => typeof one === "string");
  const [only = ""] = texts;
  return texts.length === 1 ? only : json === "{}" ? "" : json;
}
