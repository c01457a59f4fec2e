import { untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";
import type { AttachedFile, FileType, UnreadFile } from "#lib/services/documents/attached-file.ts";
import type { FittedFile } from "#lib/services/documents/fit-files.ts";

/** What a model reads of the files of a turn. */
export type AttachedTextInput = {
  /** In order, those of the message first. */
  fitted: readonly FittedFile[];
  /** Files that the engine gets as they are, in order. */
  shown: readonly AttachedFile[];
  unread: readonly UnreadFile[];
  /** The files came without a message. */
  isAlone: boolean;
  /** Random per request. */
  nonce: string;
};

const KINDS: Readonly<Record<FileType, string>> = {
  image: "image",
  pdf: "PDF",
  xlsx: "Excel workbook",
  docx: "Word document",
};

/** The text of the files as data, each by its name, and what the model should know of them. */
export function attachedText({ fitted, shown, unread, isAlone, nonce }: AttachedTextInput): string {
  const wrap = (text: string, source: string): string => wrapUntrusted(text, source, nonce);
  const blocks: string[] = [`The user has attached files to this conversation. ${untrustedNotice(nonce)}`];
  if (fitted.length > 0) {
    blocks.push(HOW_TO_CITE, ...fitted.map((one) => wrap(fileText(one), one.file.name)));
  }
  if (fitted.some(({ leftOut }) => leftOut !== undefined)) blocks.push(TOO_LONG);
  if (shown.length > 0) {
    const names = shown.map((file, index) => `${index + 1}. ${describe(file)}`).join("\n");
    blocks.push(`These files follow as they are, in this order:\n${wrap(names, "file names")}`);
  }
  if (unread.length > 0) {
    const reasons = unread.map(({ name, reason }) => `${name}: ${reason}`).join("\n");
    blocks.push(`${NOT_READ}\n${wrap(reasons, "files that could not be read")}`);
  }
  if (isAlone) blocks.push(NO_MESSAGE);
  return `${blocks.join("\n\n")}\n\n`;
}

const HOW_TO_CITE =
  "Answer from the files where the message is about them, and say in which file and on which page or sheet, as they " +
  "are named there, you found what you state. If they do not contain the answer, say so.";
const TOO_LONG =
  "Not all of the files had room: the first lines of each say what is not included, and […] stands where text is " +
  "missing. If the answer may be there, say which part you have not seen, and do not guess.";
const NOT_READ =
  "These files of the user could not be read, and you have not seen them. Say so, with the reason, and do not guess " +
  "what is in them:";
const NO_MESSAGE =
  "The user has sent the files without a message: say briefly what they contain, and ask what to do with them.";

/** What of a file was not read, and what of it is not given to the engine, in sentences. */
export function notesOn({ file, leftOut }: FittedFile): string[] {
  return [...(file.document?.notes ?? []), ...(leftOut === undefined ? [] : [leftOut])];
}

function fileText(fitted: FittedFile): string {
  const notes = notesOn(fitted).map((note) => `Note: ${note}`);
  return [`File: ${describe(fitted.file)}`, ...notes, fitted.text].join("\n");
}

/** `report.pdf (PDF, 12 pages)` */
function describe({ name, type, pages }: AttachedFile): string {
  const counted = type === "pdf" ? "page" : "sheet";
  const count = pages === undefined ? "" : `, ${pages} ${counted}${pages === 1 ? "" : "s"}`;
  return `${name} (${KINDS[type]}${count})`;
}
