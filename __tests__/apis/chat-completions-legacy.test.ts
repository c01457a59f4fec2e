import { describe, expect, test } from "vitest";
import { chatCompletions } from "#lib/apis/chat-completions/read.ts";
import { packToken } from "#lib/apis/issuer-token.ts";
import { AnswerBuilder } from "#lib/chat/answer.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";

const HI = { role: "user", content: "Hi" };
const META = { id: "abc", model: "smart", createdAt: 1 };
const USAGE: TokenUsage = {
  promptTokens: 1,
  completionTokens: 1,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  source: "exact",
};

function read(body: object) {
  const parsed = chatCompletions.schema.parse({ model: "smart", messages: [HI], ...body });
  return chatCompletions.read(parsed, new Headers());
}

describe("functions, as before there were tools", () => {
  const functions = [{ name: "f" }];

  test("one call is all that an answer has room for", () => {
    const { chat, createWriter } = read({ functions });
    expect(chat.singleToolCall).toBe(true);
    const frames = createWriter(META).batch([
      { type: "tool_call", index: 0, id: "a", name: "f", arguments: "{" },
      { type: "tool_call", index: 1, id: "b", name: "f", arguments: '{"b":1}' },
      { type: "tool_call", index: 0, arguments: "}" },
    ]);
    expect(frames.match(/"arguments":"[^"]*"/g)).toEqual(['"arguments":"{"', '"arguments":"}"']);
  });

  test("each call has an id, and results go to calls in their order", () => {
    const call = (name: string) => ({ role: "assistant", function_call: { name, arguments: "{}" } });
    const result = (name: string) => ({ role: "function", name, content: "1" });
    const { chat } = read({
      functions,
      messages: [HI, call("f"), result("f"), call("g"), call("f"), result("f"), result("g"), result("h")],
    });
    const ids = chat.messages.flatMap((message) => {
      if (message.role === "tool") return [message.toolCallId];
      if (message.role !== "assistant") return [];
      return message.parts.flatMap((part) => (part.type === "tool_call" ? [part.id] : []));
    });
    const [first, , g, second] = ids;
    expect(ids).toEqual([first, first, g, second, second, g, "h"]);
    expect(new Set([first, g, second]).size).toBe(3);
  });
});

describe("a forced tool", () => {
  const tools = [{ type: "function", function: { name: "f" } }];
  const named = (name: string) => ({ type: "function", function: { name } });
  const allowed = (mode: string, ...names: string[]) => ({
    type: "allowed_tools",
    allowed_tools: { mode, tools: names.map(named) },
  });
  test.each<[string, object, string | undefined]>([
    ["is there", { tools, tool_choice: named("f") }, undefined],
    ["is not there", { tools, tool_choice: named("g") }, "tool_choice"],
    ["is one of none", { tool_choice: named("f") }, "tool_choice"],
    ["is among others", { tools, tool_choice: allowed("required", "f", "g") }, undefined],
    ["is none of those", { tools, tool_choice: allowed("required", "g") }, "tool_choice"],
    ["may be none", { tools, tool_choice: allowed("auto", "g") }, undefined],
    ["is no function", { functions: [{ name: "f" }], function_call: { name: "g" } }, "function_call"],
  ])("that %s", (_what, body, param) => {
    if (param === undefined) expect(() => read(body)).not.toThrow();
    else expect(() => read(body)).toThrow(expect.objectContaining({ details: { param } }));
  });
});

test("the signature of a call goes to its issuer again, whoever that is", () => {
  const signature = { issuer: "my-gemini", value: "sig" };
  const answer = new AnswerBuilder();
  const event: ChatEvent = { type: "tool_call", index: 0, id: "a", name: "f", arguments: "{}", signature };
  answer.push([event]);
  const body = read({}).createWriter(META).whole(answer.build(), USAGE);
  expect(JSON.stringify(body)).toContain(packToken(signature, undefined));
  const [choice] = body["choices"] as { message: object }[];
  const { chat } = read({ messages: [HI, choice?.message] });
  expect(chat.messages[1]).toMatchObject({ parts: [{ type: "tool_call", signature }] });
});
