import type { JsonObject } from "#lib/shared/json.ts";

/** One frame of the stream. */
export function frame(body: JsonObject & { type: string }): string {
  return `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`;
}

/** The beginning of a block's text deltas, up to the JSON string of the text: prepared, as most frames are these. */
export function textDeltaHead(index: number): string {
  const data = `{"type":"content_block_delta","index":${index},"delta":{"type":"text_delta","text":`;
  return `event: content_block_delta\ndata: ${data}`;
}
