import { pdfOf, savedTurns } from "#lib/browser/exports/export-api.ts";
import { fileNameOf } from "#lib/browser/exports/file-name.ts";
import type { SessionView } from "#lib/browser/sessions.ts";
import { mediaStrings } from "../_strings/media.ts";
import { count } from "../_ui/format.ts";
import { saveFile } from "../_ui/save-file.ts";

const texts = mediaStrings.pdf;

/** Downloads one answer. Throws an `ApiError`. */
export async function saveAnswerPdf(text: string, question: string): Promise<void> {
  const [line = ""] = question.trim().split("\n");
  const title = fileNameOf(line, texts.answerName);
  saveFile(await pdfOf({ content: text, title, filename: `${title}.pdf` }), `${title}.pdf`);
}

/** Downloads a saved conversation; returns why not, if it cannot be one document. Throws an `ApiError`. */
export async function saveConversationPdf(
  { id, title }: SessionView,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [turns, { conversationMarkdown, MAX_PDF_LENGTH }] = await Promise.all([
    savedTurns(id, { signal }),
    // Marked comes with it.
    import("#lib/browser/exports/conversation-markdown.ts"),
  ]);
  if (turns.length === 0) return texts.empty;
  const content = conversationMarkdown(title, turns, { user: texts.user, assistant: texts.assistant });
  if (content.length > MAX_PDF_LENGTH) return texts.tooLong(count(content.length), count(MAX_PDF_LENGTH));
  const name = `${fileNameOf(title, texts.fallbackName)}.pdf`;
  saveFile(await pdfOf({ content, title, filename: name }, { signal }), name);
  return undefined;
}
