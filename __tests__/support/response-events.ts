import { expect } from "vitest";
import type { JsonObject } from "#lib/shared/json.ts";

/** An event of a streamed response; what it has beside its type is looked at where it is used. */
export type ResponseEvent = { type: string; sequence_number: number } & JsonObject;

const DONE = "\n\ndata: [DONE]\n\n";

/** The events in SSE text. Every frame is named like its event; `[DONE]` ends all but failures. */
export function readEvents(sse: string): ResponseEvent[] {
  const isDone = sse.endsWith(DONE);
  expect(sse.endsWith("\n\n")).toBe(true);
  const events = readFrames(sse.slice(0, isDone ? -DONE.length : -2));
  expect(isDone).toBe(events.at(-1)?.type !== "response.failed");
  return events;
}

function readFrames(frames: string): ResponseEvent[] {
  return frames.split("\n\n").map((frame) => {
    const [name = "", data = "", ...rest] = frame.split("\n");
    expect(rest).toEqual([]);
    const event = JSON.parse(data.slice("data: ".length)) as ResponseEvent;
    expect(name).toBe(`event: ${event.type}`);
    return event;
  });
}

/** A request, or a part of one. */
export type JsonBody = Record<string, unknown>;

type Part = { type: string; text?: string; refusal?: string; annotations?: unknown[]; logprobs?: unknown[] };
type Item = JsonObject & {
  id: string;
  type: string;
  content?: Part[];
  summary?: Part[];
  arguments?: string;
  input?: string;
};

/** Fields of items that their beginning does not have, or not yet: results, and what a server lists. */
const KNOWN_AT_THE_END = ["status", "encrypted_content", "output", "error", "tools"];

/**
 * Puts a stream together as a strict client would, and holds it to the grammar: events are numbered, items
 * and parts are opened, grown and closed one after the other, and what is said to be done is what was sent.
 */
export class ResponseReader {
  readonly done: Item[] = [];
  terminal: ResponseEvent | undefined;
  #sequence = 0;
  #open: Item | undefined;
  #part: Part | undefined;

  static read(events: readonly ResponseEvent[]): ResponseReader {
    const reader = new ResponseReader();
    for (const event of events) reader.#read(event);
    expect(reader.terminal).toBeDefined();
    return reader;
  }

  /** The output that the last event has. */
  get output(): Item[] {
    const response = this.terminal?.["response"] as { output: Item[] } | undefined;
    return response?.output ?? [];
  }

  #read(event: ResponseEvent): void {
    expect(event.sequence_number).toBe(this.#sequence++);
    expect(this.terminal, `${event.type} behind the end`).toBeUndefined();
    if (event.sequence_number === 0) expect(event.type).toBe("response.created");
    if (event.sequence_number === 1) expect(event.type).toBe("response.in_progress");
    switch (event.type) {
      case "response.created":
      case "response.in_progress":
        expect(event["response"]).toMatchObject({ status: "in_progress", output: [], usage: null });
        return;
      case "response.output_item.added":
        expect(this.#open, "two items are open").toBeUndefined();
        expect(event["output_index"]).toBe(this.done.length);
        this.#open = structuredClone(event["item"]) as Item;
        return;
      case "response.output_item.done":
        this.#endItem(event);
        return;
      case "response.completed":
      case "response.incomplete":
        expect(this.#open, "the last item is open").toBeUndefined();
        this.terminal = event;
        expect(this.output).toEqual(this.done);
        return;
      case "response.failed":
        this.terminal = event;
        return;
      default:
        this.#grow(event);
    }
  }

  #endItem(event: ResponseEvent): void {
    expect(this.#part, "a part is open").toBeUndefined();
    expect(event["output_index"]).toBe(this.done.length);
    const item = event["item"] as Item;
    const late = KNOWN_AT_THE_END.filter((name) => name in item).map((name) => [name, item[name]]);
    expect({ ...this.#open, ...Object.fromEntries(late) }).toEqual(item);
    this.done.push(item);
    this.#open = undefined;
  }

  #grow(event: ResponseEvent): void {
    const item = this.#open;
    if (item === undefined) throw new Error(`${event.type} without an item`);
    expect(event["item_id"]).toBe(item.id);
    expect(event["output_index"]).toBe(this.done.length);
    const delta = event["delta"] as string;
    switch (event.type) {
      case "response.content_part.added":
        item.content ??= [];
        this.#openPart(item.content, event["content_index"], event["part"] as Part);
        return;
      case "response.reasoning_summary_part.added":
        item.summary ??= [];
        this.#openPart(item.summary, event["summary_index"], event["part"] as Part);
        return;
      case "response.output_text.delta":
        this.#inPart(item, event).text += delta;
        this.#inPart(item, event).logprobs?.push(...(event["logprobs"] as unknown[]));
        return;
      case "response.refusal.delta":
        this.#inPart(item, event).refusal += delta;
        return;
      case "response.reasoning_summary_text.delta":
        this.#inPart(item, event).text += delta;
        return;
      case "response.output_text.annotation.added":
        expect(event["annotation_index"]).toBe(this.#inPart(item, event).annotations?.length);
        this.#inPart(item, event).annotations?.push(event["annotation"]);
        return;
      case "response.output_text.done":
      case "response.reasoning_summary_text.done":
        expect(event["text"]).toBe(this.#inPart(item, event).text);
        return;
      case "response.refusal.done":
        expect(event["refusal"]).toBe(this.#inPart(item, event).refusal);
        return;
      case "response.content_part.done":
      case "response.reasoning_summary_part.done":
        expect(event["part"]).toEqual(this.#inPart(item, event));
        this.#part = undefined;
        return;
      case "response.mcp_list_tools.in_progress":
      case "response.mcp_list_tools.completed":
      case "response.mcp_list_tools.failed":
      case "response.mcp_call.in_progress":
      case "response.mcp_call.completed":
      case "response.mcp_call.failed":
        expect(event.type.startsWith(`response.${item.type}.`)).toBe(true);
        return;
      case "response.function_call_arguments.delta":
      case "response.mcp_call_arguments.delta":
        item.arguments += delta;
        return;
      case "response.function_call_arguments.done":
      case "response.mcp_call_arguments.done":
        expect(event["arguments"]).toBe(item.arguments);
        return;
      case "response.custom_tool_call_input.delta":
        item.input += delta;
        return;
      case "response.custom_tool_call_input.done":
        expect(event["input"]).toBe(item.input);
        return;
      default:
        throw new Error(`Nobody knows ${event.type}.`);
    }
  }

  #openPart(parts: Part[], index: unknown, part: Part): void {
    expect(this.#part, "two parts are open").toBeUndefined();
    expect(index).toBe(parts.length);
    this.#part = structuredClone(part);
    parts.push(this.#part);
  }

  #inPart(item: Item, event: ResponseEvent): Part {
    const parts = item.type === "reasoning" ? item.summary : item.content;
    expect(event["content_index"] ?? event["summary_index"]).toBe((parts?.length ?? 0) - 1);
    if (this.#part === undefined) throw new Error(`${event.type} without a part`);
    return this.#part;
  }
}

/** What an output says, however it is divided into items. */
export function said(output: readonly JsonObject[]) {
  const items = output as readonly Item[];
  const parts = items.flatMap(({ type, content = [] }) => (type === "message" ? content : []));
  return {
    text: parts.map(({ text = "" }) => text).join(""),
    refusal: parts.map(({ refusal = "" }) => refusal).join(""),
    logprobs: parts.flatMap(({ logprobs = [] }) => logprobs),
    reasoning: items.flatMap(({ summary = [] }) => summary.map(({ text }) => text)).join(""),
    encrypted: items.flatMap((item) => item["encrypted_content"] ?? []).sort(),
    calls: items
      .filter(({ type }) => type.endsWith("_call"))
      .map(({ type, call_id, name, arguments: args, input }) => ({
        type,
        call_id,
        name,
        words: args ?? input,
      })),
  };
}
