import { crc32, deflateRawSync } from "node:zlib";

/** A file to put into an archive, and what the archive says of it if not the truth. */
export type ZipEntry = {
  name: string;
  data: Uint8Array | string;
  /** What the directory says, bytes. */
  declaredSize?: number;
  /** Already compressed. */
  deflated?: Uint8Array;
  flags?: number;
  method?: number;
  /** Share the bytes of the entry with this index. */
  sameAs?: number;
};

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/** An archive as zip tools write it, or one that lies. */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let length = 0;
  for (const entry of entries) {
    const data = Buffer.from(entry.data as Uint8Array);
    const body = Buffer.from(entry.deflated ?? deflateRawSync(data));
    const head = header(entry, data, body);
    const offset = entry.sameAs === undefined ? length : (offsets[entry.sameAs] ?? 0);
    offsets.push(offset);
    if (entry.sameAs === undefined) {
      parts.push(Buffer.concat([uint32(LOCAL), head, Buffer.from(entry.name), body]));
      length += parts.at(-1)?.length ?? 0;
    }
    // Comment, disk and attributes: nothing.
    const rest = Buffer.alloc(10);
    directory.push(
      Buffer.concat([uint32(CENTRAL), uint16(20), head, rest, uint32(offset), Buffer.from(entry.name)]),
    );
  }
  const central = Buffer.concat(directory);
  const count = Math.min(entries.length, 0xffff);
  const end = Buffer.concat([
    uint32(END),
    Buffer.alloc(4),
    uint16(count),
    uint16(count),
    uint32(central.length),
    uint32(length),
    Buffer.alloc(2),
  ]);
  return Buffer.concat([...parts, central, end]);
}

/** Version, flags, method, time, checksum, sizes and lengths: the same in both headers. */
function header(entry: ZipEntry, data: Buffer, body: Buffer): Buffer {
  return Buffer.concat([
    uint16(20),
    uint16((entry.flags ?? 0) | 0x800),
    uint16(entry.method ?? 8),
    Buffer.alloc(4),
    uint32(crc32(data)),
    uint32(body.length),
    uint32(entry.declaredSize ?? data.length),
    uint16(Buffer.byteLength(entry.name)),
    uint16(0),
  ]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
