import { damagedError } from "#lib/documents/zip/check-entries.ts";

/** Enough for the declaration in the first line. */
const DECLARATION_BYTES = 200;
const ENCODING = /^<\?xml[^>]{0,100}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})["']/;

/**
 * The text of a part, in the encoding that it has: UTF-8, UTF-16, or what its first line declares.
 * @throws DocumentError `damaged` for an encoding that nobody knows.
 */
export async function* decodeChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  for await (const chunk of chunks) {
    decoder ??= decoderFor(chunk);
    yield decoder.decode(chunk, { stream: true });
  }
  if (decoder !== undefined) yield decoder.decode();
}

function decoderFor(start: Uint8Array): TextDecoder {
  const [first, second] = start;
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0))
    return new TextDecoder("utf-16le");
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c))
    return new TextDecoder("utf-16be");
  const label = ENCODING.exec(new TextDecoder("latin1").decode(start.subarray(0, DECLARATION_BYTES)))?.[1];
  try {
    return new TextDecoder(label ?? "utf-8");
  } catch (error) {
    throw Object.assign(damagedError(), { cause: error });
  }
}
