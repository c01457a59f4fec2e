import { MessageStream } from "@anthropic-ai/sdk/lib/MessageStream";
import type { Message, MessageStreamEvent } from "@anthropic-ai/sdk/resources/messages";
import { describe, expect, test } from "vitest";
import { packToken } from "#lib/apis/issuer-token.ts";
import { messageEventSchema, messageSchema } from "#lib/apis/messages/answer-schema.ts";
import { messages } from "#lib/apis/messages/read.ts";
import { createMessagesWriter } from "#lib/apis/messages/write.ts";
import { AnswerBuilder } from "#lib/chat/answer.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { expectLinear } from "../support/linear.ts";
import { fc } from "../support/properties.ts";

const HI = [{ role: "user", content: "Hi" }];

function read(body: object, headers: Record<string, string> = {}) {
  const parsed = messages.schema.parse({ model: "smart", max_tokens: 100, messages: HI, ...body });
  return messages.read(parsed, new Headers(headers));
}

const messagesOf = (list: unknown[]): ChatRequest["messages"] => read({ messages: list }).chat.messages;
const signature = (issuer: string, value: string | { [key: string]: string }) => ({ issuer, value });

describe("reading a request", () => {
  test.each<[string, object, Partial<ChatRequest>]>([
    [
      "a system string",
      { system: "Be brief." },
      {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Hi" },
        ],
      },
    ],
    ["sampling", { temperature: 0, top_p: 0.5, top_k: 0 }, { temperature: 0, topP: 0.5, topK: 0 }],
    ["stop sequences and the cap", { stop_sequences: ["x"] }, { stop: ["x"], maxOutputTokens: 100 }],
    ["no cap", { max_tokens: undefined }, {}],
    [
      "thinking with a budget",
      { thinking: { type: "enabled", budget_tokens: 4_000 } },
      { reasoningEffort: "medium", reasoningBudgetTokens: 4_000 },
    ],
    [
      "thinking switched off",
      { thinking: { type: "disabled" }, output_config: { effort: "high" } },
      { reasoningEffort: "none" },
    ],
    ["adaptive thinking", { thinking: { type: "adaptive" } }, { reasoningEffort: "high" }],
    [
      "adaptive thinking with an effort",
      { thinking: { type: "adaptive" }, output_config: { effort: "low" } },
      { reasoningEffort: "low" },
    ],
    ["an effort alone", { output_config: { effort: "max" } }, { reasoningEffort: "max" }],
    [
      "a schema for the answer",
      { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
      { responseFormat: { type: "json_schema", name: "answer", schema: { type: "object" }, strict: true } },
    ],
    [
      "the same by its older name",
      { output_format: { type: "json_schema", schema: { type: "object" } } },
      { responseFormat: { type: "json_schema", name: "answer", schema: { type: "object" }, strict: true } },
    ],
    ["the user", { metadata: { user_id: "u1" } }, { user: "u1" }],
    ["tool_choice auto", { tool_choice: { type: "auto" } }, { toolChoice: "auto" }],
    ["tool_choice any", { tool_choice: { type: "any" } }, { toolChoice: "required" }],
    ["tool_choice none", { tool_choice: { type: "none" } }, { toolChoice: "none" }],
    [
      "tool_choice tool, one at a time",
      {
        tools: [{ name: "f", input_schema: {} }],
        tool_choice: { type: "tool", name: "f", disable_parallel_tool_use: true },
      },
      {
        tools: [{ type: "function", name: "f", parameters: {} }],
        toolChoice: { type: "tool", name: "f" },
        parallelToolCalls: false,
      },
    ],
    [
      "tools",
      {
        tools: [
          { name: "f", input_schema: { type: "object" } },
          {
            type: "custom",
            name: "g",
            description: "d",
            strict: true,
            input_schema: {},
            cache_control: { type: "ephemeral", ttl: "1h" },
          },
          { type: "web_search_20250305", name: "web_search", max_uses: 2 },
        ],
      },
      {
        webSearch: true,
        tools: [
          { type: "function", name: "f", parameters: { type: "object" } },
          {
            type: "function",
            name: "g",
            description: "d",
            strict: true,
            parameters: {},
            cacheBreakpoint: "1h",
          },
          {
            type: "opaque",
            dialect: "anthropic",
            value: { type: "web_search_20250305", name: "web_search", max_uses: 2 },
            path: "tools.2",
          },
        ],
      },
    ],
  ])("%s", (_name, body, expected) => {
    const { stream, messages: list, conversationId, extra, maxOutputTokens, ...chat } = read(body).chat;
    expect(stream).toBe(false);
    const effortAlone =
      "output_config" in body && !("thinking" in body) && chat.reasoningEffort !== undefined;
    expect(extra).toEqual({ dialect: "anthropic", fields: {}, ...(effortAlone ? { effortAlone } : {}) });
    expect(conversationId).toMatch(/^\w+$/);
    const known = { messages: list, maxOutputTokens };
    expect({ ...known, ...chat }).toEqual({
      messages: [{ role: "user", content: "Hi" }],
      maxOutputTokens: "max_tokens" in body ? undefined : 100,
      ...expected,
    });
  });

  test("what a user sends: results of tools first, then the rest; nothing is lost", () => {
    const document = {
      type: "document",
      source: { type: "text", data: "x" },
      cache_control: { type: "ephemeral" },
    };
    const byFile = { type: "image", source: { type: "file", file_id: "f" } };
    expect(
      messagesOf([
        {
          role: "user",
          content: [
            { type: "text", text: "See", cache_control: { type: "ephemeral" } },
            {
              type: "tool_result",
              tool_use_id: "t1",
              content: "20 C",
              is_error: false,
              cache_control: { type: "ephemeral", ttl: "5m" },
            },
            {
              type: "tool_result",
              tool_use_id: "t2",
              is_error: true,
              content: [
                { type: "text", text: "no" },
                { type: "image", source: { type: "base64", media_type: "image/png", data: "AA" } },
                { type: "tool_reference", tool_name: "f" },
              ],
            },
            { type: "tool_result", tool_use_id: "t3" },
            { type: "image", source: { type: "url", url: "https://a.example/b.png" } },
            byFile,
            document,
          ],
        },
      ]),
    ).toEqual([
      {
        role: "tool",
        toolCallId: "t1",
        content: "20 C",
        isError: false,
        cacheBreakpoint: { type: "ephemeral", ttl: "5m" },
      },
      {
        role: "tool",
        toolCallId: "t2",
        isError: true,
        content: [
          { type: "text", text: "no" },
          { type: "image", url: "data:image/png;base64,AA" },
          {
            type: "opaque",
            dialect: "anthropic",
            value: { type: "tool_reference", tool_name: "f" },
            path: "messages.0.content.2.content.2",
            instead: "The tool f is available.",
          },
        ],
      },
      { role: "tool", toolCallId: "t3", content: [] },
      {
        role: "user",
        content: [
          { type: "text", text: "See", cacheBreakpoint: true },
          { type: "image", url: "https://a.example/b.png" },
          { type: "opaque", dialect: "anthropic", value: byFile, path: "messages.0.content.5" },
          { type: "document", source: { kind: "text", text: "x" }, cacheBreakpoint: true },
        ],
      },
    ]);
  });

  test("an assistant message: signatures go back to their issuer", () => {
    const foreign = packToken(signature("openrouter", { type: "reasoning.text" }), "anthropic");
    expect(
      messagesOf([
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "a", signature: "sig" },
            { type: "thinking", thinking: "b", signature: foreign },
            { type: "thinking", thinking: "c", signature: "" },
            { type: "redacted_thinking", data: "xyz" },
            { type: "redacted_thinking", data: foreign },
            { type: "text", text: "Hm.", citations: [] },
            { type: "tool_use", id: "t1", name: "f", input: { x: 1 }, cache_control: { type: "ephemeral" } },
          ],
        },
      ]),
    ).toEqual([
      {
        role: "assistant",
        parts: [
          { type: "reasoning", text: "a", signature: signature("anthropic", "sig") },
          { type: "reasoning", text: "b", signature: signature("openrouter", { type: "reasoning.text" }) },
          { type: "reasoning", text: "c" },
          {
            type: "reasoning",
            text: "",
            signature: signature("anthropic", { type: "redacted_thinking", data: "xyz" }),
          },
          { type: "reasoning", text: "", signature: signature("openrouter", { type: "reasoning.text" }) },
          { type: "text", text: "Hm." },
          { type: "tool_call", id: "t1", name: "f", arguments: '{"x":1}', cacheBreakpoint: true },
        ],
      },
    ]);
  });

  test("one message becomes one message, its parts in the order of the blocks", () => {
    const result = { type: "web_search_tool_result", tool_use_id: "s", content: [] };
    expect(
      messagesOf([
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "a", signature: "s1" },
            { type: "text", text: "1" },
            { type: "server_tool_use", id: "s", name: "web_search", input: {} },
            result,
            { type: "thinking", thinking: "b", signature: "s2" },
            { type: "tool_use", id: "t", name: "f", input: {} },
            { type: "thinking", thinking: "c", signature: "s3" },
            { type: "tool_use", id: "u", name: "f", input: {} },
            { type: "text", text: "2" },
          ],
        },
      ]),
    ).toMatchObject([
      {
        role: "assistant",
        parts: [
          { type: "reasoning", text: "a", signature: signature("anthropic", "s1") },
          { type: "text", text: "1" },
          { type: "opaque", dialect: "anthropic", value: { type: "server_tool_use" } },
          { type: "opaque", dialect: "anthropic", value: result },
          { type: "reasoning", text: "b", signature: signature("anthropic", "s2") },
          { type: "tool_call", id: "t" },
          { type: "reasoning", text: "c", signature: signature("anthropic", "s3") },
          { type: "tool_call", id: "u" },
          { type: "text", text: "2" },
        ],
      },
    ]);
  });

  test("a note to Anthropic's billing is for Anthropic only", () => {
    const note = { type: "text", text: "x-anthropic-billing-header: cc_version=1;" };
    const [system] = read({ system: [note, { type: "text", text: "Be brief." }] }).chat.messages;
    expect(system).toEqual({
      role: "system",
      content: [
        { type: "opaque", dialect: "anthropic", value: note, path: "system.0", instead: "" },
        { type: "text", text: "Be brief." },
      ],
    });
  });

  test("other fields and beta features are passed on; what no engine can receive is reported", () => {
    const { chat, dropped } = read(
      {
        service_tier: "auto",
        thread: { type: "create" },
        thinking: { type: "enabled", budget_tokens: 2_000, display: "omitted" },
        metadata: { user_id: "u".repeat(65) },
        tools: [{ name: "f", input_schema: {}, defer_loading: true }],
      },
      { "anthropic-beta": "a-2025, message-threads-2026-08-12,b-2026,ü" },
    );
    expect(chat.extra).toEqual({
      dialect: "anthropic",
      fields: { service_tier: "auto" },
      details: { "thinking.display": "omitted", "metadata.user_id": "u".repeat(65) },
      betas: "a-2025,b-2026",
    });
    expect(chat.user).toMatch(/^user-\w{1,20}$/);
    expect(chat.tools?.[0]).toMatchObject({
      native: { dialect: "anthropic", fields: { defer_loading: true } },
    });
    expect(dropped).toEqual(["thread"]);
  });

  test("fields that are called like the parts of others are further fields", () => {
    const { chat } = read({ "metadata.user_id": "someone", "thinking.display": "x" });
    expect(chat.extra?.fields).toEqual({ "metadata.user_id": "someone", "thinking.display": "x" });
    expect(chat.extra?.details).toBeUndefined();
  });

  test.each<[string, object, boolean]>([
    ["that is not there", { tools: [{ name: "g", input_schema: {} }] }, true],
    ["without tools", {}, true],
    ["of Anthropic's own", { tools: [{ type: "bash_20250124", name: "f" }] }, false],
  ])("a forced tool %s", (_what, body, isRefused) => {
    const ask = () => read({ ...body, tool_choice: { type: "tool", name: "f" } });
    if (!isRefused) expect(ask().chat.toolChoice).toEqual({ type: "tool", name: "f" });
    else expect(ask).toThrow(expect.objectContaining({ details: { param: "tool_choice" } }));
  });

  test("a thread cannot be continued: it is not here", () => {
    const body = { messages: [], thread: { type: "continue", previous_message_id: "msg_1" } };
    expect(() => read(body)).toThrow(GatewayError);
    expect(() => read(body)).toThrow(
      expect.objectContaining({ code: "not_found", details: { error_code: "thread_not_found" } }),
    );
  });

  test.each([
    ["no message", { messages: [] }],
    ["no message to begin a thread with", { messages: [], thread: { type: "create" } }],
    ["an unknown role", { messages: [{ role: "bot", content: "x" }] }],
    ["a result without an id", { messages: [{ role: "user", content: [{ type: "tool_result" }] }] }],
    ["a tool without a schema", { tools: [{ name: "f" }] }],
  ])("%s is refused", (_name, body) => {
    expect(messages.schema.safeParse({ model: "smart", messages: HI, ...body }).success).toBe(false);
  });
});

const META = { id: "abc", model: "smart", createdAt: 1 };
const USAGE: TokenUsage = {
  promptTokens: 40,
  completionTokens: 7,
  cachedTokens: 30,
  cacheWriteTokens: 4,
  reasoningTokens: 2,
  source: "exact",
};

/** The frames as events, each under its own name. */
function eventsOf(frames: string): MessageStreamEvent[] {
  const parts = frames.split("\n\n");
  expect(parts.pop()).toBe("");
  return parts.map((part) => {
    const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
    const event = JSON.parse(data ?? "") as MessageStreamEvent;
    expect(name).toBe(event.type);
    return event;
  });
}

function streamed(batches: readonly (readonly ChatEvent[])[]): MessageStreamEvent[] {
  const writer = createMessagesWriter(META, ["END"]);
  return eventsOf(batches.map((batch) => writer.batch(batch)).join("") + writer.end(USAGE));
}

function whole(events: readonly ChatEvent[]): unknown {
  const builder = new AnswerBuilder();
  builder.push(events);
  return JSON.parse(JSON.stringify(createMessagesWriter(META, ["END"]).whole(builder.build(), USAGE)));
}

/** The message that Anthropic's own SDK makes of the events. */
async function accumulated(events: readonly MessageStreamEvent[]): Promise<unknown> {
  const lines = events.map((event) => `${JSON.stringify(event)}\n`).join("");
  const body = new Response(lines).body;
  if (body === null) throw new Error("There is no body.");
  const message: Message = await MessageStream.fromReadableStream(body).finalMessage();
  return JSON.parse(
    JSON.stringify(message, (key: string, value: unknown) =>
      key === "parsed_output" || key === "_request_id" ? undefined : value,
    ),
  );
}

const FINISH: ChatEvent = { type: "finish", reason: "stop", native: "stop" };
const call = (index: number, args: string, name?: string): ChatEvent =>
  name === undefined
    ? { type: "tool_call", index, arguments: args }
    : { type: "tool_call", index, id: `id_${index}`, name, arguments: args };

describe("writing an answer", () => {
  const token = fc.oneof(
    fc.string({ minLength: 1 }).map((value) => signature("anthropic", value)),
    fc.constant(signature("anthropic", { type: "redacted_thinking", data: "x" })),
    fc.constant(signature("openrouter", { type: "reasoning.encrypted", data: "x" })),
    fc.constant(signature("gemini-grounded", "abc")),
  );
  const reasoning: fc.Arbitrary<ChatEvent> = fc.oneof(
    fc.string().map((text): ChatEvent => ({ type: "reasoning", text })),
    fc
      .tuple(fc.string(), token)
      .map(([text, own]): ChatEvent => ({ type: "reasoning", text, signature: own })),
  );
  const texts: fc.Arbitrary<ChatEvent[]> = fc
    .tuple(fc.array(fc.string()), fc.array(fc.webUrl(), { maxLength: 2 }), fc.boolean())
    .map(([pieces, urls, first]) => {
      const said = pieces.map((text): ChatEvent => ({ type: "text", text }));
      const sources: ChatEvent = { type: "sources", sources: urls.map((uri) => ({ uri })) };
      return first ? [sources, ...said] : [...said, sources];
    });
  const input = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,5}$/),
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant({ a: [1, { b: "}" }] })),
  );
  /** Calls whose fragments come in any order, each call's own in theirs; some say nothing at all. */
  const calls: fc.Arbitrary<ChatEvent[]> = fc
    .array(fc.tuple(fc.option(input, { nil: undefined }), fc.integer({ min: 1, max: 9 })), { maxLength: 3 })
    .chain((inputs) => {
      const fragments = inputs.map(([value, size]) => {
        const text = value === undefined ? "" : JSON.stringify(value);
        const pieces = text.match(new RegExp(`.{1,${size}}`, "gsu")) ?? [];
        return ["", ...pieces];
      });
      const order = fragments.flatMap((pieces, index) => pieces.map(() => index));
      return fc.shuffledSubarray(order, { minLength: order.length, maxLength: order.length }).map((picks) => {
        // Calls are numbered in the order in which they begin.
        const numbers = new Map<number, number>();
        const next = fragments.map(() => 0);
        return picks.map((pick): ChatEvent => {
          const isFirst = !numbers.has(pick);
          if (isFirst) numbers.set(pick, numbers.size);
          const position = next[pick] ?? 0;
          next[pick] = position + 1;
          return call(
            numbers.get(pick) ?? 0,
            fragments[pick]?.[position] ?? "",
            isFirst ? `f${pick}` : undefined,
          );
        });
      });
    });
  const finish: fc.Arbitrary<ChatEvent> = fc.constantFrom(
    FINISH,
    { type: "finish", reason: "stop", native: "stop", stopSequence: "END" },
    { type: "finish", reason: "length", native: "length" },
    { type: "finish", reason: "content_filter", native: "x" },
    { type: "finish", reason: "tool_calls", native: "x" },
    { type: "finish", reason: "other", native: "x" },
  );

  test("the SDK accumulates the events to what the whole answer is, wherever batches end", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(reasoning, { maxLength: 5 }),
        texts,
        calls,
        finish,
        fc.integer({ min: 1, max: 5 }),
        async (thoughts, said, called, end, size) => {
          const events = [...thoughts, ...said, ...called, end];
          const batches = Array.from({ length: Math.ceil(events.length / size) }, (_, at) =>
            events.slice(at * size, (at + 1) * size),
          );
          const answer = whole(events);
          const told = streamed(batches);
          // A stream's last usage has no such part.
          const read = messageSchema.parse(answer);
          const usage = { ...read.usage, cache_creation: null };
          expect(await accumulated(told)).toEqual({ ...read, usage });
          // Both are as they are documented.
          messageSchema.parse(answer);
          for (const event of told) messageEventSchema.parse(event);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("whatever comes in whatever order: blocks one after the other, and a proper end", () => {
    const any = fc.array(
      fc.oneof(
        reasoning,
        fc.string().map((text): ChatEvent => ({ type: "text", text })),
        fc.string().map((text): ChatEvent => ({ type: "refusal", text })),
        fc.tuple(fc.nat(3), fc.string()).map(([index, text]): ChatEvent => call(index, text)),
        finish,
      ),
    );
    fc.assert(
      fc.property(any, (events) => {
        const out = streamed([events]);
        expect(out[0]?.type).toBe("message_start");
        expect(out.slice(-2).map(({ type }) => type)).toEqual(["message_delta", "message_stop"]);
        let open: number | undefined;
        let last = -1;
        for (const event of out.slice(1, -2)) {
          if (event.type === "content_block_start") {
            expect(open).toBeUndefined();
            expect(event.index).toBe(last + 1);
            open = last = event.index;
          } else if (event.type === "content_block_delta") expect(event.index).toBe(open);
          else {
            expect(event).toEqual({ type: "content_block_stop", index: open });
            open = undefined;
          }
        }
        expect(open).toBeUndefined();
      }),
    );
  });

  test("arguments in many pieces take time in proportion", () => {
    expectLinear(4_000, (size) => {
      const pieces = Array.from({ length: size }, (): ChatEvent[] => [
        { type: "tool_call", index: 0, arguments: "[{}]," },
        { type: "text", text: "x" },
      ]);
      const open: ChatEvent = { type: "tool_call", index: 0, id: "a", name: "f", arguments: '{"a":[' };
      return () => {
        const writer = createMessagesWriter(META, []);
        writer.batch([open]);
        for (const piece of pieces) writer.batch(piece);
        writer.end(USAGE);
      };
    });
  });

  test("arguments that are nested too deeply are dropped", () => {
    const deep = `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
    const answer = new AnswerBuilder();
    answer.push([{ type: "tool_call", index: 0, id: "a", name: "f", arguments: deep }]);
    const body = createMessagesWriter(META, []).whole(answer.build(), USAGE);
    expect(JSON.stringify(body)).toContain('"input":{}');
  });

  test("a later call waits until the earlier one is complete, and no longer", () => {
    const writer = createMessagesWriter(META, ["END"]);
    writer.batch([call(0, '{"a"', "f"), call(1, '{"b":', "g"), { type: "text", text: "so" }]);
    const types = (events: ChatEvent[]) =>
      eventsOf(writer.batch(events)).map((event) => `${event.type}${"index" in event ? event.index : ""}`);
    expect(types([call(1, "2}")])).toEqual([]);
    expect(types([call(0, ":1}")])).toEqual([
      "content_block_delta0",
      "content_block_stop0",
      "content_block_start1",
      "content_block_delta1",
      "content_block_stop1",
      "content_block_start2",
      "content_block_delta2",
    ]);
  });

  test("a stop sequence that is not the client's is none", () => {
    const finish: ChatEvent = { type: "finish", reason: "stop", native: "stop", stopSequence: "end_turn" };
    const events: ChatEvent[] = [{ type: "text", text: "x" }, finish];
    const stopped = { stop_reason: "end_turn", stop_sequence: null };
    expect(whole(events)).toMatchObject(stopped);
    expect(streamed([events]).at(-2)).toMatchObject({ delta: stopped });
  });

  test("usage: what was cached is not counted as input", () => {
    expect(whole([{ type: "text", text: "x" }, FINISH])).toMatchObject({
      id: "msg_abc",
      type: "message",
      role: "assistant",
      model: "smart",
      content: [{ type: "text", text: "x" }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: {
        input_tokens: 6,
        cache_read_input_tokens: 30,
        cache_creation_input_tokens: 4,
        output_tokens: 7,
      },
    });
  });

  test.each(["{broken", "null", "[1]", '"x"', ""])(
    "arguments that are no object, %j, become an empty one",
    (text) => {
      expect(whole([call(0, text, "f"), FINISH])).toMatchObject({
        content: [{ type: "tool_use", id: "id_0", name: "f", input: {} }],
        stop_reason: "tool_use",
      });
    },
  );

  test("an answer that breaks off ends in an error, without a mark of success", () => {
    const writer = createMessagesWriter(META, ["END"]);
    const frames =
      writer.batch([{ type: "text", text: "x" }]) +
      writer.fail(new GatewayError("stream_interrupted", "Broken."));
    expect(eventsOf(frames).map(({ type }) => type)).toEqual([
      "message_start",
      "content_block_start",
      "content_block_delta",
      "error",
    ]);
    expect(
      frames
        .trimEnd()
        .endsWith('{"type":"error","error":{"type":"api_error","message":"Broken.","retryable":true}}'),
    ).toBe(true);
  });
});
