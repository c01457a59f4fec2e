import { field, isJsonObject } from "#lib/shared/json.ts";
import type { Exchange } from "../support/fake-upstream.ts";
import { type AgentStep, type AgentView, nextStep, type OfferedTool } from "./agent-model.ts";
import { split } from "./anthropic-upstream.ts";
import { openAiModel } from "./openai-models.ts";
import { CHAT_RULES, functionOf, openAiError } from "./openai-rules.ts";
import { answerResponse, responsesView } from "./responses-answer.ts";
import { RESPONSES_RULES } from "./responses-rules.ts";
import { type Body, bodyOf, objectsOf, type Request, stringOf } from "./rule.ts";
import { digest } from "./seal.ts";
import { refuseOr, type StrictUpstream } from "./strict-upstream.ts";

/** OpenAI's chat completions and Responses. */
export function strictOpenAi(): StrictUpstream {
  const upstream: StrictUpstream = {
    refusals: [],
    async script(exchange) {
      const path = exchange.request.path.replace(/\?.*$/, "");
      const body = bodyOf(exchange.request);
      const model = stringOf(body["model"]);
      const headers = exchange.request.headers;
      if (path === "/v1/chat/completions") {
        const request: Request = { api: "chat/completions", model, body, headers };
        if (await refuseOr(upstream, exchange, CHAT_RULES, request)) return;
        return answerChat(exchange, body, nextStep(chatView(body)), undefined);
      }
      if (path === "/v1/responses" || path === "/v1/responses/input_tokens") {
        const request: Request = { api: "responses", model, body, headers };
        if (await refuseOr(upstream, exchange, RESPONSES_RULES, request)) return;
        if (path.endsWith("input_tokens"))
          return exchange.json(200, { object: "response.input_tokens", input_tokens: tokensOf(body) });
        return answerResponse(
          exchange,
          body,
          nextStep(responsesView(body)),
          openAiModel(model)?.reasons === true,
        );
      }
      return exchange.json(404, openAiError(`Invalid URL (${exchange.request.method} ${path})`));
    },
  };
  return upstream;
}

export function tokensOf(body: Body): number {
  return Math.ceil(JSON.stringify(body).length / 4);
}

function textsOf(content: unknown): string {
  return typeof content === "string"
    ? content
    : objectsOf(content)
        .map((part) => stringOf(part["text"]))
        .join("\n");
}

/** A chat request of any server that speaks OpenAI's chat completions. */
export function chatView(body: Body): AgentView {
  const messages = objectsOf(body["messages"]);
  const format = field(body["response_format"], "json_schema");
  const tools = objectsOf(body["tools"]).map((tool): OfferedTool => {
    if (tool["type"] === "custom") return { name: stringOf(field(tool["custom"], "name")), kind: "custom" };
    const own = functionOf(tool);
    return { name: stringOf(own["name"]), kind: "function", schema: own["parameters"] };
  });
  return {
    tools,
    text: messages.map(({ content }) => textsOf(content)).join("\n"),
    results: messages.filter(({ role }) => role === "tool").length,
    answers: messages.filter(({ role }) => role === "assistant").length,
    ...(isJsonObject(format) ? { answerSchema: format["schema"] } : {}),
    forced: stringOf(field(field(body["tool_choice"], "function"), "name")),
  };
}

/** How a server that speaks chat completions differs in its answers. */
export type ChatStyle = {
  /** The field of the thoughts, with what stands in it. */
  reasoning?: string;
  idOf?: (name: string, index: number) => string;
};

/** A chat completion, streamed as OpenAI does: the arguments in pieces, usage in a chunk of its own. */
export async function answerChat(
  exchange: Exchange,
  body: Body,
  step: AgentStep,
  style: ChatStyle | undefined,
): Promise<void> {
  const id = `chatcmpl-${digest(JSON.stringify(body))}`;
  const calls = step.call === undefined ? [] : [callOf(step.call, body, style)];
  const finish = calls.length > 0 ? "tool_calls" : "stop";
  const output = Math.ceil((step.text.length + JSON.stringify(calls).length) / 4);
  const usage = {
    prompt_tokens: tokensOf(body),
    completion_tokens: output,
    total_tokens: tokensOf(body) + output,
    prompt_tokens_details: { cached_tokens: 0 },
  };
  const thoughts = style?.reasoning === undefined ? {} : { [style.reasoning]: step.thoughts[0] };
  if (body["stream"] !== true) {
    const message = {
      role: "assistant",
      content: step.text,
      refusal: null,
      ...thoughts,
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finish }];
    return exchange.json(200, {
      id,
      object: "chat.completion",
      created: 1,
      model: body["model"],
      choices,
      usage,
    });
  }
  await exchange.startStream();
  const chunk = (delta: Body, finish_reason: string | null = null) =>
    exchange.event({
      id,
      object: "chat.completion.chunk",
      created: 1,
      model: body["model"],
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    });
  await chunk({ role: "assistant", content: "", refusal: null });
  for (const [name, text] of Object.entries(thoughts))
    for (const piece of split(text)) await chunk({ [name]: piece });
  for (const content of split(step.text)) await chunk({ content });
  for (const [index, call] of calls.entries()) await streamCall(chunk, call, index);
  await chunk({}, finish);
  if (field(body["stream_options"], "include_usage") === true)
    await exchange.event({
      id,
      object: "chat.completion.chunk",
      created: 1,
      model: body["model"],
      choices: [],
      usage,
    });
  await exchange.event("[DONE]");
  await exchange.endStream();
}

type Called = { id: string; type: "function" | "custom"; name: string; input: string };

function callOf(call: NonNullable<AgentStep["call"]>, body: Body, style: ChatStyle | undefined): Body {
  const name = call.tool.name;
  const earlier = objectsOf(body["messages"]).flatMap((message) => objectsOf(message["tool_calls"])).length;
  const id =
    style?.idOf?.(name, earlier) ?? `call_${digest(`${JSON.stringify(body["messages"])}${earlier}`)}`;
  if (call.tool.kind === "custom") return { id, type: "custom", custom: { name, input: String(call.input) } };
  return { id, type: "function", function: { name, arguments: JSON.stringify(call.input) } };
}

async function streamCall(chunk: (delta: Body) => Promise<void>, call: Body, index: number): Promise<void> {
  const called = read(call);
  const field = called.type === "custom" ? "input" : "arguments";
  const first = {
    index,
    id: called.id,
    type: called.type,
    [called.type]: { name: called.name, [field]: "" },
  };
  await chunk({ tool_calls: [first] });
  for (const piece of split(called.input))
    await chunk({ tool_calls: [{ index, [called.type]: { [field]: piece } }] });
}

function read(call: Body): Called {
  const type = call["type"] === "custom" ? "custom" : "function";
  const own = call[type];
  const input = field(own, type === "custom" ? "input" : "arguments");
  return { id: stringOf(call["id"]), type, name: stringOf(field(own, "name")), input: stringOf(input) };
}
