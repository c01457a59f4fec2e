import type { Document, DocumentSection } from "#lib/documents/document.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";

/** Of a document at most so many characters are kept, which are about half a million tokens. */
const MAX_DOCUMENT_CHARACTERS = 2_000_000;
const MAX_LABEL = 200;
const MAX_NOTES = 20;
const MAX_NOTE = 500;

/**
 * The document without invisible characters, up to the limit. What is cut off is noted: sections from the one
 * that does not fit, of which the beginning is kept.
 */
export function boundedDocument(document: Document, maxCharacters = MAX_DOCUMENT_CHARACTERS): Document {
  const sections: DocumentSection[] = [];
  let room = maxCharacters;
  let cutAt: DocumentSection | undefined;
  for (const section of document.sections) {
    // Cut before it is cleaned: cleaning looks at every character.
    const text = stripInvisible(section.text.slice(0, room)).trim();
    if (section.text.length > room) cutAt ??= section;
    room = Math.max(0, room - section.text.length);
    if (text === "") continue;
    const label = section.label === undefined ? undefined : stripInvisible(section.label).slice(0, MAX_LABEL);
    sections.push(label === undefined ? { text } : { label, text });
  }
  const notes = document.notes.slice(0, MAX_NOTES).map((note) => stripInvisible(note).slice(0, MAX_NOTE));
  if (cutAt !== undefined) notes.push(cutNote(cutAt, maxCharacters));
  return { ...document, sections, notes };
}

function cutNote({ label }: DocumentSection, maxCharacters: number): string {
  const where = label === undefined ? "" : `; ${label.slice(0, MAX_LABEL)} is cut off`;
  return `Only the first ${maxCharacters.toLocaleString("en-US")} characters were read${where}.`;
}
