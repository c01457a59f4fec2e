import { isJsonObject } from "#lib/shared/json.ts";
import { type AgentEvent, agentEventSchema } from "#lib/streaming/agent-events.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";
import type { Exchange, Script } from "./fake-upstream.ts";
import { says } from "./scripted-answers.ts";

/** What an engine is asked for: the plan, a step, or the summary. */
export type Asked = {
  part: "planner" | "worker" | "synthesiser";
  step: string;
  messages: readonly Record<string, unknown>[];
  /** The names of the tools that it may call. */
  tools: readonly string[];
};

export type Answers = { plan?: Script; step?: (asked: Asked) => Script; summary?: Script };

export const answer = (text: string): Script => says({ text: [text] });

const PLAN = '[{"title":"Find A","needs":[]},{"title":"Find B","needs":[]},{"title":"Find C","needs":[]}]';

export function asked({ request }: Pick<Exchange, "request">): Asked {
  const body = isJsonObject(request.json) ? request.json : {};
  const messages = body["messages"] as Record<string, unknown>[];
  const system = String(messages[0]?.["content"]);
  const part = /^You plan/.test(system)
    ? "planner"
    : /^You do one step/.test(system)
      ? "worker"
      : "synthesiser";
  const said = messages.find(({ role }) => role === "user")?.["content"];
  const tools = (body["tools"] ?? []) as { function: { name: string } }[];
  return {
    part,
    step: /Your step: (.*)$/.exec(String(said))?.[1] ?? "",
    messages,
    tools: tools.map(({ function: { name } }) => name),
  };
}

/** An engine that plans three steps, finds each, and sums up, but for what is given. */
export function engine({
  plan = answer(PLAN),
  step = ({ step }) => answer(`${step} is found.`),
  summary = answer("All is found."),
}: Answers): Script {
  return (exchange) => {
    const one = asked(exchange);
    const script = one.part === "planner" ? plan : one.part === "worker" ? step(one) : summary;
    return script(exchange);
  };
}

/** The events of a stream, each checked against its schema. */
export function agentEventsIn(text: string): AgentEvent[] {
  const reader = new SseReader();
  const frames = [...reader.push(new TextEncoder().encode(text)), ...reader.end()];
  return frames.map(({ data }) => agentEventSchema.parse(JSON.parse(data)));
}

/** Those of one type. */
export function typed<Type extends AgentEvent["type"]>(events: readonly AgentEvent[], type: Type) {
  return events.filter((event): event is Extract<AgentEvent, { type: Type }> => event.type === type);
}
