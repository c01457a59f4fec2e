import type { JsonObject } from "#lib/shared/json.ts";

/** Writes events as SSE frames and numbers them. */
export class EventFrames {
  #next = 0;

  event(type: string, fields: JsonObject): string {
    return frame(type, JSON.stringify({ type, sequence_number: this.#next++, ...fields }));
  }

  /** An event with a response, whose constant part, which is long, is JSON already. */
  responseEvent(type: string, fixed: string, changing: JsonObject): string {
    const response = `${fixed.slice(0, -1)},${JSON.stringify(changing).slice(1)}`;
    const head = JSON.stringify({ type, sequence_number: this.#next++ });
    return frame(type, `${head.slice(0, -1)},"response":${response}}`);
  }

  /** A writer of events that differ only in their `delta`, as most events of a stream do. */
  deltas(type: string, fields: JsonObject): (delta: string) => string {
    const head = JSON.stringify({ type, ...fields });
    const before = `event: ${type}\ndata: ${head.slice(0, -1)},"sequence_number":`;
    return (delta) => `${before}${this.#next++},"delta":${JSON.stringify(delta)}}\n\n`;
  }
}

function frame(type: string, json: string): string {
  return `event: ${type}\ndata: ${json}\n\n`;
}
