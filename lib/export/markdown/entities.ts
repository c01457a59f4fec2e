import { decodeHTMLStrict } from "entities";

/** What Markdown takes for an entity: longer numbers are text. */
const ENTITY = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,40});/gi;

/** Text with its HTML entities as characters. */
export function decodeEntities(text: string): string {
  return text.includes("&") ? text.replace(ENTITY, (entity) => decodeHTMLStrict(entity)) : text;
}
