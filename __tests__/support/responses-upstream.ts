import { isStreaming, type Script } from "./fake-upstream.ts";

type Json = Record<string, unknown>;

/** The usage that every answer reports. */
export const USAGE = {
  input_tokens: 40,
  input_tokens_details: { cached_tokens: 8, cache_write_tokens: 0 },
  output_tokens: 20,
  output_tokens_details: { reasoning_tokens: 12 },
  total_tokens: 60,
};

export const message = (text: string, more: Json = {}): Json => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
  ...more,
});
export const reasoning = (id: string, summary: string, encrypted: string | null = `enc-${id}`): Json => ({
  id,
  type: "reasoning",
  summary: summary === "" ? [] : [{ type: "summary_text", text: summary }],
  ...(encrypted === null ? {} : { encrypted_content: encrypted }),
});
export const functionCall = (id: string, name: string, args: unknown): Json => ({
  id: `fc_${id}`,
  type: "function_call",
  status: "completed",
  call_id: id,
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
});
export const customCall = (id: string, name: string, input: string): Json => ({
  id: `ctc_${id}`,
  type: "custom_tool_call",
  status: "completed",
  call_id: id,
  name,
  input,
});

export type Ending = { status?: string; incomplete_details?: Json | null; error?: Json; usage?: Json | null };

function responseOf(output: readonly Json[], ending: Ending): Json {
  return {
    id: "resp_1",
    object: "response",
    created_at: 1,
    model: "m",
    status: "completed",
    error: null,
    incomplete_details: null,
    output,
    usage: USAGE,
    ...ending,
  };
}

/** Answers with these items, streamed as OpenAI streams them, or whole. */
export function responds(items: readonly Json[], ending: Ending = {}): Script {
  return async (exchange) => {
    const response = responseOf(items, ending);
    if (!isStreaming(exchange.request)) return exchange.json(200, response);
    await exchange.startStream();
    for (const event of eventsOf(items)) await exchange.event(event);
    await exchange.event({ type: `response.${String(response["status"])}`, response });
    await exchange.endStream();
  };
}

/** The events of an answer, without those at its end. */
export function eventsOf(items: readonly Json[]): Json[] {
  const started = { ...responseOf([], {}), status: "in_progress", usage: null };
  const events: Json[] = [
    { type: "response.created", response: started },
    { type: "response.in_progress", response: started },
  ];
  items.forEach((item, index) => {
    events.push(...itemEvents(item, index));
  });
  return events.map((event, number) => ({ ...event, sequence_number: number }));
}

const halves = (text: string): string[] => {
  const middle = Math.ceil(text.length / 2);
  return [text.slice(0, middle), text.slice(middle)].filter((half) => half !== "");
};
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

function itemEvents(item: Json, index: number): Json[] {
  const place = { item_id: item["id"], output_index: index };
  const deltas = (type: string, text: unknown, more: Json = {}): Json[] =>
    halves(String(text)).map((delta) => ({ type, ...place, ...more, delta, obfuscation: "x" }));
  const inner: Json[] = [];
  for (const [at, part] of list(item["summary"]).entries()) {
    inner.push({
      type: "response.reasoning_summary_part.added",
      ...place,
      summary_index: at,
      part: { type: "summary_text", text: "" },
    });
    inner.push(...deltas("response.reasoning_summary_text.delta", part["text"], { summary_index: at }));
    inner.push({ type: "response.reasoning_summary_part.done", ...place, summary_index: at, part });
  }
  for (const [at, part] of list(item["content"]).entries()) {
    const where = { content_index: at };
    inner.push({ type: "response.content_part.added", ...place, ...where, part: { ...part, text: "" } });
    if (part["type"] === "refusal") inner.push(...deltas("response.refusal.delta", part["refusal"], where));
    else inner.push(...deltas("response.output_text.delta", part["text"], { ...where, logprobs: [] }));
    for (const [position, annotation] of list(part["annotations"]).entries()) {
      const cited = { annotation_index: position, annotation };
      inner.push({ type: "response.output_text.annotation.added", ...place, ...where, ...cited });
    }
    if (part["type"] !== "refusal") {
      inner.push({ type: "response.output_text.done", ...place, ...where, text: part["text"], logprobs: [] });
    }
  }
  if (item["type"] === "function_call") {
    inner.push(...deltas("response.function_call_arguments.delta", item["arguments"]));
    inner.push({ type: "response.function_call_arguments.done", ...place, arguments: item["arguments"] });
  }
  if (item["type"] === "custom_tool_call") {
    inner.push(...deltas("response.custom_tool_call_input.delta", item["input"]));
    inner.push({ type: "response.custom_tool_call_input.done", ...place, input: item["input"] });
  }
  return [
    { type: "response.output_item.added", output_index: index, item: begun(item) },
    ...inner,
    { type: "response.output_item.done", output_index: index, item },
  ];
}

/** The item as it is when it begins. */
function begun(item: Json): Json {
  const empty: Json = { ...item, status: "in_progress" };
  if ("content" in item) empty["content"] = [];
  if ("summary" in item) empty["summary"] = [];
  if ("arguments" in item) empty["arguments"] = "";
  if ("input" in item) empty["input"] = "";
  return empty;
}
