import { asBuffer } from "#lib/shared/bytes.ts";

/** The formats of images that clients send and engines draw. */
export type ImageType = "png" | "jpeg" | "webp" | "gif";

/** An image with what its bytes say of it, whatever anybody else says. */
export type ImageFile = {
  bytes: Uint8Array;
  type: ImageType;
  /** Pixels, as its header has them: nothing has been decoded. */
  width: number;
  height: number;
};

type Head = Omit<ImageFile, "bytes">;

/** The image that these bytes begin; undefined if they are none of these formats, or have no size. */
export function imageFileOf(bytes: Uint8Array): ImageFile | undefined {
  const buffer = asBuffer(bytes);
  const head = pngHead(buffer) ?? jpegHead(buffer) ?? webpHead(buffer) ?? gifHead(buffer);
  if (head === undefined || head.width === 0 || head.height === 0) return undefined;
  return { ...head, bytes };
}

export function mediaTypeOf({ type }: Pick<ImageFile, "type">): string {
  return `image/${type}`;
}

/** The end of the file's name. */
export function extensionOf({ type }: Pick<ImageFile, "type">): string {
  return type === "jpeg" ? "jpg" : type;
}

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function pngHead(bytes: Buffer): Head | undefined {
  if (bytes.length < 24 || !bytes.subarray(0, 8).equals(PNG)) return undefined;
  if (bytes.toString("latin1", 12, 16) !== "IHDR") return undefined;
  return { type: "png", width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

function gifHead(bytes: Buffer): Head | undefined {
  if (bytes.length < 10 || !/^GIF8[79]a$/.test(bytes.toString("latin1", 0, 6))) return undefined;
  return { type: "gif", width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
}

function webpHead(bytes: Buffer): Head | undefined {
  if (bytes.length < 30 || bytes.toString("latin1", 0, 4) !== "RIFF") return undefined;
  if (bytes.toString("latin1", 8, 12) !== "WEBP") return undefined;
  const size = webpSize(bytes, bytes.toString("latin1", 12, 16));
  return size && { type: "webp", ...size };
}

function webpSize(bytes: Buffer, chunk: string): Pick<Head, "width" | "height"> | undefined {
  switch (chunk) {
    case "VP8X":
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    case "VP8L": {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8 ":
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    default:
      return undefined;
  }
}

/** Segments before the frame's header: more of them are no photo, but somebody's attempt to keep us busy. */
const MAX_SEGMENTS = 1_000;

function jpegHead(bytes: Buffer): Head | undefined {
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined;
  let at = 2;
  for (let segment = 0; segment < MAX_SEGMENTS && at + 9 <= bytes.length; segment++) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    // Fill bytes may stand before a marker.
    if (marker === 0xff) at++;
    else if (isFrame(marker)) {
      return { type: "jpeg", width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
    } else at += 2 + Math.max(2, bytes.readUInt16BE(at + 2));
  }
  return undefined;
}

/** The markers of a frame's header: all of C0 to CF but those of tables. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}
