import { readFileSync } from "node:fs";
import { arrayField, field } from "#lib/shared/json.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";
import { type Body, objectsOf, stringOf } from "./rule.ts";

/** A coding agent as it talks to the gateway: its first request as recorded, and how it goes on. */
export type Agent = {
  name: string;
  path: "v1/chat/completions" | "v1/responses" | "v1/messages";
  headers: Record<string, string>;
  /** The first request. */
  body: Body;
  /** Reads an answer of either kind. */
  read: (answer: AgentAnswer) => AgentTurn;
  /** The request of the next round, with the answer and the results of its calls. */
  next: (body: Body, turn: AgentTurn) => Body;
};

/** An answer's frames, or its one body. */
export type AgentAnswer = { isStream: boolean; frames: readonly Body[] };
export type AgentCallSeen = { id: string; name: string; input: string };
export type AgentTurn = {
  text: string;
  calls: readonly AgentCallSeen[];
  /** What the client keeps of the answer, in its own API's shape. */
  kept: readonly Body[];
};

/** What every tool answers. */
const RESULT = "done";

export async function answerOf(response: Response): Promise<AgentAnswer> {
  const raw = await response.text();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  if (!isStream) return { isStream, frames: [JSON.parse(raw) as Body] };
  const reader = new SseReader();
  const events = [...reader.push(new TextEncoder().encode(raw)), ...reader.end()];
  const frames = events.filter(({ data }) => data !== "[DONE]").map(({ data }) => JSON.parse(data) as Body);
  return { isStream, frames };
}

type Recorded = { headers: Record<string, string>; body: Body };

function recorded(file: string): Recorded {
  const text = readFileSync(new URL(`../fixtures/clients/${file}`, import.meta.url), "utf8");
  return JSON.parse(text) as Recorded;
}

/** Headers that a recording cut, or that belong to one connection, are left out. */
function headersOf({ headers }: Recorded): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) =>
      /^(?:user-agent|anthropic-version|x-app|originator)$/i.test(name),
    ),
  );
}

// Messages: Claude Code keeps the blocks as they came.

function readMessages({ isStream, frames }: AgentAnswer): AgentTurn {
  const blocks = isStream ? streamedBlocks(frames) : objectsOf(frames[0]?.["content"]);
  const calls = blocks
    .filter(({ type }) => type === "tool_use")
    .map((block) => ({
      id: stringOf(block["id"]),
      name: stringOf(block["name"]),
      input: JSON.stringify(block["input"]),
    }));
  return { text: blocks.map((block) => stringOf(block["text"])).join(""), calls, kept: blocks };
}

function streamedBlocks(frames: readonly Body[]): Body[] {
  const blocks: Body[] = [];
  const inputs = new Map<Body, string>();
  for (const frame of frames) {
    if (frame["type"] === "content_block_start") blocks.push({ ...(frame["content_block"] as Body) });
    const block = blocks.at(-1);
    const delta = frame["delta"];
    if (frame["type"] !== "content_block_delta" || block === undefined) continue;
    for (const name of ["text", "thinking", "signature"])
      if (typeof field(delta, name) === "string")
        block[name] = stringOf(block[name]) + stringOf(field(delta, name));
    const json = field(delta, "partial_json");
    if (typeof json === "string") inputs.set(block, (inputs.get(block) ?? "") + json);
  }
  for (const [block, json] of inputs) if (json !== "") block["input"] = JSON.parse(json) as unknown;
  return blocks;
}

function nextMessages(body: Body, { kept, calls }: AgentTurn): Body {
  const results = calls.map(({ id }) => ({
    type: "tool_result",
    tool_use_id: id,
    content: RESULT,
    is_error: false,
  }));
  const messages = [
    ...arrayField(body, "messages"),
    { role: "assistant", content: kept },
    { role: "user", content: results },
  ];
  return { ...body, messages };
}

// Responses: codex keeps the items of the answer, with their ids and without their status.

function readResponses({ isStream, frames }: AgentAnswer): AgentTurn {
  const whole = isStream
    ? field(
        frames.find(({ type }) => type === "response.completed"),
        "response",
      )
    : frames[0];
  const items = objectsOf(field(whole, "output"));
  const calls = items
    .filter(({ type }) => /_call$/.test(stringOf(type)))
    .map((item) => ({
      id: stringOf(item["call_id"]),
      name: stringOf(item["name"]),
      input: stringOf(item["arguments"] ?? item["input"]),
    }));
  const text = items
    .flatMap((item) => objectsOf(item["content"]).map((part) => stringOf(part["text"])))
    .join("");
  return { text, calls, kept: items };
}

const nextResponses =
  (output: unknown) =>
  (body: Body, { kept }: AgentTurn): Body => {
    const items = kept.map((item) =>
      Object.fromEntries(Object.entries(item).filter(([name]) => name !== "status")),
    );
    const outputs = kept
      .filter(({ type }) => /_call$/.test(stringOf(type)))
      .map((item) => ({ type: `${stringOf(item["type"])}_output`, call_id: item["call_id"], output }));
    return { ...body, input: [...arrayField(body, "input"), ...items, ...outputs] };
  };

/** What the code mode of codex answers. */
const CODE_RESULT = ["Script completed\nWall time 0.1 seconds\nOutput:\n", RESULT].map((text) => ({
  type: "input_text",
  text,
}));

// Chat completions: what a client keeps besides text and calls differs.

function readChat({ frames }: AgentAnswer): AgentTurn {
  const message: Body = { role: "assistant", content: "" };
  const calls: Body[] = [];
  for (const frame of frames) {
    const choice = objectsOf(frame["choices"])[0];
    const part = choice?.["delta"] ?? choice?.["message"];
    for (const name of ["content", "reasoning_content", "reasoning"])
      if (typeof field(part, name) === "string")
        message[name] = stringOf(message[name]) + stringOf(field(part, name));
    for (const [position, call] of objectsOf(field(part, "tool_calls")).entries())
      addCall(calls, call, typeof call["index"] === "number" ? call["index"] : position);
  }
  const kept = { ...message, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
  const seen = calls.map((call) => ({
    id: stringOf(call["id"]),
    name: stringOf(field(call["function"], "name")),
    input: stringOf(field(call["function"], "arguments")),
  }));
  return { text: stringOf(message["content"]), calls: seen, kept: [kept] };
}

function addCall(calls: Body[], piece: Body, at: number): void {
  const { index: _index, function: own, ...rest } = piece;
  const known = calls[at];
  if (known === undefined) {
    calls[at] = { ...rest, function: { name: "", arguments: "", ...(own as Body) } };
    return;
  }
  const target = known["function"] as Body;
  target["arguments"] = stringOf(target["arguments"]) + stringOf(field(own, "arguments"));
}

const nextChat =
  (keep: (message: Body) => Body) =>
  (body: Body, { kept, calls }: AgentTurn): Body => {
    const results = calls.map(({ id }) => ({ role: "tool", tool_call_id: id, content: RESULT }));
    return { ...body, messages: [...arrayField(body, "messages"), ...kept.map(keep), ...results] };
  };

/** An OpenAI SDK's user: text and calls, nothing else. */
function plainMessage(message: Body): Body {
  const calls = objectsOf(message["tool_calls"]).map(({ id, type, function: own }) => ({
    id,
    type,
    function: own,
  }));
  return {
    role: "assistant",
    content: message["content"] === "" ? null : message["content"],
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

const claudeCode = recorded("claude-code-001-POST-v1_messages.json");
const codex = recorded("codex-001-POST-v1_responses.json");
const codexCode = recorded("codex-003-POST-v1_responses.json");
const opencode = recorded("opencode-002-POST-v1_chat_completions.json");
const qwenCode = recorded("qwen-code-001-POST-v1_chat_completions.json");

const PATCH_TOOL = {
  type: "custom",
  name: "apply_patch",
  description: "Edits files.",
  format: { type: "grammar", syntax: "lark", definition: 'start: "*** Begin Patch" /(.|\\n)+/' },
};

/** codex with its own models: the tools come as an item of the input (cc-switch-cli#466, codex#19871). */
function codexOwn(): Body {
  const { tools, ...rest } = codex.body;
  const item = { type: "additional_tools", role: "developer", tools: [...objectsOf(tools), PATCH_TOOL] };
  return {
    ...rest,
    reasoning: { effort: "medium", summary: "auto" },
    input: [item, ...arrayField(rest, "input")],
  };
}

const withModel = (body: Body): Body => ({ ...body, model: "smart" });
/** Cut in the recording. */
const BETAS = "claude-code-20250219,interleaved-thinking-2025-05-14,context-management-2025-06-27";
const messages = {
  path: "v1/messages",
  headers: { ...headersOf(claudeCode), "anthropic-beta": BETAS },
  read: readMessages,
  next: nextMessages,
} as const;
const responses = {
  path: "v1/responses",
  headers: headersOf(codex),
  read: readResponses,
  next: nextResponses(RESULT),
} as const;
const chat = { path: "v1/chat/completions", read: readChat } as const;
const { thinking: _thinking, context_management: _management, ...unthinking } = claudeCode.body;

export const AGENTS: readonly Agent[] = [
  { ...messages, name: "Claude Code", body: withModel(claudeCode.body) },
  { ...messages, name: "Claude Code without thinking", body: withModel(unthinking) },
  {
    ...messages,
    name: "Claude Code with adaptive thinking",
    body: withModel({
      ...unthinking,
      max_tokens: 64_000,
      thinking: { type: "adaptive" },
      output_config: { effort: "high" },
    }),
  },
  { ...responses, name: "codex", body: withModel(codex.body) },
  { ...responses, name: "codex with its own models", body: withModel(codexOwn()) },
  {
    ...responses,
    name: "codex that writes code",
    headers: headersOf(codexCode),
    body: withModel(codexCode.body),
    next: nextResponses(CODE_RESULT),
  },
  {
    ...chat,
    name: "opencode",
    headers: headersOf(opencode),
    body: withModel(opencode.body),
    next: nextChat((message) => message),
  },
  {
    ...chat,
    name: "qwen-code",
    headers: headersOf(qwenCode),
    body: withModel(qwenCode.body),
    next: nextChat(plainMessage),
  },
  {
    ...chat,
    name: "opencode with an effort",
    headers: headersOf(opencode),
    body: withModel({ ...opencode.body, reasoning_effort: "medium" }),
    next: nextChat((message) => message),
  },
];
