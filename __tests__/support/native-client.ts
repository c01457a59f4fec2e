import { type NativeEvent, parseEvent } from "#lib/streaming/events.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";

/** What a client of native chat has read. */
export type NativeAnswer = {
  status: number;
  headers: Headers;
  /** The body as text: frames, comments and all. */
  raw: string;
  /** Every frame's JSON, types that the protocol does not know included. */
  frames: unknown[];
  /** The frames that the protocol knows. */
  events: NativeEvent[];
  /** All tokens. */
  text: string;
  thinking: string;
  /** Types in order, repeated ones once. */
  order: string[];
  error: Extract<NativeEvent, { type: "error" }> | undefined;
  usage: Extract<NativeEvent, { type: "usage" }> | undefined;
  done: Extract<NativeEvent, { type: "done" }> | undefined;
};

/** Reads a stream of native chat, or the JSON of its refusal, to the end. */
export async function readNative(response: Response): Promise<NativeAnswer> {
  const raw = await response.text();
  const { status, headers } = response;
  const isStream = headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  return { status, headers, raw, ...fold(isStream ? frameData(raw) : []) };
}

/** Reads until `enough` says so and leaves the rest; what came is told. */
export async function readSome(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  enough: (events: readonly NativeEvent[]) => boolean,
): Promise<NativeEvent[]> {
  const frames = new SseReader();
  const events: NativeEvent[] = [];
  while (!enough(events)) {
    const { done, value } = await reader.read();
    if (done) break;
    for (const { data } of frames.push(value)) events.push(...known(data));
  }
  return events;
}

function frameData(raw: string): string[] {
  const reader = new SseReader();
  return [...reader.push(new TextEncoder().encode(raw)), ...reader.end()].map(({ data }) => data);
}

function known(data: string): NativeEvent[] {
  const event = parseEvent(data);
  return event === undefined ? [] : [event];
}

function fold(data: readonly string[]): Omit<NativeAnswer, "status" | "headers" | "raw"> {
  const events = data.flatMap(known);
  const textOf = (type: "token" | "thinking"): string =>
    events.map((event) => (event.type === type ? event.text : "")).join("");
  return {
    frames: data.map((text) => JSON.parse(text) as unknown),
    events,
    text: textOf("token"),
    thinking: textOf("thinking"),
    order: events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1]),
    error: events.find((event) => event.type === "error"),
    usage: events.find((event) => event.type === "usage"),
    done: events.find((event) => event.type === "done"),
  };
}
