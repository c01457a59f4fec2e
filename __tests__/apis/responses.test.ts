import { ResponseStream } from "openai/lib/responses/ResponseStream";
import { describe, expect, test } from "vitest";
import type { AnswerWriter } from "#lib/apis/completion-api.ts";
import { responseEventSchema, responseSchema } from "#lib/apis/responses/answer-schema.ts";
import { responses } from "#lib/apis/responses/read.ts";
import { responsesSchema } from "#lib/apis/responses/schema.ts";
import { AnswerBuilder } from "#lib/chat/answer.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { type JsonObject, stringField } from "#lib/shared/json.ts";
import { fc } from "../support/properties.ts";
import { type ResponseEvent, ResponseReader, readEvents, said } from "../support/response-events.ts";

function read(body: JsonObject) {
  return responses.read(responsesSchema.parse({ model: "smart", ...body }), new Headers());
}

const messagesOf = (input: unknown, body: JsonObject = {}): ChatRequest["messages"] =>
  read({ ...body, input: input as JsonObject[] }).chat.messages;

const call = (id: string, name = "f", rest: JsonObject = {}): JsonObject => ({
  type: "function_call",
  call_id: id,
  name,
  arguments: "{}",
  ...rest,
});
const output = (id: string, value: unknown = "out"): JsonObject => ({
  type: "function_call_output",
  call_id: id,
  output: value as string,
});
const user = { role: "user", content: "hi" };
const toolCall = (id: string, name = "f") => ({ type: "tool_call", id, name, arguments: "{}" });
const textPart = (value: string) => ({ type: "text", text: value });
const reasoningPart = (value: string) => ({ type: "reasoning", text: value });
const thinks = (value: string) => ({ type: "reasoning", summary: [{ type: "summary_text", text: value }] });
const assistant = (...parts: object[]) => ({ role: "assistant", parts });
const tool = (id: string) => ({ role: "tool", toolCallId: id, content: "out" });

describe("items become messages", () => {
  test.each<{ what: string; input: unknown; messages: unknown[]; dropped?: string[] }>([
    { what: "a text", input: "hi", messages: [user] },
    { what: "a message without a type", input: [user], messages: [user] },
    {
      what: "one part of text",
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: "hi" }] }],
      messages: [user],
    },
    {
      what: "roles",
      input: [
        { role: "system", content: "s" },
        { role: "developer", content: "d" },
        { role: "assistant", content: [{ type: "output_text", text: "a", annotations: [] }] },
      ],
      messages: [
        { role: "system", content: "s" },
        { role: "system", content: "d", developer: true },
        assistant(textPart("a")),
      ],
    },
    {
      what: "images",
      input: [
        {
          role: "user",
          content: [
            { type: "input_text", text: "what" },
            { type: "input_image", image_url: "https://x/a.png", detail: "low" },
            { type: "input_image", image_url: "data:image/png;base64,AA==", detail: "original" },
            { type: "input_image", image_url: "https://x/b.png", detail: "whatever" },
            { type: "input_image", file_id: "file_1" },
          ],
        },
      ],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "what" },
            { type: "image", url: "https://x/a.png", detail: "low" },
            { type: "image", url: "data:image/png;base64,AA==", detail: "high" },
            { type: "image", url: "https://x/b.png" },
            { type: "opaque", dialect: "openai", value: { type: "input_image", file_id: "file_1" } },
          ],
        },
      ],
    },
    {
      what: "files and sounds",
      input: [
        {
          role: "user",
          content: [
            { type: "input_file", filename: "a.pdf", file_data: "data:application/pdf;base64,AA==" },
            { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
            { type: "input_file", file_id: "file_1" },
            { type: "input_file", file_url: "https://x/a.pdf" },
            { type: "input_smell", smell: "rose" },
          ],
        },
      ],
      messages: [
        {
          role: "user",
          content: [
            {
              type: "document",
              name: "a.pdf",
              path: "input.0.content.0",
              source: {
                kind: "url",
                url: "data:application/pdf;base64,AA==",
                mediaType: "application/pdf",
              },
            },
            {
              type: "opaque",
              dialect: "openai",
              value: { type: "input_audio", input_audio: { data: "AA==", format: "wav" } },
            },
            {
              type: "opaque",
              dialect: "openai",
              value: { type: "file", file: { file_id: "file_1" } },
            },
            {
              type: "document",
              source: { kind: "url", url: "https://x/a.pdf", mediaType: "application/pdf" },
            },
          ],
        },
      ],
      dropped: ["input.input_smell"],
    },
    {
      what: "parallel calls and their results",
      input: [user, call("1"), call("2", "g"), output("1"), output("2")],
      messages: [user, assistant(toolCall("1"), toolCall("2", "g")), tool("1"), tool("2")],
    },
    {
      what: "calls one after the other",
      input: [call("1"), output("1"), call("2"), output("2")],
      messages: [assistant(toolCall("1")), tool("1"), assistant(toolCall("2")), tool("2")],
    },
    {
      what: "a text with calls",
      input: [{ role: "assistant", content: "Let me see." }, call("1"), output("1")],
      messages: [assistant(textPart("Let me see."), toolCall("1")), tool("1")],
    },
    {
      what: "a text between calls and results",
      input: [
        { role: "assistant", content: "One." },
        call("1"),
        { role: "assistant", content: "Two." },
        call("2"),
        output("1"),
        output("2"),
      ],
      messages: [
        assistant(textPart("One."), toolCall("1"), textPart("Two."), toolCall("2")),
        tool("1"),
        tool("2"),
      ],
    },
    {
      what: "a custom call and its result",
      input: [
        { type: "custom_tool_call", call_id: "1", name: "patch", input: "*** Begin" },
        { type: "custom_tool_call_output", call_id: "1", output: "out" },
      ],
      messages: [
        assistant({ type: "tool_call", id: "1", name: "patch", arguments: "*** Begin", custom: true }),
        tool("1"),
      ],
    },
    {
      what: "a result with an image",
      input: [
        call("1"),
        output("1", [
          { type: "input_text", text: "see" },
          { type: "input_image", image_url: "data:image/png;base64,AA==" },
        ]),
      ],
      messages: [
        assistant(toolCall("1")),
        {
          role: "tool",
          toolCallId: "1",
          content: [
            { type: "text", text: "see" },
            { type: "image", url: "data:image/png;base64,AA==" },
          ],
        },
      ],
    },
    {
      what: "reasoning before what it led to",
      input: [
        user,
        { type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }], encrypted_content: "gAAAA" },
        { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "So." }] },
        call("1"),
        output("1"),
      ],
      messages: [
        user,
        assistant({ type: "reasoning", text: "Hm." }, { type: "reasoning", text: "So." }, toolCall("1")),
        tool("1"),
      ],
      dropped: ["input.reasoning.encrypted_content"],
    },
    {
      what: "reasoning between words and calls, in order",
      input: [
        thinks("a"),
        { role: "assistant", content: "One." },
        thinks("b"),
        call("1"),
        thinks("c"),
        call("2"),
        thinks("d"),
        { role: "assistant", content: "Two." },
        output("1"),
        output("2"),
      ],
      messages: [
        assistant(
          reasoningPart("a"),
          textPart("One."),
          reasoningPart("b"),
          toolCall("1"),
          reasoningPart("c"),
          toolCall("2"),
          reasoningPart("d"),
          textPart("Two."),
        ),
        tool("1"),
        tool("2"),
      ],
    },
    {
      what: "messages side by side, each with the reasoning before it",
      input: [
        thinks("a"),
        { role: "assistant", content: "One." },
        thinks("b"),
        { role: "assistant", content: "Two." },
        thinks("c"),
        user,
      ],
      messages: [
        assistant(reasoningPart("a"), textPart("One.")),
        assistant(reasoningPart("b"), textPart("Two."), reasoningPart("c")),
        user,
      ],
    },
    {
      what: "words and a refusal in one message",
      input: [
        {
          role: "assistant",
          content: [
            { type: "output_text", text: "Well." },
            { type: "refusal", refusal: "No." },
          ],
        },
        user,
      ],
      messages: [assistant(textPart("Well."), { type: "refusal", text: "No." }), user],
    },
    {
      what: "reasoning that led to nothing",
      input: [{ type: "reasoning", summary: [{ type: "summary_text", text: "Hm." }] }, user],
      messages: [user],
    },
    {
      what: "a refusal",
      input: [{ role: "assistant", content: [{ type: "refusal", refusal: "No." }] }, user],
      messages: [assistant({ type: "refusal", text: "No." }), user],
    },
    {
      what: "items that only OpenAI's server knows",
      input: [
        user,
        { type: "item_reference", id: "msg_1" },
        { type: "web_search_call", id: "ws_1", status: "completed", action: { type: "search" } },
        { type: "compaction", encrypted_content: "x" },
        { type: "tool_search_call", execution: "server", call_id: null, arguments: {} },
        { type: "tool_search_output", execution: "server", call_id: null, tools: [] },
      ],
      messages: [user],
      dropped: [
        "input.item_reference",
        "input.web_search_call",
        "input.compaction",
        "input.tool_search_call",
      ],
    },
    {
      what: "calls of tools with items of their own",
      input: [
        user,
        {
          type: "local_shell_call",
          id: "lsh_1",
          call_id: "c1",
          action: { type: "exec", command: ["ls"], env: {}, timeout_ms: 10 },
        },
        { type: "local_shell_call_output", id: "c1", output: "a.txt" },
        { type: "shell_call", call_id: "c2", action: { commands: ["ls", "pwd"] } },
        { type: "shell_call_output", call_id: "c2", output: [{ stdout: "a", stderr: "" }] },
        { type: "apply_patch_call", call_id: "c3", operation: { type: "delete_file", path: "a" } },
        { type: "apply_patch_call_output", call_id: "c3", status: "completed" },
        { type: "tool_search_call", call_id: "c4", execution: "client", arguments: { query: "q" } },
        {
          type: "tool_search_output",
          call_id: "c4",
          execution: "client",
          tools: [
            { type: "function", name: "f" },
            { type: "namespace", name: "n", description: "", tools: [{ type: "function", name: "g" }] },
          ],
        },
        { type: "tool_search_call", call_id: "c5", arguments: '{"query":"r"}' },
        { type: "tool_search_output", call_id: "c5", tools: [] },
      ],
      messages: [
        user,
        ...(
          [
            ["c1", "local_shell", '{"command":["ls"],"env":{},"timeout_ms":10}', "a.txt"],
            ["c2", "shell", '{"commands":["ls","pwd"]}', '[{"stdout":"a","stderr":""}]'],
            ["c3", "apply_patch", '{"type":"delete_file","path":"a"}', ""],
            ["c4", "tool_search", '{"query":"q"}', "Found tools: f, n__g."],
            ["c5", "tool_search", '{"query":"r"}', "No tools were found."],
          ] as const
        ).flatMap(([id, name, args, content]) => [
          assistant({ type: "tool_call", id, name, arguments: args }),
          { role: "tool", toolCallId: id, content },
        ]),
      ],
    },
    {
      what: "phases of a turn",
      input: [
        user,
        { role: "assistant", content: "Looking.", phase: "commentary" },
        call("1"),
        output("1"),
        { role: "assistant", content: [{ type: "output_text", text: "Done." }], phase: "final_answer" },
        { role: "assistant", content: "Bye.", phase: null },
      ],
      messages: [
        user,
        assistant({ ...textPart("Looking."), phase: "commentary" }, toolCall("1")),
        tool("1"),
        assistant({ ...textPart("Done."), phase: "final_answer" }),
        assistant(textPart("Bye.")),
      ],
    },
  ])("$what", ({ input, messages, dropped = [] }) => {
    const request = read({ input: input as JsonObject[] });
    expect(request.chat.messages).toEqual(messages);
    expect(request.dropped).toEqual(dropped);
  });

  test("instructions stand first", () => {
    expect(messagesOf("hi", { instructions: "Be brief." })).toEqual([
      { role: "system", content: "Be brief.", developer: true },
      user,
    ]);
    expect(messagesOf("hi", { instructions: [{ role: "system", content: "Be brief." }] })).toEqual([
      { role: "system", content: "Be brief." },
      user,
    ]);
  });

  test.each([
    { what: "a call without an id", item: { type: "function_call", name: "f", arguments: "{}" } },
    { what: "a role that does not exist", item: { role: "tool", content: "x" } },
    { what: "a text that is none", item: { role: "user", content: [{ type: "input_text", text: 1 }] } },
  ])("$what is refused", ({ item }) => {
    expect(responsesSchema.safeParse({ model: "smart", input: [item] }).success).toBe(false);
  });
});

test("a request with nothing in it is refused", () => {
  for (const input of [undefined, null, []]) {
    const body = responsesSchema.parse({ model: "smart", input });
    expect(() => responses.read(body, new Headers())).toThrowError(
      expect.objectContaining({ code: "invalid_request", details: { param: "input" } }) as Error,
    );
  }
});

describe("fields become those of a chat", () => {
  test.each<{ what: string; body: JsonObject; chat: object; dropped?: string[] }>([
    {
      what: "sampling and limits",
      body: { temperature: 0, top_p: 0.5, max_output_tokens: 9, parallel_tool_calls: false, user: "u" },
      chat: { temperature: 0, topP: 0.5, maxOutputTokens: 9, parallelToolCalls: false, user: "u" },
    },
    {
      what: "reasoning",
      body: { reasoning: { effort: "low", summary: null }, include: ["reasoning.encrypted_content"] },
      chat: { reasoningEffort: "low" },
    },
    {
      what: "probabilities",
      body: { include: ["message.output_text.logprobs"], top_logprobs: 3 },
      chat: { logprobs: true, topLogprobs: 3 },
    },
    { what: "probabilities that nobody wants to see", body: { top_logprobs: 3 }, chat: {} },
    {
      what: "a JSON schema",
      body: {
        text: {
          format: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true },
          verbosity: "low",
        },
      },
      chat: {
        responseFormat: { type: "json_schema", name: "n", schema: { type: "object" }, strict: true },
        extra: { dialect: "openai", fields: { verbosity: "low" } },
      },
    },
    {
      what: "plain JSON",
      body: { text: { format: { type: "json_object" } } },
      chat: { responseFormat: { type: "json_object" } },
    },
    {
      what: "fields that chats have too",
      body: {
        prompt_cache_key: "k",
        safety_identifier: "s",
        service_tier: "flex",
        prompt_cache_retention: "24h",
      },
      chat: {
        extra: {
          dialect: "openai",
          fields: {
            prompt_cache_key: "k",
            safety_identifier: "s",
            service_tier: "flex",
            prompt_cache_retention: "24h",
          },
        },
      },
    },
    {
      what: "fields with nothing to do",
      body: {
        store: true,
        client_metadata: {},
        stream_options: { include_obfuscation: false },
        truncation: "disabled",
        background: false,
        previous_response_id: null,
      },
      chat: {},
    },
    {
      what: "fields that nobody knows",
      body: { max_tool_calls: 3, context_management: [{}] },
      chat: {},
      dropped: ["max_tool_calls", "context_management"],
    },
    {
      what: "fields of this API alone",
      body: {
        truncation: "auto",
        metadata: { a: "b" },
        reasoning: { effort: "low", summary: "auto", generate_summary: null },
      },
      chat: {
        reasoningEffort: "low",
        extra: {
          dialect: "openai",
          fields: {},
          responsesFields: { metadata: { a: "b" }, reasoning: { summary: "auto" } },
          details: { truncation: "auto" },
        },
      },
    },
    {
      what: "tools that are declared within the conversation",
      body: {
        tools: [{ type: "function", name: "f", description: "old" }],
        input: [
          {
            type: "additional_tools",
            role: "developer",
            tools: [
              {
                type: "namespace",
                name: "functions",
                tools: [
                  { type: "custom", name: "exec" },
                  { type: "function", name: "wait" },
                ],
              },
              {
                type: "tool_search",
                execution: "client",
                description: "Finds.",
                parameters: { type: "object" },
              },
              { type: "web_search" },
              { type: "code_interpreter" },
            ],
          },
          user,
          {
            type: "additional_tools",
            tools: [
              { type: "function", name: "f", description: "new" },
              { type: "namespace", name: "functions", tools: [{ type: "function", name: "more" }] },
            ],
          },
          { type: "tool_search_output", tools: [{ type: "function", name: "found", defer_loading: true }] },
        ],
      },
      chat: {
        tools: [
          { type: "function", name: "f", description: "new" },
          { type: "custom", name: "functions__exec" },
          { type: "function", name: "functions__wait" },
          { type: "function", name: "functions__more" },
          { type: "function", name: "tool_search", description: "Finds.", parameters: { type: "object" } },
          { type: "function", name: "found" },
        ],
        webSearch: true,
        webSearchTool: { type: "web_search" },
      },
      dropped: ["tools.code_interpreter"],
    },
    {
      what: "tools that the client runs, and tools that OpenAI runs",
      body: {
        tools: [
          { type: "function", name: "shell" },
          { type: "shell", environment: { type: "local" } },
          { type: "shell", environment: { type: "container_auto" } },
          { type: "tool_search" },
        ],
        tool_choice: { type: "shell" },
      },
      chat: {
        tools: [
          { type: "function", name: "shell" },
          expect.objectContaining({ type: "function", name: expect.stringMatching(/^shell_\w+$/) }),
        ],
        toolChoice: { type: "tool", name: expect.stringMatching(/^shell_\w+$/) },
      },
      dropped: ["tools.shell", "tools.tool_search"],
    },
    {
      what: "functions and custom tools",
      body: {
        tools: [
          { type: "function", name: "f", description: "d", parameters: { type: "object" }, strict: false },
          { type: "function", name: "g", parameters: null, strict: null },
          { type: "custom", name: "c", description: "d", format: { type: "text" } },
        ],
        tool_choice: { type: "function", name: "f" },
      },
      chat: {
        tools: [
          { type: "function", name: "f", description: "d", parameters: { type: "object" }, strict: false },
          { type: "function", name: "g" },
          { type: "custom", name: "c", description: "d", format: { type: "text" } },
        ],
        toolChoice: { type: "tool", name: "f" },
      },
    },
    {
      what: "tools that OpenAI runs",
      body: {
        tools: [
          { type: "web_search", external_web_access: true },
          { type: "file_search" },
          { type: "image_generation" },
        ],
        tool_choice: { type: "file_search" },
      },
      chat: { webSearch: true, webSearchTool: { type: "web_search", external_web_access: true } },
      dropped: ["tools.file_search", "tools.image_generation", "tool_choice"],
    },
    {
      what: "a choice among tools",
      body: {
        tools: [
          { type: "function", name: "f" },
          {
            type: "namespace",
            name: "n",
            tools: [
              { type: "function", name: "a" },
              { type: "custom", name: "b" },
            ],
          },
        ],
        tool_choice: {
          type: "allowed_tools",
          mode: "required",
          tools: [{ type: "function", name: "f" }, { type: "namespace", name: "n" }, { type: "web_search" }],
        },
      },
      chat: {
        tools: [
          { type: "function", name: "f" },
          { type: "function", name: "n__a" },
          { type: "custom", name: "n__b" },
        ],
        toolChoice: { type: "allowed", names: ["f", "n__a", "n__b"], required: true },
      },
    },
  ])("$what", ({ body, chat, dropped = [] }) => {
    const request = read({ input: "hi", ...body });
    const { messages: _messages, conversationId: _id, stream, ...rest } = request.chat;
    expect(stream).toBe(false);
    expect(rest).toEqual(chat);
    expect(request.dropped).toEqual(dropped);
  });

  test.each([
    { previous_response_id: "resp_1" },
    { conversation: "conv_1" },
    { conversation: { id: "conv_1" } },
    { prompt: { id: "pmpt_1" }, input: null },
    { background: true },
  ])("what needs a server that stores is refused, with the field named: %o", (body) => {
    const [param] = Object.keys(body);
    expect(() => read({ input: "hi", ...body })).toThrowError(
      expect.objectContaining({ code: "invalid_request", details: { param } }) as Error,
    );
  });
});

describe("a forced tool", () => {
  const tools = [{ type: "function", name: "f" }];
  const named = (type: string, name: string) => ({ type, name });
  const allowed = (...list: unknown[]) => ({ type: "allowed_tools", mode: "required", tools: list });
  test.each<[string, JsonObject, boolean]>([
    ["is there", { tools, tool_choice: named("function", "f") }, false],
    ["is not there", { tools, tool_choice: named("function", "g") }, true],
    ["is one of none", { tool_choice: named("function", "f") }, true],
    [
      "is among others",
      { tools, tool_choice: allowed(named("function", "f"), named("custom", "g")) as JsonObject },
      false,
    ],
    ["is none of those", { tools, tool_choice: allowed(named("function", "g")) as JsonObject }, true],
    ["is OpenAI's", { tools, tool_choice: allowed({ type: "web_search" }) as JsonObject }, false],
  ])("that %s", (_what, body, isRefused) => {
    const ask = () => read({ input: "hi", ...body });
    if (!isRefused) expect(ask).not.toThrow();
    else expect(ask).toThrow(expect.objectContaining({ details: { param: "tool_choice" } }));
  });
});

describe("namespaces", () => {
  const namespaced = (namespace: string, ...names: string[]): JsonObject => ({
    type: "namespace",
    name: namespace,
    description: "d",
    tools: names.map((name) => ({ type: "function", name })),
  });
  const flatNames = (tools: JsonObject[]): string[] =>
    (read({ input: "hi", tools }).chat.tools ?? []).flatMap((own) =>
      own.type === "opaque" ? [] : [own.name],
    );

  test("names are joined, not too long, and unique", () => {
    const long = "x".repeat(80);
    const names = flatNames([
      namespaced("mcp__files__", "read"),
      namespaced("agents", "close", "wait.all", long),
      { type: "function", name: "agents__close" },
      namespaced("agents_", "_close"),
    ]);
    expect(names.slice(0, 1)).toEqual(["mcp__files__read"]);
    expect(names[1]).toMatch(/^agents__close_\w+$/);
    expect(names[2]).toBe("agents__wait_all");
    expect(names[3]).toHaveLength(64);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  test("a namespace that is allowed many times is allowed once", () => {
    const names = Array.from({ length: 1_000 }, (_, index) => `f${index}`);
    const tool_choice = {
      type: "allowed_tools",
      mode: "auto",
      tools: Array.from({ length: 1_000 }, () => ({ type: "namespace", name: "n" })),
    };
    const { chat } = read({ input: "hi", tools: [namespaced("n", ...names)], tool_choice });
    expect(chat.toolChoice).toMatchObject({ names: names.map((name) => `n__${name}`) });
  });

  test("a call has the name in the history that it has among the tools, and its own in the answer", () => {
    const tools = [namespaced("agents", "close")];
    const input = [call("1", "close", { namespace: "agents" }), output("1")];
    const request = read({ input, tools });
    expect(request.chat.messages[0]).toEqual(assistant(toolCall("1", "agents__close")));
    const { items } = stream(
      [{ type: "tool_call", index: 0, id: "2", name: "agents__close", arguments: "{}" }],
      { input, tools },
    );
    expect(items).toMatchObject([
      { type: "function_call", name: "close", namespace: "agents", call_id: "2" },
    ]);
  });
});

const META = { id: "0a", model: "smart", createdAt: 1_700_000_000 };
const USAGE: TokenUsage = {
  promptTokens: 10,
  completionTokens: 5,
  cachedTokens: 4,
  cacheWriteTokens: 1,
  reasoningTokens: 2,
  source: "exact",
};
const STOP: ChatEvent = { type: "finish", reason: "stop", native: "stop" };
const LOGPROBS = { include: ["message.output_text.logprobs"] };

const writer = (body: JsonObject = {}): AnswerWriter => read({ input: "hi", ...body }).createWriter(META);

function stream(events: readonly ChatEvent[], body: JsonObject = {}) {
  const own = writer(body);
  const sse = events.map((event) => own.batch([event])).join("") + own.end(USAGE);
  const written = readEvents(sse);
  const reader = ResponseReader.read(written);
  return { sse, events: written, items: reader.done, response: reader.terminal?.["response"] as JsonObject };
}

function whole(events: readonly ChatEvent[], body: JsonObject = {}): JsonObject {
  const builder = new AnswerBuilder();
  builder.push(events);
  return writer(body).whole(builder.build(), USAGE);
}

const typesOf = (events: readonly ResponseEvent[]): string[] =>
  events.map(({ type }) => type.replace("response.", ""));

const text = (value: string): ChatEvent => ({ type: "text", text: value });
const thought = (value: string): ChatEvent => ({ type: "reasoning", text: value });
const fragment = (index: number, words: string, first = false): ChatEvent => ({
  type: "tool_call",
  index,
  ...(first ? { id: `call_${index}`, name: `f${index}` } : {}),
  arguments: words,
});

describe("an answer in one piece", () => {
  test("has every field that clients rely on", () => {
    const answer = whole([thought("Hm."), text("Hello."), STOP], {
      instructions: "Be brief.",
      metadata: { a: "b" },
      tools: [{ type: "function", name: "f" }, { type: "web_search" }],
      tool_choice: { type: "web_search" },
    });
    expect(answer).toMatchObject({
      id: "resp_0a",
      object: "response",
      created_at: 1_700_000_000,
      status: "completed",
      model: "smart",
      error: null,
      incomplete_details: null,
      instructions: "Be brief.",
      metadata: { a: "b" },
      parallel_tool_calls: true,
      completed_at: null,
      temperature: 1,
      top_p: 1,
      presence_penalty: 0,
      frequency_penalty: 0,
      tool_choice: { type: "web_search" },
      tools: [{ type: "function", name: "f" }, { type: "web_search" }],
      text: { format: { type: "text" } },
      truncation: "disabled",
      previous_response_id: null,
      store: false,
      usage: {
        input_tokens: 10,
        input_tokens_details: { cached_tokens: 4, cache_write_tokens: 1 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 2 },
        total_tokens: 15,
      },
      output: [
        {
          id: "rs_0a_0",
          type: "reasoning",
          status: "completed",
          summary: [{ type: "summary_text", text: "Hm." }],
        },
        {
          id: "msg_0a_1",
          type: "message",
          role: "assistant",
          status: "completed",
          content: [{ type: "output_text", text: "Hello.", annotations: [], logprobs: [] }],
        },
      ],
    });
  });

  test.each([
    { reason: "length", details: { reason: "max_output_tokens" } },
    { reason: "content_filter", details: { reason: "content_filter" } },
  ] as const)("that stopped for $reason is incomplete", ({ reason, details }) => {
    const events: ChatEvent[] = [text("Hel"), { type: "finish", reason, native: reason }];
    for (const answer of [whole(events), stream(events).response]) {
      expect(answer).toMatchObject({
        status: "incomplete",
        incomplete_details: details,
        output: [{ status: "incomplete" }],
      });
    }
    expect(stream(events).events.at(-1)?.type).toBe("response.incomplete");
  });
});

describe("a streamed answer", () => {
  test("repeats a long request once", () => {
    const instructions = "x".repeat(70_000);
    const { sse, response } = stream([text("Hi"), STOP], { instructions });
    expect(response["instructions"]).toBe(instructions);
    expect(sse.split(instructions)).toHaveLength(2);
  });

  test("is written as the events of the API, in order", () => {
    const { events } = stream([
      thought("H"),
      thought("m."),
      text("Hel"),
      text("lo."),
      { type: "sources", sources: [{ uri: "https://x", title: "X" }] },
      fragment(0, "", true),
      fragment(0, '{"a":1}'),
      STOP,
    ]);
    expect(typesOf(events)).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "reasoning_summary_part.added",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.done",
      "reasoning_summary_part.done",
      "output_item.done",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.annotation.added",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "completed",
    ]);
  });

  test("ends with what the answer in one piece would be", () => {
    const events: ChatEvent[] = [
      thought("Hm."),
      { type: "reasoning", text: "", signature: { issuer: "a", value: "s" } },
      text("Hello."),
      { type: "sources", sources: [{ uri: "https://x" }] },
      { type: "refusal", text: "No." },
      fragment(0, '{"a":1}', true),
      { type: "tool_call", index: 1, id: "c", name: "patch", custom: true, arguments: "***" },
      STOP,
    ];
    expect(stream(events).response).toEqual(whole(events));
  });

  test.each<{ what: string; events: ChatEvent[]; items: object[] }>([
    {
      what: "text, reasoning and text again are three items",
      events: [text("a"), thought("b"), text("c")],
      items: [
        { type: "message", content: [{ text: "a" }] },
        { type: "reasoning", summary: [{ text: "b" }] },
        { type: "message", content: [{ text: "c" }] },
      ],
    },
    {
      what: "a signature inside a text does not divide it",
      events: [
        text("a"),
        { type: "reasoning", text: "", signature: { issuer: "i", value: "s" } },
        text("b"),
        fragment(0, "{}", true),
      ],
      items: [
        { type: "message", content: [{ text: "ab" }] },
        { type: "reasoning", summary: [], encrypted_content: expect.any(String) },
        { type: "function_call" },
      ],
    },
    {
      what: "a refusal is another part of the message",
      events: [text("a"), { type: "refusal", text: "No" }, { type: "refusal", text: "." }],
      items: [{ type: "message", content: [{ text: "a" }, { type: "refusal", refusal: "No." }] }],
    },
    {
      what: "fragments of parallel calls find their calls",
      events: [
        fragment(0, '{"a":', true),
        fragment(1, '{"b":', true),
        fragment(0, '"}"'),
        fragment(1, "2"),
        fragment(0, "}"),
        fragment(1, "}"),
      ],
      items: [
        { call_id: "call_0", arguments: '{"a":"}"}' },
        { call_id: "call_1", arguments: '{"b":2}' },
      ],
    },
    {
      what: "text inside a call waits for the call",
      events: [fragment(0, "{", true), text("a"), fragment(0, "}"), text("b")],
      items: [{ call_id: "call_0", arguments: "{}" }, { content: [{ text: "ab" }] }],
    },
    {
      what: "sources before a text are noted on it",
      events: [{ type: "sources", sources: [{ uri: "https://x", title: "X" }] }, text("a")],
      items: [{ content: [{ annotations: [{ type: "url_citation", url: "https://x", title: "X" }] }] }],
    },
    {
      what: "other alternatives are no part of it",
      events: [text("a"), { type: "text", text: "b", choice: 1 }],
      items: [{ content: [{ text: "a" }] }],
    },
    { what: "an answer of nothing has no items", events: [], items: [] },
  ])("$what", ({ events, items }) => {
    const streamed = stream([...events, STOP]).items;
    expect(streamed).toMatchObject(items);
    expect(streamed).toHaveLength(items.length);
  });

  test("a call that is complete ends when the next one begins", () => {
    const { events } = stream([fragment(0, "{}", true), fragment(1, "", true), fragment(1, "{}"), STOP]);
    expect(typesOf(events).slice(2, -1)).toEqual([
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
    ]);
  });

  test("logprobs come if they were requested, with every field", () => {
    const events: ChatEvent[] = [
      { type: "text", text: "Hi", logprobs: { content: [{ token: "Hi", logprob: -0.5 }] } },
      STOP,
    ];
    const logprobs = [{ token: "Hi", logprob: -0.5, bytes: [], top_logprobs: [] }];
    const { events: written, response } = stream(events, LOGPROBS);
    expect(written.find(({ type }) => type === "response.output_text.delta")).toMatchObject({ logprobs });
    expect(response).toEqual(whole(events, LOGPROBS));
    expect(stream(events).items).toMatchObject([{ content: [{ logprobs: [] }] }]);
  });

  test("that breaks off fails, with what was sent, and nothing is said to be done", () => {
    const own = writer();
    const sse =
      own.batch([thought("Hm."), text("Hel")]) +
      own.fail(new GatewayError("stream_interrupted", "The provider broke off."));
    const events = readEvents(sse);
    const { output: items, done } = ResponseReader.read(events);
    expect(events.at(-1)).toMatchObject({
      type: "response.failed",
      response: {
        id: "resp_0a",
        status: "failed",
        error: { code: "server_error", message: "The provider broke off." },
      },
    });
    expect(items).toMatchObject([
      { status: "completed" },
      { status: "incomplete", content: [{ text: "Hel" }] },
    ]);
    expect(done).toMatchObject([{ type: "reasoning" }]);
  });

  test.each([
    {
      error: new GatewayError("rate_limited", "Slow.", { retryAfterSeconds: 2.5 }),
      code: "rate_limit_exceeded",
      message: "Slow. Please try again in 3s.",
    },
    { error: new GatewayError("content_policy", "No."), code: "invalid_prompt", message: "No." },
    { error: new GatewayError("client_closed_request", "Gone."), code: "server_error", message: "Gone." },
  ])("a failure of kind $code is called by OpenAI's name", ({ error, code, message }) => {
    expect(readEvents(writer().fail(error)).at(-1)).toMatchObject({ response: { error: { code, message } } });
  });
});

describe("signatures come back with what they belong to", () => {
  test("on reasoning, and on calls", () => {
    const events: ChatEvent[] = [
      thought("Hm."),
      { type: "reasoning", text: "", signature: { issuer: "a", value: "s1" } },
      { type: "reasoning", text: "So.", signature: { issuer: "b", value: { data: "s2" } } },
      text("Let me see."),
      {
        ...fragment(0, "{}", true),
        type: "tool_call",
        index: 0,
        arguments: "{}",
        signature: { issuer: "c", value: "s3" },
      },
      STOP,
    ];
    for (const items of [stream(events).items, whole(events)["output"] as JsonObject[]]) {
      expect(items.map((item) => stringField(item, "type"))).toEqual([
        "reasoning",
        "reasoning",
        "message",
        "reasoning",
        "function_call",
      ]);
      expect(messagesOf([...items, output("call_0")])[0]).toEqual(
        assistant(
          { type: "reasoning", text: "Hm.", signature: { issuer: "a", value: "s1" } },
          { type: "reasoning", text: "So.", signature: { issuer: "b", value: { data: "s2" } } },
          textPart("Let me see."),
          { ...toolCall("call_0", "f0"), signature: { issuer: "c", value: "s3" } },
        ),
      );
    }
  });

  test("in the order in which they came, between calls and text", () => {
    const signed = (value: string): ChatEvent => ({
      type: "reasoning",
      text: "",
      signature: { issuer: "a", value: `signed-${value}` },
    });
    const events: ChatEvent[] = [
      thought("One"),
      signed("One"),
      fragment(0, "{}", true),
      thought("Two"),
      signed("Two"),
      text("Words."),
      thought("Three"),
      signed("Three"),
      fragment(1, "{}", true),
      STOP,
    ];
    const reasoning = (value: string) => ({
      ...reasoningPart(value),
      signature: { issuer: "a", value: `signed-${value}` },
    });
    for (const items of [stream(events).items, whole(events)["output"] as JsonObject[]]) {
      expect(messagesOf([...items, output("call_0"), output("call_1")])[0]).toEqual(
        assistant(
          reasoning("One"),
          toolCall("call_0", "f0"),
          reasoning("Two"),
          textPart("Words."),
          reasoning("Three"),
          toolCall("call_1", "f1"),
        ),
      );
    }
  });
});

/** Whole calls, and their fragments. */
const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 });
const plainEvent: fc.Arbitrary<ChatEvent> = fc.oneof(
  { weight: 4, arbitrary: words.map(text) },
  { weight: 3, arbitrary: words.map(thought) },
  { weight: 1, arbitrary: words.map((value): ChatEvent => ({ type: "refusal", text: value })) },
  {
    weight: 1,
    arbitrary: words.map(
      (value): ChatEvent => ({ type: "reasoning", text: "", signature: { issuer: "i", value } }),
    ),
  },
  {
    weight: 1,
    arbitrary: words.map(
      (token): ChatEvent => ({ type: "text", text: token, logprobs: { content: [{ token, logprob: -1 }] } }),
    ),
  },
);

/** A call in pieces: sometimes an object, sometimes none, sometimes free text. */
const callPieces = fc
  .record({
    args: fc.oneof(
      fc
        .dictionary(words, fc.oneof(words, fc.integer(), fc.constant({ a: ["}", '\\"'] })))
        .map((value) => JSON.stringify(value)),
      words.map((value) => `{"cut":"${value}`),
    ),
    custom: fc.boolean(),
    cuts: fc.array(fc.nat(40), { maxLength: 4 }),
  })
  .map(({ args, custom, cuts }) => {
    const at = [0, ...cuts.map((cut) => Math.min(cut, args.length)).sort((a, b) => a - b), args.length];
    return { custom, pieces: at.slice(1).map((end, index) => args.slice(at[index], end)) };
  });

/** Events in any order that an engine could send: the fragments of each call in theirs. */
const anyAnswer = fc
  .record({
    plain: fc.array(plainEvent, { maxLength: 12 }),
    calls: fc.array(callPieces, { maxLength: 4 }),
    order: fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
  })
  .map(({ plain, calls, order }) => {
    const started = new Map<number, number>();
    const queues = [
      plain.map((event) => () => event),
      ...calls.map(({ custom, pieces }, own) =>
        pieces.map((piece, position) => (): ChatEvent => {
          if (position === 0) started.set(own, started.size);
          const index = started.get(own) ?? 0;
          const first = { id: `call_${own}`, name: `f${own}`, ...(custom ? { custom } : {}) };
          return { type: "tool_call", index, ...(position === 0 ? first : {}), arguments: piece };
        }),
      ),
    ];
    const events: ChatEvent[] = [];
    for (let at = 0; queues.some((queue) => queue.length > 0); at++) {
      const left = queues.filter((queue) => queue.length > 0);
      const next = left[(order[at % order.length] ?? 0) % left.length]?.shift();
      if (next !== undefined) events.push(next());
    }
    return [...events, STOP];
  });

describe("whatever an engine sends", () => {
  test("the stream keeps to the grammar and says what the answer in one piece says", () => {
    fc.assert(
      fc.property(anyAnswer, (events) => {
        const { items, events: written } = stream(events, LOGPROBS);
        const answer = whole(events, LOGPROBS);
        expect(said(items)).toEqual(said(answer["output"] as JsonObject[]));
        // And both are as they are documented.
        responseSchema.parse(answer);
        for (const event of written) responseEventSchema.parse(event);
      }),
      { numRuns: 300 },
    );
  });

  test("the official SDK reads from the stream what its last event says", async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer, async (events) => {
        const { events: written, response } = stream(events, LOGPROBS);
        const lines = written.map((event) => `${JSON.stringify(event)}\n`).join("");
        const body = new Response(lines).body;
        if (body === null) throw new Error("A text has a body.");
        const final = await ResponseStream.fromReadableStream(body).finalResponse();
        expect(said(final.output as unknown as JsonObject[])).toEqual(
          said((response["output"] ?? []) as JsonObject[]),
        );
      }),
      { numRuns: 100 },
    );
  });
});
