import type { DrawnBytes } from "#lib/providers/protocols/draw-power.ts";
import { decodeBase64, isBase64 } from "#lib/shared/base64.ts";

/** An image that a provider sends in base64, as a `data:` URL or without its head; undefined for any other text. */
export function imageInBase64(text: string | undefined): DrawnBytes | undefined {
  return text === undefined || !isBase64(text) ? undefined : { bytes: decodeBase64(text) };
}
