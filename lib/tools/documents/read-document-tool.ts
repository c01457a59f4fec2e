import { z } from "zod";
import { decodeBase64, isBase64 } from "#lib/shared/base64.ts";
import { defineTool, type Tool } from "#lib/tools/tool.ts";

/** A file as it is given to the reader. */
export type GivenDocument = { name: string; bytes: Uint8Array; owner?: string | undefined };

/** What was read of a file: Markdown, with the names of its pages or sheets. */
export type DocumentText = { kind: string; pages?: number | undefined; text: string };

/** Reads a file. Rejects with `GatewayError` if it cannot be read. Aborts with `signal`. */
export type ReadDocument = (file: GivenDocument, signal: AbortSignal) => Promise<DocumentText>;

/** Longer than the reader's own time for a file, after which it says what is wrong. */
const TIMEOUT_MS = 45_000;
const MAX_NAME = 255;
const DEFAULT_CHARACTERS = 50_000;
const MAX_CHARACTERS = 200_000;

const input = z.object({
  name: z.string().trim().min(1).max(MAX_NAME).describe("The file's name, such as `report.pdf`."),
  data: z
    .string()
    .refine(isBase64, "is not base64")
    .describe("The file as base64: PDF, Word (.docx) or Excel (.xlsx)."),
  offset: z
    .int()
    .min(0)
    .optional()
    .describe("How many characters of the text to skip: the `nextOffset` of the call before."),
  maxCharacters: z
    .int()
    .min(1)
    .max(MAX_CHARACTERS)
    .optional()
    .describe(`How much of the text to return; ${DEFAULT_CHARACTERS} characters if it is missing.`),
});

/** The text of a document, a piece of it at a time. */
export function readDocumentTool(read: ReadDocument): Tool {
  return defineTool({
    name: "read_document",
    description:
      "Reads the text of a PDF, Word or Excel file that is given as base64, as Markdown with the names of its " +
      "pages or sheets. A long text comes in pieces: call again with the `offset` that the answer names.",
    input,
    timeoutMs: TIMEOUT_MS,
    async run({ name, data, offset = 0, maxCharacters = DEFAULT_CHARACTERS }, { signal, owner }) {
      const { kind, pages, text } = await read({ name, bytes: decodeBase64(data), owner }, signal);
      const piece = pieceOf(text, offset, maxCharacters);
      const nextOffset = offset + piece.length;
      const rest = text.length > nextOffset ? { nextOffset } : {};
      return {
        text: [piece, positionOf(offset, piece.length, text.length)]
          .filter((line) => line !== "")
          .join("\n\n"),
        source: { name },
        structured: {
          kind,
          ...(pages === undefined ? {} : { pages }),
          ...{ text: piece, offset, characters: text.length },
          ...rest,
        },
      };
    },
  });
}

/** Does not end within a character that takes two units. */
function pieceOf(text: string, offset: number, maxCharacters: number): string {
  const end = offset + maxCharacters;
  const cutsPair = /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(end - 1, end + 1));
  if (!cutsPair) return text.slice(offset, end);
  return text.slice(offset, maxCharacters > 1 ? end - 1 : end + 1);
}

/** Where in the text a piece stands; "" if it is all of it. */
function positionOf(offset: number, length: number, total: number): string {
  if (length === 0 && total > 0) return `(The text has ${total} characters; nothing is at ${offset}.)`;
  if (length === total) return "";
  const next = offset + length;
  const more = next < total ? ` Go on with offset ${next}.` : " This is its end.";
  return `(Characters ${offset} to ${next} of ${total}.${more})`;
}
