const BULLET = /^[•◦▪▫‣●○■□♦✓➢⁃∙·]$/;
const NUMBER = /^\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)]?$/i;
const BULLET_LINE = /^[•◦▪▫‣●○■□♦✓➢⁃∙·]\s*(?=\S)/;

/** Whether a text is what stands before an entry of a list: a bullet, or a number. */
export function isListMarker(text: string): boolean {
  return BULLET.test(text) || NUMBER.test(text);
}

/** The same, but a bare number may also be a cell of a table. */
export function isClearListMarker(text: string): boolean {
  return isListMarker(text) && !/^[a-z\d]+$/i.test(text);
}

/** A line with Markdown's bullet in the place of its own; undefined for a line without one. */
export function bulletLine(line: string): string | undefined {
  return BULLET_LINE.test(line) ? line.replace(BULLET_LINE, "- ") : undefined;
}
