/** What file systems refuse or read otherwise, and characters that nobody sees. */
const REFUSED = /[\p{C}\p{Zl}\p{Zp}\\/:*?"<>|]+/gu;
/** Long enough to tell files apart, characters. */
const MAX_LENGTH = 80;

/**
 * A title as the name of a file, without its ending.
 * @param fallback for a title of which nothing is left.
 */
export function fileNameOf(title: string, fallback: string): string {
  const words = title.replace(REFUSED, " ").replaceAll(/\s+/g, " ");
  const short = [...words].slice(0, MAX_LENGTH).join("");
  // A dot at the beginning hides a file, and one at the end is lost on Windows.
  const bare = short.replaceAll(/^[.\s]+|[.\s]+$/g, "");
  return bare === "" ? fallback : bare;
}
