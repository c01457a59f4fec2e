import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { arrayField, field, isJsonObject } from "#lib/shared/json.ts";
import { isStreaming, type Script } from "../support/fake-upstream.ts";
import { saysGemini } from "../support/gemini-upstream.ts";
import { inTurn, says } from "../support/scripted-answers.ts";
import { PROXY_ROUTES, type Reply, startWireGateway, type WireGateway } from "./wire-gateway.ts";

type ProxyRoute = (typeof PROXY_ROUTES)[number];

const SIGNATURE = "c2lnbmF0dXJlIG9m/YSBjYWxs+w==";
const call = { id: "call_1", name: "read", pieces: ['{"path":', '"a"}'] };
const done = says({ text: ["Done."] });

/** As a gateway in front of Gemini answers in OpenAI's shape. */
const signedCall: Script = async (exchange) => {
  const fn = { name: "read", arguments: '{"path":"a"}' };
  const extra_content = { google: { thought_signature: SIGNATURE } };
  const tool = { id: "call_1", type: "function", function: fn, extra_content };
  if (!isStreaming(exchange.request)) {
    const message = { role: "assistant", content: null, tool_calls: [tool] };
    await exchange.json(200, { choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
    return;
  }
  await exchange.startStream();
  const chunk = (delta: unknown, finish_reason: string | null) =>
    exchange.event({ choices: [{ index: 0, delta, finish_reason }] });
  await chunk({ role: "assistant", tool_calls: [{ index: 0, ...tool }] }, null);
  await chunk({}, "tool_calls");
  await exchange.event("[DONE]");
  await exchange.endStream();
};

/** As newer vLLM names it. */
const tellsReasoning: Script = async (exchange) => {
  const tool = { id: "call_1", type: "function", function: { name: "read", arguments: '{"path":"a"}' } };
  const message = { role: "assistant", content: null, reasoning: "Let me see.", tool_calls: [tool] };
  if (!isStreaming(exchange.request)) {
    await exchange.json(200, { choices: [{ index: 0, message, finish_reason: "tool_calls" }] });
    return;
  }
  await exchange.startStream();
  const delta = { ...message, tool_calls: [{ index: 0, ...tool }] };
  await exchange.event({ choices: [{ index: 0, delta, finish_reason: null }] });
  await exchange.event({ choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] });
  await exchange.event("[DONE]");
  await exchange.endStream();
};

const geminiCall = saysGemini({
  functionCall: { id: "g1", name: "read", args: { path: "a" } },
  thoughtSignature: SIGNATURE,
});

let wire: WireGateway;

beforeAll(async () => {
  wire = await startWireGateway([
    { vendor: "gemini-grounded", model: "gemini-3.8-flash" },
    { vendor: "own", model: "google/gemini-3-pro" },
    { vendor: "own", model: "kimi-k2.6" },
    { vendor: "own", model: "some-model" },
    { vendor: "groq", model: "gpt-oss-120b" },
  ]);
});

const MODELS = [
  "gemini-grounded/gemini-3.8-flash",
  "own-1/google/gemini-3-pro",
  "own-2/kimi-k2.6",
  "own-3/some-model",
  "groq/gpt-oss-120b",
];

beforeEach(() => {
  for (const upstream of wire.upstreams) upstream.requests.length = 0;
});

afterAll(() => wire.stop());

function scripted(index: number, ...scripts: Script[]): void {
  const upstream = wire.upstreams[index];
  if (upstream === undefined) throw new Error("There is no such upstream.");
  upstream.script = inTurn(...scripts);
}

const schema = { type: "object", properties: { path: { type: "string" } } };
const TOOLS: Readonly<Record<ProxyRoute, unknown>> = {
  "v1/chat/completions": [{ type: "function", function: { name: "read", parameters: schema } }],
  "v1/responses": [{ type: "function", name: "read", parameters: schema }],
  "v1/messages": [{ name: "read", input_schema: schema }],
};
const hi = { role: "user", content: "Hi" };

/** The assistant's message in a stream of chat completions, put together as clients do. */
function chatMessage(frames: readonly unknown[]): Record<string, unknown> {
  const message: Record<string, unknown> = { role: "assistant", content: "" };
  const calls: Record<string, unknown>[] = [];
  for (const frame of frames) {
    const choice = arrayField(frame, "choices")[0];
    const whole = field(choice, "message");
    if (isJsonObject(whole)) return whole;
    const delta = field(choice, "delta");
    const reasoning = field(delta, "reasoning_content");
    if (typeof reasoning === "string") {
      message["reasoning_content"] = `${message["reasoning_content"] ?? ""}${reasoning}`;
    }
    for (const piece of arrayField(delta, "tool_calls")) {
      const at = Number(field(piece, "index"));
      const { index: _index, function: fn, ...rest } = piece as Record<string, unknown>;
      const known = calls[at] ?? { function: { name: "", arguments: "" } };
      const before = known["function"];
      calls[at] = {
        ...known,
        ...rest,
        function: {
          name: `${field(before, "name") ?? ""}${field(fn, "name") ?? ""}`,
          arguments: `${field(before, "arguments") ?? ""}${field(fn, "arguments") ?? ""}`,
        },
      };
    }
  }
  return { ...message, tool_calls: calls };
}

/** The blocks in a stream of messages, put together as clients do. */
function blocksOf(frames: readonly unknown[]): unknown[] {
  const whole = arrayField(frames[0], "content");
  if (whole.length > 0) return whole;
  const blocks: Record<string, unknown>[] = [];
  for (const frame of frames) {
    const block = field(frame, "content_block");
    if (isJsonObject(block)) blocks.push({ ...block });
    const delta = field(frame, "delta");
    const last = blocks.at(-1);
    if (last === undefined || field(frame, "type") !== "content_block_delta") continue;
    if (field(delta, "type") === "thinking_delta") {
      last["thinking"] = `${last["thinking"]}${field(delta, "thinking")}`;
    } else if (field(delta, "type") === "signature_delta") last["signature"] = field(delta, "signature");
    else if (field(delta, "type") === "input_json_delta") {
      last["json"] = `${last["json"] ?? ""}${field(delta, "partial_json")}`;
    }
  }
  return blocks.map(({ json, ...block }) =>
    typeof json === "string" ? { ...block, input: JSON.parse(json) as unknown } : block,
  );
}

/** What a client sends after it has run the tool. `bare`: it keeps only what it knows of calls. */
function secondTurn(route: ProxyRoute, { frames }: Reply, bare: boolean): Record<string, unknown> {
  switch (route) {
    case "v1/chat/completions": {
      const { reasoning_content, ...message } = chatMessage(frames);
      const calls = arrayField(message, "tool_calls");
      const kept = bare ? message : { ...message, reasoning_content };
      return {
        messages: [
          hi,
          kept,
          ...calls.map((one) => ({ role: "tool", tool_call_id: field(one, "id"), content: "text" })),
        ],
      };
    }
    case "v1/responses": {
      const response = frames.map((frame) => field(frame, "response") ?? frame).at(-1);
      const items = arrayField(response, "output").filter(
        (item) => !bare || field(item, "type") === "function_call",
      );
      const calls = items.filter((item) => field(item, "type") === "function_call");
      const outputs = calls.map((item) => ({
        type: "function_call_output",
        call_id: field(item, "call_id"),
        output: "text",
      }));
      return { input: [hi, ...items, ...outputs] };
    }
    case "v1/messages": {
      const blocks = blocksOf(frames);
      const calls = blocks.filter((block) => field(block, "type") === "tool_use");
      const plain = calls.map((block) => ({
        type: "tool_use",
        id: field(block, "id"),
        name: field(block, "name"),
        input: field(block, "input"),
      }));
      const results = calls.map((block) => ({
        type: "tool_result",
        tool_use_id: field(block, "id"),
        content: "text",
      }));
      return {
        messages: [
          hi,
          { role: "assistant", content: bare ? plain : blocks },
          { role: "user", content: results },
        ],
      };
    }
  }
}

/** Two turns of a tool loop; the body of the second as the engine got it. */
async function loop(route: ProxyRoute, stream: boolean, engine: number, bare: boolean): Promise<unknown> {
  const common = { model: MODELS[engine], tools: TOOLS[route] };
  const first = await wire.ask(route, stream, common);
  expect(first.status).toBe(200);
  expect(first.calls).toMatchObject([{ name: "read" }]);
  const second = await wire.ask(route, stream, { ...common, ...secondTurn(route, first, bare) });
  expect(second).toMatchObject({ status: 200, text: "Done." });
  return wire.upstreams[engine]?.requests[1]?.json;
}

const ROUTES = PROXY_ROUTES.flatMap((route) => [true, false].map((stream) => ({ route, stream })));

function sentCall(body: unknown): unknown {
  const message = arrayField(body, "messages").find((one) => field(one, "role") === "assistant");
  return arrayField(message, "tool_calls")[0];
}

function sentReasoning(body: unknown): unknown {
  const message = arrayField(body, "messages").find((one) => field(one, "role") === "assistant");
  return { content: field(message, "reasoning_content"), reasoning: field(message, "reasoning") };
}

describe.each(ROUTES)(
  "W25: the second turn of a tool loop, $route, streamed: $stream",
  ({ route, stream }) => {
    // Responses has no place in a call for a signature: it needs its reasoning items back.
    test.each(route === "v1/responses" ? [false] : [false, true])(
      "Gemini gets its signature back (only the call sent back: %s)",
      async (bare) => {
        scripted(0, geminiCall, saysGemini({ text: "Done." }));
        const body = await loop(route, stream, 0, bare);
        const parts = arrayField(body, "contents").flatMap((content) => arrayField(content, "parts"));
        const sent = parts.find((part) => field(part, "functionCall") !== undefined);
        expect(sent).toMatchObject({
          functionCall: { name: "read", args: { path: "a" } },
          thoughtSignature: SIGNATURE,
        });
      },
    );

    test.each(route === "v1/responses" ? [false] : [false, true])(
      "a server in OpenAI's shape gets Google's signature back (only the call sent back: %s)",
      async (bare) => {
        scripted(1, signedCall, done);
        expect(sentCall(await loop(route, stream, 1, bare))).toEqual({
          id: "call_1",
          type: "function",
          function: { name: "read", arguments: '{"path":"a"}' },
          extra_content: { google: { thought_signature: SIGNATURE } },
        });
      },
    );

    test("a server gets its reasoning back in reasoning_content", async () => {
      scripted(2, says({ reasoning: ["Let me ", "see."], calls: [call] }), done);
      const body = await loop(route, stream, 2, false);
      expect(sentReasoning(body)).toEqual({ content: "Let me see.", reasoning: undefined });
    });

    test("a server gets its reasoning back in the field in which it told it", async () => {
      scripted(3, tellsReasoning, done);
      const body = await loop(route, stream, 3, false);
      expect(sentReasoning(body)).toEqual({ content: undefined, reasoning: "Let me see." });
    });

    test("Kimi refuses a call without reasoning: what the client does not send back has a stand-in", async () => {
      scripted(2, says({ reasoning: ["Let me see."], calls: [call] }), done);
      expect(sentReasoning(await loop(route, stream, 2, true))).toMatchObject({ content: "." });
    });

    test("other models get no stand-in", async () => {
      scripted(3, says({ reasoning: ["Let me see."], calls: [call] }), done);
      const nothing = { content: undefined, reasoning: undefined };
      expect(sentReasoning(await loop(route, stream, 3, true))).toEqual(nothing);
    });

    test("a host that refuses foreign fields gets neither", async () => {
      scripted(4, signedCall, done);
      expect(sentCall(await loop(route, stream, 4, false))).not.toHaveProperty("extra_content");
    });
  },
);

describe("W25: reasoning without calls", () => {
  test("is not sent back to an own server, where R1 refuses it", async () => {
    scripted(2, done);
    const messages = [hi, { role: "assistant", content: "Yes.", reasoning_content: "Hm." }, hi];
    await wire.ask("v1/chat/completions", true, { model: MODELS[2], messages });
    expect(sentReasoning(wire.upstreams[2]?.requests[0]?.json)).toEqual({
      content: undefined,
      reasoning: undefined,
    });
  });
});
