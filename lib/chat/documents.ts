import type { DocumentPart } from "#lib/chat/request.ts";

/** A document of plain text as a text for engines without documents; undefined for other documents. */
export function documentText({ source, name }: DocumentPart): string | undefined {
  if (source.kind !== "text") return undefined;
  const title = name === undefined ? "" : ` title=${JSON.stringify(name)}`;
  return `<document${title}>\n${source.text}\n</document>`;
}
