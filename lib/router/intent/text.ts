/** A text up to this length is read whole, characters. */
const WHOLE_CHARS = 1_500;
/** Of a longer one so much of its beginning and of its end, where the ask is. */
const END_CHARS = 600;

/** The parts of a message that say what it asks for: the whole of it, or the two ends of a long one. */
export function readParts(message: string): { head: string; tail: string } {
  const text = message.length > 4 * WHOLE_CHARS ? ends(message) : message.trim();
  if (text.length <= WHOLE_CHARS) return { head: text, tail: "" };
  return { head: text.slice(0, END_CHARS), tail: text.slice(-END_CHARS) };
}

/** Cuts before it trims, so that a long text costs no more than a short one. */
function ends(message: string): string {
  return `${message.slice(0, 2 * WHOLE_CHARS).trim()} ${message.slice(-2 * WHOLE_CHARS).trim()}`;
}

/** Words in lower case, without accents, in one form for each letter. */
export function normalize(text: string): string {
  // Most messages are ASCII, for which this is the whole work.
  const lower = text.toLowerCase();
  if (/^[\x00-\x7f]*$/.test(lower)) return lower;
  return lower
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFD")
    .replace(/[\u0300-\u036f\u064b-\u0655\u0670\u0640]/g, "")
    .normalize("NFC")
    .replace(/\u0649/g, "\u064a")
    .replace(/\u0629/g, "\u0647")
    .replace(/ß/g, "ss")
    .replace(/ı/g, "i");
}

/** The words of a normalized text; a run of Chinese or Japanese is one word. `c++` and `c#` stay whole. */
export function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{M}\p{N}]+(?:\+\+|#)?/gu) ?? [];
}

/** Whether a word is written without spaces to its neighbours (Chinese, Japanese, Thai). */
export function isUnspaced(word: string): boolean {
  const code = word.charCodeAt(0);
  if (code < 0x0e00) return false;
  return /[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]/.test(word);
}
