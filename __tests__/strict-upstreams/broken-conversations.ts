import { type Broken, FOREIGN, PDF, PNG } from "./broken-requests.ts";
import type { Body } from "./rule.ts";
import { digest, seal } from "./seal.ts";

/** Anthropic's and Gemini's rows: mostly histories. */

const say = (content: unknown, role = "user"): Body => ({ role, content });
const msg = (rule: string, change: Body, model?: string): Broken => ({
  rule,
  api: "messages",
  change,
  ...(model === undefined ? {} : { model }),
});
const history = (...messages: Body[]): Body => ({ messages: [say("Hi"), ...messages] });
const use = (change: Body = {}): Body => ({
  type: "tool_use",
  id: "toolu_1",
  name: "read",
  input: {},
  ...change,
});
const result = (change: Body = {}): Body => ({
  type: "tool_result",
  tool_use_id: "toolu_1",
  content: "A",
  ...change,
});
const loop = (...blocks: Body[]): Body => history(say(blocks, "assistant"), say([result()]));
const schema = (input_schema: unknown, name = "read"): Body => ({
  ...history(),
  tools: [{ name, input_schema }],
});
const thinking = { type: "enabled", budget_tokens: 1_024 };
const thought = (text: string, index: number, thoughts = 1): Body => ({
  type: "thinking",
  thinking: text,
  signature: seal({ text: "", message: "m", index, thoughts, digest: digest(text) }),
});
const picture = (media_type: string, data = PNG): Body =>
  history(say([{ type: "image", source: { type: "base64", media_type, data } }]));
const marked = (count: number): Body =>
  history(
    say(
      Array.from({ length: count }, () => ({
        type: "text",
        text: "x",
        cache_control: { type: "ephemeral" },
      })),
    ),
  );
const ephemeral = (ttl: string): Body => ({
  type: "text",
  text: "x",
  cache_control: { type: "ephemeral", ttl },
});

export const BROKEN_MESSAGES: readonly Broken[] = [
  { rule: "no key", api: "messages", headers: { "anthropic-version": "2023-06-01" } },
  { rule: "no version header", api: "messages", headers: { "x-api-key": "k" } },
  msg("a model that is not Claude", {}, "gpt-4o"),
  msg(
    "a system message among the messages of a model before 5",
    history(say("S", "system")),
    "claude-opus-4-7",
  ),
  msg("a role that is neither user nor assistant", history(say("x", "tool"))),
  msg("an unknown field", { frequency_penalty: 1 }),
  msg("an unknown field", { context_management: {} }),
  msg("an unknown field", history(say([{ type: "text", text: "x", id: "1" }]))),
  msg("an unknown field", loop({ ...thought("x", 0), cache_control: { type: "ephemeral" } }, use())),
  msg("an unknown field", history(say([{ type: "image_url", image_url: {} }]))),
  msg("an unknown field", {
    ...history(),
    tools: [{ name: "a", parameters: {}, input_schema: { type: "object" } }],
  }),
  msg(
    "an unknown field",
    history(say([{ type: "text", text: "x", cache_control: { type: "ephemeral", scope: "global" } }])),
  ),
  { rule: "an unknown field", api: "count_tokens", change: { max_tokens: 5 } },
  msg("no max_tokens", { max_tokens: undefined }),
  msg("max_tokens below one", { max_tokens: 0 }),
  msg("max_tokens above the model's ceiling", { max_tokens: 64_000 }, "claude-3-5-haiku-20241022"),
  msg("no message", { messages: [] }),
  msg("a first message that is not the user's", { messages: [say("x", "assistant"), say("y")] }),
  msg("a text or a message without visible content", history(say(" \n"))),
  msg("a text or a message without visible content", history(say([{ type: "text", text: "" }]))),
  msg("a text or a message without visible content", history(say([], "assistant"), say("x"))),
  msg("a text or a message without visible content", history(say("", "assistant"), say("x"))),
  msg("a text or a message without visible content", { ...history(), system: [{ type: "text", text: " " }] }),
  msg(
    "a conversation that ends with the assistant, from 4.6 on",
    history(say("x", "assistant")),
    "claude-sonnet-4-6",
  ),
  msg("a prefill that ends in white space", history(say("x ", "assistant"))),
  msg("calls and results that do not stand side by side", history(say([use()], "assistant"), say("And?"))),
  msg("calls and results that do not stand side by side", history(say([result()]))),
  msg(
    "calls and results that do not stand side by side",
    history(say([use()], "assistant"), say([{ type: "text", text: "x" }, result()])),
  ),
  msg(
    "calls and results that do not stand side by side",
    history(say([use(), use()], "assistant"), say([result()])),
  ),
  msg(
    "calls and results that do not stand side by side",
    history(say([use()], "assistant"), say([result(), result()])),
  ),
  msg(
    "an id of a call with other characters",
    history(say([use({ id: "a.b" })], "assistant"), say([result({ tool_use_id: "a.b" })])),
  ),
  msg("a name of a call with other characters", loop(use({ name: "a.b" }))),
  msg("an input of a call that is not an object", loop(use({ input: "x" }))),
  msg("calls in the history without tools", { tools: undefined }),
  msg("a tool's name with other characters or too long", schema({ type: "object" }, "a.b")),
  msg("two tools of one name", {
    ...history(),
    tools: [
      { name: "a", input_schema: { type: "object" } },
      { name: "a", input_schema: { type: "object" } },
    ],
  }),
  msg("a tool's schema that is not one of an object", schema(undefined)),
  msg("a tool's schema that is not one of an object", schema({})),
  msg("a tool's schema that is not one of an object", schema({ type: "string" })),
  msg("a tool's schema that is not one of an object", schema({ type: "object", anyOf: [] })),
  msg("a tool's schema that is not one of an object", schema({ type: "object", properties: { "a b": {} } })),
  msg("a choice of tools without tools", { ...history(), tools: undefined, tool_choice: { type: "auto" } }),
  msg("a forced tool that is not offered", { tool_choice: { type: "tool", name: "other" } }),
  msg("a budget to think, from 4.7 on", { ...history(), thinking }, "claude-opus-4-7"),
  msg("adaptive thinking before 4.6", { ...history(), thinking: { type: "adaptive" } }),
  msg("a budget below 1,024", { ...history(), thinking: { type: "enabled", budget_tokens: 100 } }),
  msg("a budget that is not below max_tokens", {
    ...history(),
    thinking: { type: "enabled", budget_tokens: 4_096 },
  }),
  msg("a temperature beside thinking", { ...history(), thinking, temperature: 0 }),
  msg("top_k beside thinking", { ...history(), thinking, top_k: 5 }),
  msg("a forced tool beside thinking", { ...history(), thinking, tool_choice: { type: "any" } }),
  msg(
    "a thought with a signature of somebody else, or a changed thought",
    loop({ type: "thinking", thinking: "x", signature: FOREIGN }, use()),
  ),
  msg(
    "a thought with a signature of somebody else, or a changed thought",
    loop({ ...thought("x", 0), thinking: "y" }, use()),
  ),
  msg(
    "thoughts of the latest answer in another order or left out in part",
    loop(thought("x", 0, 2), thought("y", 2, 2), use()),
  ),
  msg("thoughts of the latest answer in another order or left out in part", loop(thought("x", 0, 2), use())),
  msg("a tool loop that does not begin with a thought, with a budget to think", { ...loop(use()), thinking }),
  msg("a thought in a tool loop, without thinking", loop(thought("x", 0), use())),
  msg("sampling parameters, from 4.7 on", { ...history(), temperature: 1 }, "claude-opus-4-7"),
  msg("temperature and top_p together, from 4.1 on", { temperature: 0.5, top_p: 0.5 }),
  msg("a temperature above one", { temperature: 1.5 }),
  msg("a stop sequence of white space", { stop_sequences: ["\n"] }),
  msg("an image whose label is unknown or wrong", picture("image/jpg")),
  msg("an image whose label is unknown or wrong", picture("image/jpeg")),
  msg("an image whose label is unknown or wrong", picture("image/png", "AAAA")),
  msg(
    "a document that is not a PDF",
    history(
      say([{ type: "document", source: { type: "base64", media_type: "application/pdf", data: PNG } }]),
    ),
  ),
  msg("more than four marks for the cache", marked(5)),
  msg("a long-lived mark behind a short-lived one", history(say([ephemeral("5m"), ephemeral("1h")]))),
  msg("an effort that the model does not know", { output_config: { effort: "xhigh" } }, "claude-opus-4-6"),
  msg("a long user_id", { metadata: { user_id: "x".repeat(600) } }),
];

const gem = (rule: string, change: Body, model?: string): Broken => ({
  rule,
  api: "generateContent",
  change,
  ...(model === undefined ? {} : { model }),
});
const declared = (parameters: unknown, name = "read"): Body => ({
  tools: [{ functionDeclarations: [{ name, parameters }] }],
});
const props = (inner: unknown): Body => declared({ type: "object", properties: { a: inner } });
const user = (...parts: Body[]): Body => ({ role: "user", parts });
const model = (...parts: Body[]): Body => ({ role: "model", parts });
const contents = (...list: Body[]): Body => ({ contents: list });
const HI = user({ text: "Hi" });
const CALL = { functionCall: { name: "read", args: {} } };
const RESPONSE = { functionResponse: { name: "read", response: { output: "A" } } };
const PROTO = "a field that the proto does not have, or a value of another kind";
const SCHEMA = "a schema that Gemini does not take";
const PAIRS = "calls and responses that do not stand side by side";
const SIGNED = "a call of the current turn without a thought signature, from Gemini 3 on";
const with3 = "gemini-3.5-flash";

export const BROKEN_GEMINI: readonly Broken[] = [
  { rule: "no key", api: "generateContent", headers: {} },
  gem("a model that is not Gemini", {}, "gpt-4o"),
  gem(PROTO, { messages: [] }),
  gem(PROTO, props({ type: "string", $schema: "x" })),
  gem(
    PROTO,
    declared({ type: "object", properties: { a: { type: "string" } }, additionalProperties: false }),
  ),
  gem(PROTO, props({ type: ["string", "null"] })),
  gem(PROTO, props({ type: "any" })),
  gem(PROTO, props(true)),
  gem(PROTO, props({ type: "integer", enum: [1] })),
  gem(PROTO, props({ const: "x" })),
  gem(PROTO, props({ type: "array", prefixItems: [] })),
  gem(PROTO, contents(user({ text: "Hi", cacheControl: {} }))),
  gem(PROTO, { generationConfig: { frequency: 1 } }),
  { rule: PROTO, api: "countTokens", change: { generationConfig: {} } },
  gem("no contents", { contents: [] }),
  gem("a role that is neither user nor model", contents({ role: "system", parts: [{ text: "x" }] })),
  gem("a content without parts, or a part without data", contents(user())),
  gem("a content without parts, or a part without data", contents(user({ thought: true }))),
  gem(
    "a content without parts, or a part without data",
    contents(HI, model(CALL), user({ functionResponse: { name: "read", response: "A" } })),
  ),
  gem(
    "a content without parts, or a part without data",
    contents(HI, model(CALL), user({ functionResponse: { name: "", response: {} } })),
  ),
  gem(SCHEMA, declared({ type: "string" })),
  gem(SCHEMA, declared({ type: "object" })),
  gem(SCHEMA, props({ type: "array" })),
  gem(SCHEMA, props({ type: "object", properties: {} })),
  gem(SCHEMA, props({ type: "string", enum: ["", "a"] })),
  gem(SCHEMA, props({ enum: ["a"] })),
  gem(SCHEMA, props({ type: "string", format: "uri" })),
  gem(SCHEMA, declared({ type: "object", properties: { a: { type: "string" } }, required: ["b"] })),
  gem("a function's name with other characters, or two of one name", declared(undefined, "1st")),
  gem("a function's name with other characters, or two of one name", declared(undefined, "a".repeat(65))),
  gem("a function's name with other characters, or two of one name", {
    tools: [{ functionDeclarations: [{ name: "a" }, { name: "a" }] }],
  }),
  gem(PAIRS, contents(model(CALL), user(RESPONSE))),
  gem(PAIRS, contents(model({ text: "x" }), HI)),
  gem(PAIRS, contents(HI, model({ text: "x" }), model(CALL), user(RESPONSE))),
  gem(PAIRS, contents(HI, model(CALL), HI)),
  gem(PAIRS, contents(HI, user(RESPONSE))),
  gem(PAIRS, contents(HI, model(CALL), user(RESPONSE, { text: "x" }))),
  gem(PAIRS, contents(HI, model(CALL, CALL), user(RESPONSE))),
  gem("a conversation that ends with the model", contents(HI, model({ text: "x" }))),
  gem(SIGNED, {}, with3),
  gem(
    SIGNED,
    contents(
      HI,
      model(CALL, { ...CALL, thoughtSignature: seal({ text: "", api: "gemini" }) }),
      user(RESPONSE, RESPONSE),
    ),
    with3,
  ),
  gem(
    "a thought signature that is not Google's",
    contents(HI, model({ ...CALL, thoughtSignature: FOREIGN }), user(RESPONSE)),
  ),
  gem(
    "data of a type that Gemini does not take",
    contents(user({ inlineData: { mimeType: "image/jpg", data: PNG } })),
  ),
  gem(
    "data of a type that Gemini does not take",
    contents(
      user({ inlineData: { mimeType: "application/pdf", data: `data:application/pdf;base64,${PDF}` } }),
    ),
  ),
  gem("Google Search beside functions, before Gemini 3", {
    tools: [{ googleSearch: {} }, { functionDeclarations: [{ name: "read" }] }],
  }),
  gem("functions beside a JSON answer, before Gemini 3", {
    generationConfig: { responseMimeType: "application/json" },
  }),
  gem("a mode of calling without functions, or names that are none", {
    ...contents(HI),
    tools: undefined,
    toolConfig: { functionCallingConfig: { mode: "AUTO" } },
  }),
  gem("a mode of calling without functions, or names that are none", {
    toolConfig: { functionCallingConfig: { mode: "AUTO", allowedFunctionNames: ["read"] } },
  }),
  gem("thinking that the model does not take", {
    generationConfig: { thinkingConfig: { thinkingLevel: "low" } },
  }),
  gem("more output tokens than the model's ceiling", { generationConfig: { maxOutputTokens: 128_000 } }),
  gem("a temperature out of its range", { generationConfig: { temperature: 3 } }),
  gem("more than five stop sequences, or an empty one", { generationConfig: { stopSequences: [""] } }),
];
