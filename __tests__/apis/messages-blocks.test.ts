import { describe, expect, test } from "vitest";
import { createMessagesWriter } from "#lib/apis/messages/write.ts";
import { AnswerBuilder } from "#lib/chat/answer.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { arrayField, field, type JsonObject } from "#lib/shared/json.ts";

const META = { id: "1", model: "smart", createdAt: 1 };
const SERVER_TOOL_USE = { web_search_requests: 1, web_fetch_requests: 0 };
const USAGE: TokenUsage = {
  promptTokens: 10,
  completionTokens: 5,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  source: "exact",
  serverToolUse: SERVER_TOOL_USE,
};
const used: JsonObject = { type: "server_tool_use", id: "s1", name: "web_search", input: { query: "x" } };
const noInput: JsonObject = { type: "mcp_tool_use", id: "m1", name: "go", server_name: "a", input: {} };
const result: JsonObject = { type: "web_search_tool_result", tool_use_id: "s1", content: [{ a: 1 }] };
const block = (value: JsonObject): ChatEvent => ({ type: "block", dialect: "anthropic", value });
const EVENTS: readonly ChatEvent[] = [
  { type: "text", text: "Let me see." },
  block(used),
  block(result),
  { type: "text", text: "Well." },
  block(noInput),
  { type: "block", dialect: "openai", value: { type: "file_search_call" } },
  { type: "finish", reason: "length", native: "pause_turn" },
];
const CONTENT = [
  { type: "text", text: "Let me see.", citations: [] },
  used,
  result,
  { type: "text", text: "Well.", citations: [] },
  noInput,
];

function framesOf(text: string): unknown[] {
  return text
    .split("\n")
    .flatMap((line) => (line.startsWith("data: ") ? [JSON.parse(line.slice(6)) as unknown] : []));
}

/** The content as a client of the stream puts it together. */
function contentOf(frames: readonly unknown[]): unknown[] {
  const content: Record<string, unknown>[] = [];
  for (const frame of frames) {
    const started = field(frame, "content_block");
    if (started !== undefined) content.push({ ...(started as JsonObject) });
    const delta = field(frame, "delta");
    const last = content.at(-1);
    if (last === undefined || field(frame, "type") !== "content_block_delta") continue;
    if (field(delta, "type") === "text_delta") last["text"] = `${last["text"]}${field(delta, "text")}`;
    else last["input"] = JSON.parse(String(field(delta, "partial_json")));
  }
  return content;
}

describe("W5: blocks of the provider's tools reach clients of messages whole and in their place", () => {
  test("whole, with the pause and the counts", () => {
    const builder = new AnswerBuilder();
    builder.push(EVENTS);
    const message = createMessagesWriter(META, []).whole(builder.build(), USAGE);
    expect(message["content"]).toEqual(CONTENT);
    expect(message["stop_reason"]).toBe("pause_turn");
    expect(field(message["usage"], "server_tool_use")).toEqual(SERVER_TOOL_USE);
  });

  test("streamed, each block begun, filled and ended before the next", () => {
    const writer = createMessagesWriter(META, []);
    const frames = framesOf(EVENTS.map((event) => writer.batch([event])).join("") + writer.end(USAGE));
    expect(contentOf(frames)).toEqual(CONTENT);
    const types = frames.map((frame) => field(frame, "type"));
    expect(types.filter((type) => type === "content_block_start")).toHaveLength(CONTENT.length);
    expect(types.filter((type) => type === "content_block_stop")).toHaveLength(CONTENT.length);
    const starts = frames.filter((frame) => field(frame, "type") === "content_block_start");
    expect(starts.map((frame) => field(frame, "index"))).toEqual([0, 1, 2, 3, 4]);
    expect(field(field(starts[1], "content_block"), "input")).toEqual({});
    const delta = frames.find((frame) => field(frame, "type") === "message_delta");
    expect(field(field(delta, "delta"), "stop_reason")).toBe("pause_turn");
    expect(field(field(delta, "usage"), "server_tool_use")).toEqual(SERVER_TOOL_USE);
    expect(arrayField(frames[0], "content")).toEqual([]);
  });
});
