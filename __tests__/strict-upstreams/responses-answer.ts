import { field, isJsonObject } from "#lib/shared/json.ts";
import type { Exchange } from "../support/fake-upstream.ts";
import type { AgentStep, AgentView, OfferedTool } from "./agent-model.ts";
import { split } from "./anthropic-upstream.ts";
import { itemsOf, toolsOf } from "./responses-rules.ts";
import { type Body, objectsOf, stringOf } from "./rule.ts";
import { digest, seal } from "./seal.ts";

/** A request for a response as the scripted model sees it. */
export function responsesView(body: Body): AgentView {
  const items = itemsOf(body);
  const texts = items.flatMap((item) => [
    stringOf(item["content"]),
    ...objectsOf(item["content"]).map((part) => stringOf(part["text"])),
  ]);
  const format = field(body["text"], "format");
  return {
    tools: toolsOf(body).flatMap((tool) => offered(tool)),
    text: [stringOf(body["instructions"]), ...texts].join("\n"),
    results: items.filter(({ type }) => /_call_output$/.test(stringOf(type))).length,
    answers: items.filter(({ role }) => role === "assistant").length,
    ...(isJsonObject(format) && format["type"] === "json_schema" ? { answerSchema: format["schema"] } : {}),
    forced: stringOf(field(body["tool_choice"], "name")),
  };
}

function offered(tool: Body, namespace?: string): OfferedTool[] {
  const name = stringOf(tool["name"]);
  const own = namespace === undefined ? {} : { namespace };
  switch (tool["type"]) {
    case "function":
      return [{ name, kind: "function", schema: tool["parameters"], ...own }];
    case "custom":
      return [{ name, kind: "custom", ...own }];
    case "local_shell":
      return [{ name: "local_shell", kind: "local_shell" }];
    case "namespace":
      return objectsOf(tool["tools"]).flatMap((inner) => offered(inner, name));
    default:
      return [];
  }
}

/** The output of a step: reasoning, what is said, the call. Each item has an id of its own kind. */
function outputOf(body: Body, step: AgentStep, reasons: boolean): Body[] {
  const mark = digest(JSON.stringify(body["input"]));
  const output: Body[] = [];
  const effort = field(body["reasoning"], "effort");
  if (reasons && effort !== "none") {
    const wanted = Array.isArray(body["include"]) && body["include"].includes("reasoning.encrypted_content");
    const isSummed = field(body["reasoning"], "summary") !== undefined;
    output.push({
      type: "reasoning",
      id: `rs_${mark}`,
      summary: isSummed ? [{ type: "summary_text", text: step.thoughts[0] }] : [],
      ...(wanted
        ? { encrypted_content: seal({ text: step.thoughts[0], api: "openai", id: `rs_${mark}` }) }
        : {}),
    });
  }
  if (step.call === undefined || step.text !== "")
    output.push({
      type: "message",
      id: `msg_${mark}`,
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: step.text, annotations: [], logprobs: [] }],
    });
  if (step.call !== undefined) output.push(callItem(step.call, mark));
  return output;
}

function callItem({ tool, input }: NonNullable<AgentStep["call"]>, mark: string): Body {
  const call_id = `call_${mark}`;
  const namespace = tool.namespace === undefined ? {} : { namespace: tool.namespace };
  switch (tool.kind) {
    case "custom":
      return {
        type: "custom_tool_call",
        id: `ctc_${mark}`,
        call_id,
        name: tool.name,
        input: String(input),
        status: "completed",
        ...namespace,
      };
    case "local_shell":
      return { type: "local_shell_call", id: `lsh_${mark}`, call_id, action: input, status: "completed" };
    case "function":
      return {
        type: "function_call",
        id: `fc_${mark}`,
        call_id,
        name: tool.name,
        arguments: JSON.stringify(input),
        status: "completed",
        ...namespace,
      };
  }
}

export async function answerResponse(
  exchange: Exchange,
  body: Body,
  step: AgentStep,
  reasons: boolean,
): Promise<void> {
  const output = outputOf(body, step, reasons);
  const input_tokens = Math.ceil(JSON.stringify(body).length / 4);
  const output_tokens = Math.ceil(JSON.stringify(output).length / 4);
  const usage = {
    input_tokens,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens,
    output_tokens_details: { reasoning_tokens: reasons ? 10 : 0 },
    total_tokens: input_tokens + output_tokens,
  };
  const response = {
    id: `resp_${digest(JSON.stringify(body))}`,
    object: "response",
    created_at: 1,
    error: null,
    incomplete_details: null,
    instructions: body["instructions"] ?? null,
    max_output_tokens: body["max_output_tokens"] ?? null,
    model: body["model"],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: body["reasoning"] ?? { effort: null, summary: null },
    store: body["store"] ?? true,
    temperature: 1,
    text: body["text"] ?? { format: { type: "text" } },
    tool_choice: body["tool_choice"] ?? "auto",
    tools: body["tools"] ?? [],
    top_p: 1,
    truncation: "disabled",
    metadata: {},
  };
  const whole = { ...response, status: "completed", output, usage };
  if (body["stream"] !== true) return exchange.json(200, whole);
  await exchange.startStream();
  let sequence_number = 0;
  const event = (type: string, rest: Body) => {
    const data = JSON.stringify({ type, sequence_number: sequence_number++, ...rest });
    return exchange.chunk(`event: ${type}\ndata: ${data}\n\n`);
  };
  const begun = { ...response, status: "in_progress", output: [], usage: null };
  await event("response.created", { response: begun });
  await event("response.in_progress", { response: begun });
  for (const [output_index, item] of output.entries()) await streamItem(event, item, output_index);
  await event("response.completed", { response: whole });
  await exchange.endStream();
}

type Event = (type: string, rest: Body) => Promise<void>;

async function streamItem(event: Event, item: Body, output_index: number): Promise<void> {
  const at = { output_index, item_id: item["id"] };
  const isDone = item["type"] === "reasoning";
  await event("response.output_item.added", {
    output_index,
    item: isDone ? { ...item, summary: [] } : begunItem(item),
  });
  switch (item["type"]) {
    case "reasoning":
      for (const [summary_index, part] of objectsOf(item["summary"]).entries()) {
        const where = { ...at, summary_index };
        await event("response.reasoning_summary_part.added", { ...where, part: { ...part, text: "" } });
        for (const delta of split(stringOf(part["text"])))
          await event("response.reasoning_summary_text.delta", { ...where, delta });
        await event("response.reasoning_summary_text.done", { ...where, text: part["text"] });
        await event("response.reasoning_summary_part.done", { ...where, part });
      }
      break;
    case "message":
      for (const [content_index, part] of objectsOf(item["content"]).entries()) {
        const where = { ...at, content_index };
        await event("response.content_part.added", { ...where, part: { ...part, text: "" } });
        for (const delta of split(stringOf(part["text"])))
          await event("response.output_text.delta", { ...where, delta, logprobs: [] });
        await event("response.output_text.done", { ...where, text: part["text"], logprobs: [] });
        await event("response.content_part.done", { ...where, part });
      }
      break;
    case "function_call":
      await streamInput(event, at, "function_call_arguments", "arguments", stringOf(item["arguments"]));
      break;
    case "custom_tool_call":
      await streamInput(event, at, "custom_tool_call_input", "input", stringOf(item["input"]));
      break;
  }
  await event("response.output_item.done", { output_index, item });
}

async function streamInput(event: Event, at: Body, kind: string, name: string, text: string): Promise<void> {
  for (const delta of split(text)) await event(`response.${kind}.delta`, { ...at, delta });
  await event(`response.${kind}.done`, { ...at, [name]: text });
}

function begunItem(item: Body): Body {
  const begun: Body = { ...item, status: "in_progress" };
  if (item["type"] === "message") begun["content"] = [];
  if (item["type"] === "function_call") begun["arguments"] = "";
  if (item["type"] === "custom_tool_call") begun["input"] = "";
  return begun;
}
