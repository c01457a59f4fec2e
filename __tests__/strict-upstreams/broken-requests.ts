import type { Api, Body } from "./rule.ts";

/** A request that breaks one rule: what it changes of the good request of its API. */
export type Broken = {
  /** The `when` of the rule. */
  rule: string;
  api: Api;
  model?: string;
  change?: Body;
  /** Replaces the headers. */
  headers?: Record<string, string>;
};

export const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const PDF = Buffer.from("%PDF-1.4\n%%EOF").toString("base64");
export const FOREIGN = Buffer.from("signed by somebody else").toString("base64");

const parameters = { type: "object", properties: { path: { type: "string" } }, required: ["path"] };
const tool = { type: "function", function: { name: "read", parameters } };
const say = (content: unknown, role = "user"): Body => ({ role, content });

/** A good request of each API, with a tool loop behind it. */
export const GOOD: Readonly<Record<Api, { model: string; body: Body; headers: Record<string, string> }>> = {
  "chat/completions": {
    model: "gpt-4o",
    headers: { authorization: "Bearer k" },
    body: {
      model: "gpt-4o",
      messages: [
        say("Be brief.", "system"),
        say("Read a."),
        {
          role: "assistant",
          content: null,
          tool_calls: [
            { id: "call_1", type: "function", function: { name: "read", arguments: '{"path":"a"}' } },
          ],
        },
        { role: "tool", tool_call_id: "call_1", content: "A" },
      ],
      tools: [tool],
    },
  },
  responses: {
    model: "gpt-5.6-sol",
    headers: { authorization: "Bearer k" },
    body: {
      model: "gpt-5.6-sol",
      input: [
        say("Read a."),
        { type: "function_call", id: "fc_1", call_id: "call_1", name: "read", arguments: '{"path":"a"}' },
        { type: "function_call_output", call_id: "call_1", output: "A" },
      ],
      tools: [{ type: "function", name: "read", parameters }],
      store: false,
    },
  },
  messages: {
    model: "claude-sonnet-4-5",
    headers: { "x-api-key": "k", "anthropic-version": "2023-06-01" },
    body: {
      model: "claude-sonnet-4-5",
      max_tokens: 4_096,
      messages: [
        say("Read a."),
        say([{ type: "tool_use", id: "toolu_1", name: "read", input: { path: "a" } }], "assistant"),
        say([
          { type: "tool_result", tool_use_id: "toolu_1", content: "A" },
          { type: "text", text: "Go on." },
        ]),
      ],
      tools: [{ name: "read", input_schema: parameters }],
    },
  },
  count_tokens: {
    model: "claude-sonnet-4-5",
    headers: { "x-api-key": "k", "anthropic-version": "2023-06-01" },
    body: { model: "claude-sonnet-4-5", messages: [say("Hi")] },
  },
  generateContent: {
    model: "gemini-2.5-flash",
    headers: { "x-goog-api-key": "k" },
    body: {
      contents: [
        { role: "user", parts: [{ text: "Read a." }] },
        { role: "model", parts: [{ functionCall: { name: "read", args: { path: "a" } } }] },
        { role: "user", parts: [{ functionResponse: { name: "read", response: { output: "A" } } }] },
      ],
      tools: [{ functionDeclarations: [{ name: "read", parameters }] }],
    },
  },
  countTokens: {
    model: "gemini-2.5-flash",
    headers: { "x-goog-api-key": "k" },
    body: { contents: [{ role: "user", parts: [{ text: "Hi" }] }] },
  },
  own: {
    model: "qwen3-coder",
    headers: {},
    body: {
      model: "qwen3-coder",
      messages: [
        say("Be brief.", "system"),
        say("Read a."),
        {
          role: "assistant",
          content: "",
          reasoning_content: "I read.",
          tool_calls: [
            { id: "call_1", type: "function", function: { name: "read", arguments: '{"path":"a"}' } },
          ],
        },
        { role: "tool", tool_call_id: "call_1", content: "A" },
      ],
      tools: [tool],
      anything: true,
    },
  },
};

const call = (change: Body = {}): Body => ({
  role: "assistant",
  content: null,
  tool_calls: [{ id: "call_1", type: "function", function: { name: "read", arguments: "{}" }, ...change }],
});
const ANSWER = { role: "tool", tool_call_id: "call_1", content: "A" };
const fn = (change: Body): Body => ({
  tools: [{ type: "function", function: { name: "read", parameters, ...change } }],
});
const image = (url: string): Body => ({ type: "image_url", image_url: { url } });
const chat = (rule: string, change: Body, model?: string): Broken => ({
  rule,
  api: "chat/completions",
  change,
  ...(model === undefined ? {} : { model }),
});

export const BROKEN_CHAT: readonly Broken[] = [
  { rule: "no key", api: "chat/completions", headers: {} },
  chat("no model", {}, ""),
  chat("a model that OpenAI does not have", {}, "claude-3"),
  chat("an unknown field", { thinking: {} }),
  chat("an unknown field", { messages: [{ ...say("Hi"), reasoning_content: "x" }] }),
  chat("an unknown field", { messages: [say([{ type: "text", text: "Hi", cache_control: {} }])] }),
  chat("an unknown field", { messages: [say([{ type: "document" }])] }),
  chat("an unknown field", { tools: [{ type: "function", name: "flat" }] }),
  chat("a model of the Responses API", { messages: [say("Hi")] }, "gpt-5.1-codex"),
  chat(
    "function tools with an effort, from gpt-5.4 on; from 5.6 on without one as well",
    { reasoning_effort: "low" },
    "gpt-5.4",
  ),
  chat("function tools with an effort, from gpt-5.4 on; from 5.6 on without one as well", {}, "gpt-5.6-sol"),
  chat("max_tokens at a model that reasons", { max_tokens: 10 }, "gpt-5.1"),
  chat("max_tokens above the model's ceiling", { max_tokens: 32_000 }),
  chat("max_tokens below one, or twice", { max_tokens: 0 }),
  chat("max_tokens below one, or twice", { max_tokens: 5, max_completion_tokens: 5 }),
  chat("stop at a model that reasons", { stop: ["x"] }, "o3"),
  chat("more than four stop sequences", { stop: ["a", "b", "c", "d", "e"] }),
  chat("stream options without a stream", { stream_options: { include_usage: true } }),
  chat("no message", { messages: [] }),
  chat("a message without content", { messages: [say(null)] }),
  chat("a message without content", { messages: [say("Hi"), { ...say("x", "assistant"), tool_calls: [] }] }),
  chat("an id of a call that is too long", { messages: [say("Hi"), call({ id: "x".repeat(41) })] }),
  chat("a name of a call with other characters", {
    messages: [say("Hi"), call({ function: { name: "a.b", arguments: "{}" } })],
  }),
  chat("a call without its answer right behind it", { messages: [say("Hi"), call(), say("And?"), ANSWER] }),
  chat("an answer without its call", { messages: [say("Hi"), ANSWER] }),
  chat("an image in a message that is not the user's", {
    messages: [say("Hi"), call(), { ...ANSWER, content: [image(`data:image/png;base64,${PNG}`)] }],
  }),
  chat("a JSON schema for the answer that is not strict enough", {
    response_format: { type: "json_schema", json_schema: { name: "a", strict: true, schema: parameters } },
  }),
  chat("a JSON answer without the word JSON", { response_format: { type: "json_object" } }),
  chat("sampling parameters at a model that reasons", { temperature: 0.5 }, "gpt-5"),
  chat("log probabilities at a model that reasons", { logprobs: true }, "gpt-5"),
  chat("an effort that the model does not take", { reasoning_effort: "minimal" }, "gpt-5.1"),
  chat("an effort that the model does not take", { reasoning_effort: "low" }),
  chat("a verbosity that the model does not take", { verbosity: "low" }),
  chat("a verbosity that the model does not take", { verbosity: "high" }, "gpt-5-chat-latest"),
  chat("no tools in a list of tools", { tools: [] }),
  chat("more than 128 tools", { tools: Array.from({ length: 129 }, () => tool) }),
  chat("a tool's name with other characters, or longer than 64", fn({ name: "a.b" })),
  chat("a tool's name with other characters, or longer than 64", fn({ name: "a".repeat(65) })),
  chat("a function's schema that OpenAI does not take", fn({ parameters: { properties: {} } })),
  chat("a function's schema that OpenAI does not take", fn({ parameters: { type: "object" } })),
  chat("a function's schema that OpenAI does not take", fn({ parameters: { type: "object", anyOf: [] } })),
  chat("a function's schema that OpenAI does not take", fn({ strict: true })),
  chat(
    "a function's schema that OpenAI does not take",
    fn({ parameters: { type: "object", properties: { a: { type: "array" } } } }),
  ),
  chat("a choice of tools without tools", { tools: undefined, tool_choice: "auto" }),
  chat("a prompt_cache_key that is too long", { prompt_cache_key: "x".repeat(65) }),
  chat("a safety_identifier that is too long", { safety_identifier: "x".repeat(65) }),
  chat("a user that is too long", { user: "x".repeat(513) }),
  chat("an image that is none, or of an unknown format", {
    messages: [say([image("data:image/bmp;base64,Qk0=")])],
  }),
  chat("an image that is none, or of an unknown format", { messages: [say([image("file:///a.png")])] }),
  chat("a file that is not a PDF in a data URL", {
    messages: [say([{ type: "file", file: { filename: "a.pdf", file_data: PDF } }])],
  }),
];

const res = (rule: string, change: Body, model?: string): Broken => ({
  rule,
  api: "responses",
  change,
  ...(model === undefined ? {} : { model }),
});
const items = (...input: Body[]): Body => ({ input: [say("Hi"), ...input] });

export const BROKEN_RESPONSES: readonly Broken[] = [
  { rule: "no key", api: "responses", headers: {} },
  res("no model", {}, ""),
  res("a model that OpenAI does not have", {}, "mistral"),
  res("an unknown field", { messages: [] }),
  res("an unknown field", { max_tokens: 5 }),
  res(
    "an unknown field",
    items({ type: "function_call", id: "fc_2", call_id: "c", name: "read", arguments: "{}", extra: 1 }),
  ),
  res("an unknown field", {
    tools: [{ type: "custom", name: "a", format: { type: "grammar", grammar: { syntax: "lark" } } }],
  }),
  res("an unknown field", items({ type: "nothing" })),
  res("no input", { input: [] }),
  res("an earlier response that is not stored", { previous_response_id: "resp_1" }),
  res("fewer than 16 output tokens", { max_output_tokens: 10 }),
  res("a verbosity that the model does not take", { text: { verbosity: "low" } }, "gpt-5.2-codex"),
  res("more output tokens than the model's ceiling", { max_output_tokens: 32_000 }, "gpt-4o"),
  res(
    "encrypted reasoning of a model that does not reason",
    { include: ["reasoning.encrypted_content"] },
    "gpt-4o",
  ),
  res("a summary of reasoning of a model that does not reason", { reasoning: { summary: "auto" } }, "gpt-4o"),
  res("parts that the role does not have", items(say([{ type: "input_text", text: "x" }], "assistant"))),
  res(
    "an id with another prefix, or too long",
    items({ type: "function_call", id: "call_1", call_id: "c", name: "a", arguments: "{}" }),
  ),
  res(
    "an id with another prefix, or too long",
    items({ type: "function_call", call_id: "c".repeat(65), name: "a", arguments: "{}" }),
  ),
  res(
    "a name of a call with other characters",
    items({ type: "function_call", call_id: "c", name: "a.b", arguments: "{}" }),
  ),
  res(
    "a call without its output, or an output without its call",
    items({ type: "function_call", call_id: "c", name: "a", arguments: "{}" }),
  ),
  res(
    "a call without its output, or an output without its call",
    items({ type: "function_call_output", call_id: "c", output: "x" }),
  ),
  res(
    "reasoning whose encrypted content is not OpenAI's",
    items({ type: "reasoning", id: "rs_1", summary: [], encrypted_content: FOREIGN }),
  ),
  res(
    "reasoning by its id alone, which is not stored",
    items({ type: "reasoning", id: "rs_1", summary: [] }),
  ),
  res("a forced tool that is not offered", { tool_choice: { type: "function", name: "other" } }),
  res("a JSON schema for the answer that is not strict enough", {
    text: { format: { type: "json_schema", name: "a", strict: true, schema: parameters } },
  }),
  res("sampling parameters at a model that reasons", { temperature: 0.2 }),
  res("log probabilities at a model that reasons", { top_logprobs: 2 }),
  res("an effort that the model does not take", { reasoning: { effort: "minimal" } }),
  res("more than 128 tools", {
    tools: Array.from({ length: 129 }, () => ({ type: "function", name: "a", parameters })),
  }),
  res("a tool's name with other characters, or longer than 64", {
    tools: [{ type: "function", name: "a b", parameters }],
  }),
  res("a function's schema that OpenAI does not take", {
    tools: [{ type: "function", name: "a", parameters: { type: "object" } }],
  }),
  res("a prompt_cache_key that is too long", { prompt_cache_key: "x".repeat(65) }),
  res("a safety_identifier that is too long", { safety_identifier: "x".repeat(65) }),
  res("a user that is too long", { user: "x".repeat(513) }),
  res(
    "an image that is none, or of an unknown format",
    items(say([{ type: "input_image", image_url: "data:image/bmp;base64,Qk0=" }])),
  ),
  res(
    "a file that is not a PDF in a data URL",
    items(say([{ type: "input_file", filename: "a.pdf", file_data: PDF }])),
  ),
];

const own = (rule: string, model: string, ...messages: Body[]): Broken => ({
  rule,
  api: "own",
  model,
  change: { messages },
});
export const BROKEN_OWN: readonly Broken[] = [
  own("no message", "qwen3"),
  own("a system message that is not the first", "qwen3", say("Hi"), say("S", "system")),
  own(
    "a system message that is not the first, at Ollama: the template fails",
    "ollama-x",
    say("Hi"),
    say("S", "system"),
  ),
  own("a role that the template does not know", "qwen3", say("D", "developer"), say("Hi")),
  own("roles that do not alternate, in templates that ask for it", "mistral-7b", say("Hi"), say("Hi")),
  own(
    "arguments of a call that are not a JSON object",
    "qwen3",
    say("Hi"),
    call({ function: { name: "read", arguments: "" } }),
    ANSWER,
  ),
  own("an answer of a tool that nothing asked for", "qwen3", say("Hi"), ANSWER),
  own("a call without its reasoning, at Kimi", "kimi-k2.5", say("Hi"), call(), ANSWER),
  own("an answer without anything, at Kimi", "kimi-k2.5", say("Hi"), say("", "assistant"), say("Go on.")),
  {
    rule: "a function's name with other characters, at Kimi",
    api: "own",
    model: "kimi-k2.5",
    change: fn({ name: "1st" }),
  },
  {
    rule: "tools of another kind than functions",
    api: "own",
    change: { tools: [{ type: "custom", custom: { name: "a" } }] },
  },
  own("an image, at a model of Ollama's that sees none", "ollama-x", say([image("data:image/png;base64,x")])),
  own("an image, at a model of vLLM's that sees none", "qwen3", say([image("data:image/png;base64,x")])),
  own("parts that the server does not know", "qwen3", say([{ type: "file", file: {} }])),
  { rule: "more tokens than the window", api: "own", change: { max_tokens: 200_000 } },
];
