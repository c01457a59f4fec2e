import { field, isJsonObject } from "#lib/shared/json.ts";
import type { Exchange } from "../support/fake-upstream.ts";
import { type AgentStep, type AgentView, nextStep } from "./agent-model.ts";
import { blocksOf, everyBlock, turnsOf } from "./anthropic-conversation.ts";
import { ANTHROPIC_RULES, anthropicError } from "./anthropic-rules.ts";
import { type Body, bodyOf, objectsOf, type Request, stringOf } from "./rule.ts";
import { digest, seal } from "./seal.ts";
import { refuseOr, type StrictUpstream } from "./strict-upstream.ts";

/** Anthropic's Messages API. */
export function strictAnthropic(): StrictUpstream {
  const upstream: StrictUpstream = {
    refusals: [],
    async script(exchange) {
      const path = exchange.request.path.replace(/\?.*$/, "");
      const api = path === "/v1/messages" ? "messages" : "count_tokens";
      if (path !== "/v1/messages" && path !== "/v1/messages/count_tokens")
        return exchange.json(404, anthropicError("Not Found", "not_found_error"));
      const body = bodyOf(exchange.request);
      const request: Request = {
        api,
        model: stringOf(body["model"]),
        body,
        headers: exchange.request.headers,
      };
      if (await refuseOr(upstream, exchange, ANTHROPIC_RULES, request)) return;
      if (api === "count_tokens") return exchange.json(200, { input_tokens: tokensOf(body) });
      await answer(exchange, body, nextStep(viewOf(body)));
    },
  };
  return upstream;
}

function tokensOf(body: Body): number {
  return Math.ceil(JSON.stringify(body).length / 4);
}

function viewOf(body: Body): AgentView {
  const blocks = everyBlock(body).map(({ block }) => block);
  const system = blocksOf(body["system"] ?? []);
  const format = field(body["output_config"], "format");
  return {
    tools: objectsOf(body["tools"]).map((tool) => ({
      name: stringOf(tool["name"]),
      kind: "function",
      schema: tool["input_schema"],
    })),
    text: [...system, ...blocks].map((block) => stringOf(block["text"])).join("\n"),
    results: blocks.filter(({ type }) => type === "tool_result").length,
    answers: turnsOf(body).filter(({ role }) => role === "assistant").length,
    ...(isJsonObject(format) ? { answerSchema: format["schema"] } : {}),
    forced: stringOf(field(body["tool_choice"], "name")),
  };
}

type Said = { type: "thinking" | "text" | "tool_use"; pieces: string[]; whole: Body };

/** Thoughts before the text and before the call: `[thinking, text, thinking, tool_use]`. */
function blocksFor(body: Body, step: AgentStep): Said[] {
  const message = `msg_${digest(`${JSON.stringify(body["messages"])}`)}`;
  const type = stringOf(field(body["thinking"], "type"));
  const isThinking = type === "enabled" || type === "adaptive";
  const isHidden = field(body["thinking"], "display") === "omitted";
  const thoughts = isThinking ? (step.call === undefined ? 1 : 2) : 0;
  const thought = (text: string, index: number): Said => {
    const shown = isHidden ? "" : text;
    const signature = seal({ text: "", message, index, thoughts, digest: digest(shown) });
    return {
      type: "thinking",
      pieces: split(shown),
      whole: { type: "thinking", thinking: shown, signature },
    };
  };
  const blocks: Said[] = [];
  if (isThinking) blocks.push(thought(step.thoughts[0], 0));
  blocks.push({ type: "text", pieces: split(step.text), whole: { type: "text", text: step.text } });
  if (step.call !== undefined) {
    if (isThinking) blocks.push(thought(step.thoughts[1], blocks.length));
    const id = `toolu_01${digest(message + String(blocks.length)).replace(/[^a-zA-Z0-9]/g, "x")}`;
    const whole = { type: "tool_use", id, name: step.call.tool.name, input: step.call.input };
    blocks.push({ type: "tool_use", pieces: split(JSON.stringify(step.call.input)), whole });
  }
  return blocks;
}

export function split(text: string): string[] {
  return text.match(/.{1,9}/gs) ?? [];
}

async function answer(exchange: Exchange, body: Body, step: AgentStep): Promise<void> {
  const blocks = blocksFor(body, step);
  const input = tokensOf(body);
  const output = blocks.reduce((total, { pieces }) => total + pieces.length, 1);
  const usage = {
    input_tokens: input,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: output,
  };
  const stop = step.call === undefined ? "end_turn" : "tool_use";
  const message = {
    id: `msg_${digest(JSON.stringify(body))}`,
    type: "message",
    role: "assistant",
    model: body["model"],
  };
  if (body["stream"] !== true) {
    const content = blocks.map(({ whole }) => whole);
    return exchange.json(200, { ...message, content, stop_reason: stop, stop_sequence: null, usage });
  }
  await exchange.startStream();
  const event = (data: { type: string } & Body) =>
    exchange.chunk(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
  const start = {
    ...message,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...usage, output_tokens: 1 },
  };
  await event({ type: "message_start", message: start });
  await event({ type: "ping" });
  for (const [index, block] of blocks.entries()) {
    await event({ type: "content_block_start", index, content_block: emptied(block.whole) });
    for (const delta of deltasOf(block)) await event({ type: "content_block_delta", index, delta });
    await event({ type: "content_block_stop", index });
  }
  await event({ type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage });
  await event({ type: "message_stop" });
  await exchange.endStream();
}

function emptied(block: Body): Body {
  if (block["type"] === "thinking") return { type: "thinking", thinking: "", signature: "" };
  return block["type"] === "text" ? { type: "text", text: "" } : { ...block, input: {} };
}

function deltasOf({ type, pieces, whole }: Said): Body[] {
  if (type === "text") return pieces.map((text) => ({ type: "text_delta", text }));
  if (type === "tool_use") return pieces.map((partial_json) => ({ type: "input_json_delta", partial_json }));
  return [
    ...pieces.map((thinking) => ({ type: "thinking_delta", thinking })),
    { type: "signature_delta", signature: whole["signature"] },
  ];
}
