import { EngineFailure } from "#lib/providers/failures/failure.ts";

const WHITE_SPACE = new Set([0x20, 0x09, 0x0a, 0x0d, 0xef, 0xbb, 0xbf]);

/**
 * Detects the format of an answer by its first character, since providers' content types are unreliable;
 * `unknown` until it has come. Throws `EngineFailure` for a web page.
 */
export function detectBodyFormat(bytes: Uint8Array): "unknown" | "events" | "json" {
  const first = bytes.find((byte) => !WHITE_SPACE.has(byte));
  switch (first) {
    case undefined:
      return "unknown";
    case 0x7b: // {
    case 0x5b: // [
      return "json";
    case 0x3c: // <
      throw new EngineFailure({
        kind: "bad_response",
        problem: "wrong_address",
        reason: "The engine answered with a web page.",
      });
    default:
      return "events";
  }
}
