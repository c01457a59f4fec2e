import { crc32, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { fitPicture } from "#lib/export/pdf/picture.ts";
import { exported } from "../../support/pdf-export.ts";

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** @param declared the length that the chunk says it has. */
function chunk(type: string, data: Buffer, declared = data.length): Buffer {
  const typed = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const numbers = Buffer.alloc(8);
  numbers.writeUInt32BE(declared, 0);
  numbers.writeUInt32BE(crc32(typed), 4);
  return Buffer.concat([numbers.subarray(0, 4), typed, numbers.subarray(4)]);
}

type Header = { width: number; height: number; bits?: number; colours?: number; interlace?: number };

function header({ width, height, bits = 8, colours = 6, interlace = 0 }: Header): Buffer {
  const data = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, bits, colours, 0, 0, interlace]);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  return chunk("IHDR", data);
}

const pixels = (bytes: number, value = 0): Buffer =>
  chunk("IDAT", deflateSync(Buffer.alloc(bytes, value), { level: 9 }));
const END = chunk("IEND", Buffer.alloc(0));
const png = (...chunks: readonly Buffer[]): Buffer => Buffer.concat([SIGNATURE, ...chunks]);

const TEN: Header = { width: 10, height: 10 };
/** Ten rows of ten pixels with alpha, and the byte of each row's filter. */
const TEN_BYTES = 410;

describe("pictures in PNG that a document shows", () => {
  const palette = chunk("PLTE", Buffer.from([0, 0, 0, 255, 255, 255]));
  const transparency = chunk("tRNS", Buffer.from([0]));

  test.each<[string, Buffer]>([
    ["colours with alpha", png(header(TEN), pixels(TEN_BYTES), END)],
    ["16 bits", png(header({ ...TEN, bits: 16 }), pixels(810), END)],
    ["a palette", png(header({ ...TEN, colours: 3 }), palette, transparency, pixels(110), END)],
    ["one bit a pixel", png(header({ ...TEN, colours: 0, bits: 1 }), pixels(30), END)],
    ["interlaced", png(header({ width: 8, height: 8, interlace: 1 }), pixels(64 * 4 + 15), END)],
    ["interlaced, of one pixel", png(header({ width: 1, height: 1, interlace: 1 }), pixels(5), END)],
    ["chunks that nobody knows", png(header(TEN), chunk("teSt", SIGNATURE), pixels(TEN_BYTES), END)],
  ])("%s", async (_what, bytes) => {
    expect(fitPicture(bytes, "alt", 100)).toMatchObject({ width: expect.any(Number) });
    const { pages, missingGlyphs } = await exported(
      `![alt](data:image/png;base64,${bytes.toString("base64")})`,
    );
    expect({ pages, missingGlyphs }).toEqual({ pages: 1, missingGlyphs: 0 });
  });
});

describe("broken and hostile PNG, whose words stand in their place", () => {
  test.each<[string, Buffer]>([
    ["a chunk that leads back to itself", png(header(TEN), chunk("teSt", Buffer.alloc(40), 0xffff_fff4))],
    ["a chunk longer than the file", png(header(TEN), chunk("IDAT", Buffer.alloc(20), 0xffff_ffff))],
    ["no end", png(header(TEN), pixels(TEN_BYTES))],
    ["no header", png(pixels(TEN_BYTES), END)],
    [
      "a second, larger header",
      png(header(TEN), header({ width: 30_000, height: 30_000 }), pixels(410), END),
    ],
    ["colours that do not exist", png(header({ ...TEN, colours: 9 }), pixels(TEN_BYTES), END)],
    ["bits that do not exist", png(header({ ...TEN, bits: 3 }), pixels(TEN_BYTES), END)],
    ["no pixels", png(header(TEN), END)],
    ["pixels that are not compressed", png(header(TEN), chunk("IDAT", Buffer.alloc(TEN_BYTES, 65)), END)],
    ["too few pixels", png(header(TEN), pixels(5), END)],
    ["more pixels than it says: a bomb", png(header(TEN), pixels(100_000_000), END)],
    ["a filter that does not exist", png(header(TEN), pixels(TEN_BYTES, 9), END)],
    ["too large", png(header({ width: 30_000, height: 30_000 }), pixels(TEN_BYTES), END)],
    ["no width", png(header({ width: 0, height: 10 }), pixels(TEN_BYTES), END)],
  ])("%s", (_what, bytes) => {
    expect(fitPicture(bytes, "alt", 100)).toBeUndefined();
  });
});
