/**
 * The offsets in `text` that belong to these offsets in its UTF-8 bytes. One within a character counts as the
 * character's end, one behind the text as the text's end.
 */
export function utf16Offsets(text: string, byteOffsets: readonly number[]): Map<number, number> {
  const offsets = new Map<number, number>();
  let at = 0;
  let bytes = 0;
  for (const wanted of byteOffsets.toSorted((a, b) => a - b)) {
    while (bytes < wanted && at < text.length) {
      const code = text.codePointAt(at) ?? 0;
      bytes += utf8Length(code);
      at += code > 0xffff ? 2 : 1;
    }
    offsets.set(wanted, at);
  }
  return offsets;
}

function utf8Length(code: number): number {
  if (code < 0x80) return 1;
  if (code < 0x800) return 2;
  return code <= 0xffff ? 3 : 4;
}
