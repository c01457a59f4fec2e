/** Shorter pieces are always copies. */
const MIN_SHARED = 13;

/**
 * A string that shares no memory with the text it was cut from. V8 keeps the whole of a large text for as long
 * as any longer piece of it lives, so what is kept of a file is copied.
 */
export function ownCopy(text: string): string {
  return text.length < MIN_SHARED ? text : Buffer.from(text, "utf16le").toString("utf16le");
}
