/** What stands before the data of a `data:` URL. */
const DATA_URL_HEAD = /^data:[^,]{0,200};base64,/i;

/**
 * Whether a text is base64 as clients write it: also as a `data:` URL, in lines, or in the alphabet for URLs.
 * Linear in the length of the text.
 */
export function isBase64(text: string): boolean {
  const data = dataOf(text);
  // Searches for one wrong character: a pattern for the whole text would need memory for each one.
  return /[A-Za-z0-9]/.test(data) && !/[^A-Za-z0-9+/_=\s-]/.test(data);
}

/** The bytes of what `isBase64` accepts. */
export function decodeBase64(text: string): Buffer<ArrayBuffer> {
  return Buffer.from(dataOf(text), "base64");
}

function dataOf(text: string): string {
  return text.slice(DATA_URL_HEAD.exec(text.slice(0, 256))?.[0].length ?? 0);
}
