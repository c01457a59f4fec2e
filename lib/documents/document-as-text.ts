import type { Document } from "#lib/documents/document.ts";

/** A document as one text for a model, which can name the page or sheet where it found something. */
export function documentAsText({ sections, notes }: Document): string {
  const parts = sections.map(({ label, text }) => (label === undefined ? text : `[${label}]\n${text}`));
  return [...notes.map((note) => `[Note: ${note}]`), ...parts].join("\n\n");
}
