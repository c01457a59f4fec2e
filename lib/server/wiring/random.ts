import { randomFillSync } from "node:crypto";

/** One call of the system's generator costs as much as thousands of bytes of it. */
const POOL_BYTES = 4_096;

const pool = Buffer.alloc(POOL_BYTES);
/** Bytes of the pool that have been given out. */
let used = POOL_BYTES;

/** A random hexadecimal string of this many bytes, at most 4096. No byte is given out twice, or kept. */
export function randomHex(bytes: number): string {
  if (bytes > POOL_BYTES) throw new RangeError(`No more than ${POOL_BYTES} bytes at a time.`);
  if (used + bytes > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  const hex = pool.toString("hex", used, used + bytes);
  pool.fill(0, used, used + bytes);
  used += bytes;
  return hex;
}
