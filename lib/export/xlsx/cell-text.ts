/**
 * Text as it may stand in a part of a workbook. The format escapes characters that XML lacks as `_x0007_`; text that
 * looks like such an escape has its underscore escaped, so that it is read as it was. (The writer escapes control
 * characters.) Halves of surrogate pairs and the two characters that no XML may have become U+FFFD. Excel breaks lines
 * with LF alone.
 */
export function workbookText(text: string): string {
  return text
    .toWellFormed()
    .replaceAll("\r\n", "\n")
    .replace(/[\uFFFE\uFFFF]/g, "\uFFFD")
    .replace(/_(?=x[0-9a-f]{4}_)/gi, "_x005F_");
}
