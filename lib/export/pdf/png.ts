import { inflateSync } from "node:zlib";

export type PngSize = { width: number; height: number };

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Of a chunk: its length and type before the data, its checksum behind. */
const CHUNK_HEAD = 8;
const CHUNK_END = 4;
const HEADER_BYTES = 13;
/** A picture that takes more, unpacked, would take more memory than a whole document may. */
const MAX_UNPACKED = 40 * 1024 * 1024;
/** The last of the five ways to filter a row. */
const MAX_FILTER = 4;
/** Samples of a pixel, and the bits that one may have, by the type of colour. */
const COLOUR_TYPES: Readonly<Record<number, { samples: number; bits: readonly number[] }>> = {
  0: { samples: 1, bits: [1, 2, 4, 8, 16] },
  2: { samples: 3, bits: [8, 16] },
  3: { samples: 1, bits: [1, 2, 4, 8] },
  4: { samples: 2, bits: [8, 16] },
  6: { samples: 4, bits: [8, 16] },
};
/** Where the passes of an interlaced picture begin, and their steps: x, y, by x, by y. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

type Header = PngSize & { pixelBits: number; isInterlaced: boolean };

/**
 * The size of a whole PNG picture. Undefined for one that is broken or would be too large when it is unpacked: the
 * writer of PDF files believes its chunks, and would read a hostile one for ever or unpack it without a bound.
 */
export function pngSize(picture: Uint8Array): PngSize | undefined {
  const bytes = Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength);
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return undefined;
  const [first, ...chunks] = chunksOf(bytes) ?? [];
  const header = first?.type === "IHDR" ? headerOf(first.data) : undefined;
  if (header === undefined || chunks.some(({ type }) => type === "IHDR")) return undefined;
  const packed = chunks.filter(({ type }) => type === "IDAT").map(({ data }) => data);
  if (!unpacksTo(rowsOf(header), Buffer.concat(packed))) return undefined;
  return { width: header.width, height: header.height };
}

type Chunk = { type: string; data: Buffer };

/** Up to the end of the picture; undefined if there is none. */
function chunksOf(bytes: Buffer): Chunk[] | undefined {
  const chunks: Chunk[] = [];
  let at = SIGNATURE.length;
  while (at + CHUNK_HEAD + CHUNK_END <= bytes.length) {
    const end = at + CHUNK_HEAD + bytes.readUInt32BE(at);
    if (end + CHUNK_END > bytes.length) return undefined;
    const type = bytes.toString("latin1", at + 4, at + CHUNK_HEAD);
    chunks.push({ type, data: bytes.subarray(at + CHUNK_HEAD, end) });
    if (type === "IEND") return chunks;
    at = end + CHUNK_END;
  }
  return undefined;
}

function headerOf(data: Buffer): Header | undefined {
  if (data.length !== HEADER_BYTES) return undefined;
  const [bits = 0, colourType = -1, , , interlace = 0] = data.subarray(8);
  const colour = COLOUR_TYPES[colourType];
  if (colour === undefined || !colour.bits.includes(bits) || interlace > 1) return undefined;
  return {
    width: data.readUInt32BE(0),
    height: data.readUInt32BE(4),
    pixelBits: bits * colour.samples,
    isInterlaced: interlace === 1,
  };
}

/** Rows of one length; the first byte of each says how the row is filtered. */
type Rows = { bytes: number; count: number };

/** The picture's rows as they are unpacked, pass by pass. */
function rowsOf({ width, height, pixelBits, isInterlaced }: Header): Rows[] {
  const rows = (columns: number, count: number): Rows[] =>
    columns <= 0 || count <= 0 ? [] : [{ bytes: 1 + Math.ceil((columns * pixelBits) / 8), count }];
  if (!isInterlaced) return rows(width, height);
  return PASSES.flatMap(([x, y, dx, dy]) => rows(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)));
}

function unpacksTo(rows: readonly Rows[], packed: Buffer): boolean {
  const size = rows.reduce((sum, { bytes, count }) => sum + bytes * count, 0);
  if (size === 0 || size > MAX_UNPACKED) return false;
  try {
    const unpacked = inflateSync(packed, { maxOutputLength: size });
    return unpacked.length === size && hasKnownFilters(rows, unpacked);
  } catch {
    // No compressed data at all, cut off, or more than the picture's size says.
    return false;
  }
}

function hasKnownFilters(rows: readonly Rows[], unpacked: Buffer): boolean {
  let at = 0;
  for (const { bytes, count } of rows) {
    for (let row = 0; row < count; row++, at += bytes) {
      if ((unpacked[at] ?? 0) > MAX_FILTER) return false;
    }
  }
  return true;
}
