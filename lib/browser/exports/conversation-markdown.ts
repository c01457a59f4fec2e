import { Lexer } from "marked";
import { plainMarkdown } from "#lib/browser/exports/plain-markdown.ts";
import { findTooDeep } from "#lib/browser/markdown/difficulty.ts";
import { normalise } from "#lib/browser/markdown/parse.ts";
import { splitSegments } from "#lib/browser/markdown/segments.ts";
import type { Turn } from "#lib/browser/turns.ts";

/** The length of Markdown that `POST /api/v1/export/pdf` takes, UTF-16 units. */
export const MAX_PDF_LENGTH = 200_000;

/** How a document names who speaks. */
export type SpeakerNames = { user: string; assistant: string };

/** A document of a whole conversation: its title, then who said what. */
export function conversationMarkdown(
  title: string,
  turns: readonly Pick<Turn, "question" | "answer">[],
  names: SpeakerNames,
): string {
  const parts = turns.flatMap(({ question, answer }) => [
    ...speech(names.user, plainMarkdown(question.text)),
    ...speech(names.assistant, belowHeadings(answer.text, 2)),
  ]);
  return `${[`# ${plainMarkdown(title.replaceAll(/\s+/g, " "))}`, ...parts].join("\n\n")}\n`;
}

function speech(name: string, text: string): string[] {
  return text.trim() === "" ? [] : [`## ${name}`, text.trim()];
}

/** Markdown whose headings stand this many levels lower. */
function belowHeadings(text: string, levels: number): string {
  return splitSegments(normalise(text))
    .map((segment) => lowered(segment, levels))
    .join("");
}

function lowered(segment: string, levels: number): string {
  // Marked would take too long: headings in it stay as they are.
  if (findTooDeep(segment) !== undefined) return segment;
  return new Lexer({ gfm: true })
    .blockTokens(segment, [])
    .map((token) => {
      if (token.type !== "heading") return token.raw;
      const depth = Math.min(6, Number(token["depth"]) + levels);
      const [end = ""] = /\n*$/.exec(token.raw) ?? [];
      return `${"#".repeat(depth)} ${String(token["text"]).replaceAll("\n", " ")}${end}`;
    })
    .join("");
}
