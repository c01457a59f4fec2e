import { randomBytes } from "node:crypto";

/** A random hexadecimal string of this many bytes. */
export function randomHex(bytes: number): string {
  return randomBytes(bytes).toString("hex");
}
