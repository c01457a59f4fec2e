import { pngSize, type PngSize as Size } from "#lib/export/pdf/png.ts";
import type { Picture } from "#lib/export/pdf/text/run.ts";

/** Points of a pixel: 96 to an inch. */
const PIXEL = 0.75;
/** A larger picture takes more memory than a whole document may. */
const MAX_PIXELS = 16_000_000;
/** Of the height of a page. */
const MAX_HEIGHT = 560;

/** A picture as large as it fits; undefined for what is no PNG or JPEG of a size that can be drawn. */
export function fitPicture(bytes: Uint8Array, alt: string, maxWidth: number): Picture | undefined {
  const size = pngSize(bytes) ?? jpegSize(bytes);
  if (size === undefined || size.width * size.height > MAX_PIXELS || size.width * size.height === 0)
    return undefined;
  const scale = Math.min(PIXEL, maxWidth / size.width, MAX_HEIGHT / size.height);
  return { bytes, alt, width: size.width * scale, height: size.height * scale };
}

/** The size stands in the frame's header, behind segments of any length. */
function jpegSize(bytes: Uint8Array): Size | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 9 < bytes.length && view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
    const kind = view.getUint8(at + 1);
    const isFrame = kind >= 0xc0 && kind <= 0xcf && kind !== 0xc4 && kind !== 0xc8 && kind !== 0xcc;
    if (isFrame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
  }
  return undefined;
}
