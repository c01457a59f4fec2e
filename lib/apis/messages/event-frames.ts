import type { JsonObject } from "#lib/shared/json.ts";

/** One frame of the stream. */
export function frame(body: JsonObject & { type: string }): string {
  return `event: ${body.type}\ndata: ${JSON.stringify(body)}\n\n`;
}

/** What the frames of one block's text have in common, up to the literal of the text: most of a stream. */
export function textDeltaHead(index: number): string {
  const data = `{"type":"content_block_delta","index":${index},"delta":{"type":"text_delta","text":`;
  return `event: content_block_delta\ndata: ${data}`;
}
