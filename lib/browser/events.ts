import { isJsonObject, parseJson } from "#lib/shared/json.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

/** An event of the native stream, as a browser reads it: the types of the server's schemas, without zod. */
export type BrowserEvent = NativeEvent;

/**
 * The event in a frame's data; undefined for what is no event. Fields are not checked again: the stream comes
 * from our own origin, and clients ignore types that they do not know.
 */
export function readEvent(data: string): BrowserEvent | undefined {
  const event = parseJson(data);
  return isJsonObject(event) && typeof event["type"] === "string" ? (event as BrowserEvent) : undefined;
}
