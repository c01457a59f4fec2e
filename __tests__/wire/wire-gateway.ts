import type { HostContext } from "#lib/server/http/host-context.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { field, isJsonObject } from "#lib/shared/json.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";
import { answers, type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { readNative } from "../support/native-client.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { aHost, type Settings, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** The four routes that answer a conversation. */
export const ROUTES = ["ai-chat", "v1/chat/completions", "v1/responses", "v1/messages"] as const;
export type WireRoute = (typeof ROUTES)[number];
/** The routes with a history of their own, tools and whole answers. */
export const PROXY_ROUTES = ["v1/chat/completions", "v1/responses", "v1/messages"] as const;

/** Where an engine of a wire test runs: a built-in provider, or an operator's own server. */
export type Vendor =
  | "anthropic"
  | "openai"
  | "gemini-grounded"
  | "groq"
  | "cerebras"
  | "mistral"
  | "openrouter"
  | "cohere"
  | "sambanova"
  | "own";

export type WireEngine = {
  vendor: Vendor;
  model: string;
  script?: Script;
  /** Further fields of its row in the chain. */
  row?: Record<string, unknown>;
  /** Further fields of an `own` provider, such as `protocol`. */
  provider?: Record<string, unknown>;
};

/** The variables of a built-in provider, and what follows the origin in its base URL. */
const VARIABLES: Readonly<Record<Exclude<Vendor, "own">, readonly [key: string, url: string, path: string]>> =
  {
    anthropic: ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", ""],
    openai: ["OPENAI_API_KEY", "OPENAI_BASE_URL", "/v1"],
    "gemini-grounded": ["GOOGLE_GEMINI_API_KEY", "GOOGLE_GEMINI_BASE_URL", ""],
    groq: ["GROQ_API_KEY", "GROQ_BASE_URL", "/openai/v1"],
    cerebras: ["CEREBRAS_API_KEY", "CEREBRAS_BASE_URL", "/v1"],
    mistral: ["MISTRAL_API_KEY", "MISTRAL_BASE_URL", "/v1"],
    openrouter: ["OPENROUTER_API_KEY", "OPENROUTER_BASE_URL", "/api/v1"],
    cohere: ["COHERE_API_KEY", "COHERE_BASE_URL", "/compatibility/v1"],
    sambanova: ["SAMBANOVA_API_KEY", "SAMBANOVA_BASE_URL", "/v1"],
  };

const MODES = ["smart", "reasoner", "live", "fast", "coder", "vision"];

/** A call of a tool, with its arguments as they were told. */
export type WireCall = { id: string; name: string; arguments: string };

/** What the client of any route has learnt. */
export type Reply = {
  status: number;
  headers: Headers;
  /** The body as text. */
  raw: string;
  /** Every frame, or the one body, as JSON. */
  frames: unknown[];
  text: string;
  thinking: string;
  calls: WireCall[];
  /** As the route says it: `stop`, `end_turn`, `completed`, `incomplete: max_output_tokens` … */
  finish: string | undefined;
  /** The error object, of a refusal or at the end of a stream. */
  error: Record<string, unknown> | undefined;
  /** The usage object of the route. */
  usage: Record<string, unknown> | undefined;
};

export type WireGateway = {
  gateway: TestGateway;
  database: TestSupabase;
  /** One per engine, in the order of the chain. */
  upstreams: readonly FakeUpstream[];
  /** The log lines so far. */
  log: Record<string, unknown>[];
  /** Posts a body as it is. A bearer token of a fresh user is sent. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  /** Asks one question through a route; `changes` are added to the body. */
  ask(
    route: WireRoute,
    stream: boolean,
    changes?: Record<string, unknown>,
    headers?: Record<string, string>,
  ): Promise<Reply>;
  /** Waits until the rows of all answers are stored. */
  settled(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * A gateway over real sockets whose modes all have this chain. Its database is made for it unless one is
 * given, which is then left running.
 */
export async function startWireGateway(
  engines: readonly WireEngine[],
  options: { database?: TestSupabase; settings?: Settings } = {},
): Promise<WireGateway> {
  const database = options.database ?? (await startTestSupabase());
  const upstreams = await Promise.all(
    engines.map(({ vendor, script }) => startFakeUpstream(script ?? answers(`Hello from ${vendor}.`))),
  );
  const log: Record<string, unknown>[] = [];
  const gateway = await startTestGateway({
    database,
    settings: {
      ENABLE_OPENAI_PROXY: "true",
      LOG_TURNS: "false",
      ...settingsOf(engines, upstreams),
      ...options.settings,
    },
    log: (line) => log.push(JSON.parse(line) as Record<string, unknown>),
  });
  const { accessToken } = await database.signUp();
  const route = apiRouter(async () => gateway.gateway);
  const works: Promise<void>[] = [];
  const host: HostContext = aHost({ waitUntil: (work) => works.push(work) });
  const call = (path: string, init: RequestInit, headers: Record<string, string>): Promise<Response> => {
    const request = new Request(`http://gateway.test/api/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json", ...headers },
    });
    return route(new URL(request.url).pathname)(request, host);
  };
  const post: WireGateway["post"] = (path, body, headers = {}) =>
    call(path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) }, headers);
  return {
    gateway,
    database,
    upstreams,
    log,
    post,
    get: (path, headers = {}) => call(path, { method: "GET" }, headers),
    ask: async (path, stream, changes = {}, headers = {}) =>
      readReply(path, await post(path, { ...question(path, stream), ...changes }, headers)),
    settled: async () => {
      await Promise.all(works);
    },
    async stop() {
      await Promise.all(works);
      await gateway.stop();
      await Promise.all(upstreams.map((upstream) => upstream.stop()));
      if (options.database === undefined) await database.stop();
    },
  };
}

function settingsOf(engines: readonly WireEngine[], upstreams: readonly FakeUpstream[]): Settings {
  const settings: Record<string, string> = {};
  const providers: Record<string, unknown>[] = [];
  const failover = engines.map(({ vendor, model, row, provider }, index) => {
    const origin = upstreams[index]?.origin ?? "";
    if (vendor !== "own") {
      const [key, url, path] = VARIABLES[vendor];
      settings[key] = `key-of-${vendor}-0123456789`;
      settings[url] = origin + path;
      return { provider: vendor, model, label: vendor, ...row };
    }
    const id = `own-${index}`;
    providers.push({ id, baseUrl: `${origin}/v1`, ...provider });
    return { provider: id, model, label: id, ...row };
  });
  settings["MODELS_CONFIG"] = JSON.stringify({
    extends: "default",
    providers,
    modes: Object.fromEntries(MODES.map((mode) => [mode, { failover }])),
  });
  return settings;
}

function question(route: WireRoute, stream: boolean): Record<string, unknown> {
  const messages = [{ role: "user", content: "Hi" }];
  switch (route) {
    case "ai-chat":
      return { message: "Hi", model: "smart" };
    case "v1/chat/completions":
      return {
        model: "smart",
        messages,
        stream,
        ...(stream ? { stream_options: { include_usage: true } } : {}),
      };
    case "v1/responses":
      return { model: "smart", input: messages, stream, store: false };
    case "v1/messages":
      return { model: "smart", messages, stream, max_tokens: 4_000 };
  }
}

/** Reads an answer of any route to its end. */
export async function readReply(route: WireRoute, response: Response): Promise<Reply> {
  if (route === "ai-chat") return readNativeReply(response);
  const raw = await response.text();
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const frames = isStream ? framesOf(raw) : [parse(raw)];
  const reply: Reply = { ...emptyReply(response, raw), frames };
  for (const frame of frames) {
    const error = field(frame, "error");
    if (isJsonObject(error)) reply.error = error;
    NOTE[route](frame, reply);
  }
  return reply;
}

function emptyReply(response: Response, raw: string): Reply {
  return {
    status: response.status,
    headers: response.headers,
    raw,
    frames: [],
    text: "",
    thinking: "",
    calls: [],
    finish: undefined,
    error: undefined,
    usage: undefined,
  };
}

async function readNativeReply(response: Response): Promise<Reply> {
  const answer = await readNative(response);
  const reply = emptyReply(response, answer.raw);
  const refusal = answer.frames.length === 0 ? field(parse(answer.raw), "error") : answer.error;
  return {
    ...reply,
    frames: answer.frames,
    text: answer.text,
    thinking: answer.thinking,
    finish: answer.done === undefined ? undefined : "done",
    error: isJsonObject(refusal) ? refusal : undefined,
    usage: answer.usage,
  };
}

function framesOf(raw: string): unknown[] {
  const reader = new SseReader();
  return [...reader.push(new TextEncoder().encode(raw)), ...reader.end()]
    .filter(({ data }) => data !== "[DONE]")
    .map(({ data }) => JSON.parse(data) as unknown);
}

function parse(raw: string): unknown {
  return raw.startsWith("{") ? (JSON.parse(raw) as unknown) : undefined;
}

const NOTE = {
  "v1/chat/completions": noteCompletion,
  "v1/responses": noteResponses,
  "v1/messages": noteMessages,
} as const;

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");

function noteCompletion(frame: unknown, reply: Reply): void {
  const usage = field(frame, "usage");
  if (isJsonObject(usage)) reply.usage = usage;
  const choice = list(field(frame, "choices"))[0];
  const message = field(choice, "delta") ?? field(choice, "message");
  reply.text += text(field(message, "content"));
  reply.thinking += text(field(message, "reasoning_content") ?? field(message, "reasoning"));
  for (const [position, call] of list(field(message, "tool_calls")).entries()) {
    const index = field(call, "index");
    const at = typeof index === "number" ? index : position;
    const own = field(call, "function");
    const known = reply.calls[at] ?? { id: "", name: "", arguments: "" };
    known.id += text(field(call, "id"));
    known.name += text(field(own, "name"));
    known.arguments += text(field(own, "arguments"));
    reply.calls[at] = known;
  }
  const finish = field(choice, "finish_reason");
  if (typeof finish === "string") reply.finish = finish;
}

function noteResponses(frame: unknown, reply: Reply): void {
  const response = field(frame, "response") ?? frame;
  const status = field(response, "status");
  if (field(response, "object") !== "response" || status === "in_progress" || status === "queued") return;
  const error = field(response, "error");
  if (isJsonObject(error)) reply.error = error;
  const usage = field(response, "usage");
  if (isJsonObject(usage)) reply.usage = usage;
  const reason = field(field(response, "incomplete_details"), "reason");
  reply.finish = typeof reason === "string" ? `${text(status)}: ${reason}` : text(status);
  for (const item of list(field(response, "output"))) {
    for (const part of list(field(item, "content")))
      reply.text += text(field(part, "text") ?? field(part, "refusal"));
    for (const part of list(field(item, "summary"))) reply.thinking += text(field(part, "text"));
    const type = field(item, "type");
    if (type !== "function_call" && type !== "custom_tool_call") continue;
    reply.calls.push({
      id: text(field(item, "call_id")),
      name: text(field(item, "name")),
      arguments: text(field(item, "arguments") ?? field(item, "input")),
    });
  }
}

function noteMessages(frame: unknown, reply: Reply): void {
  const message = field(frame, "message") ?? frame;
  for (const holder of [message, frame]) {
    const usage = field(holder, "usage");
    if (isJsonObject(usage)) reply.usage = { ...reply.usage, ...usage };
  }
  const stop = field(field(frame, "delta"), "stop_reason") ?? field(message, "stop_reason");
  if (typeof stop === "string") reply.finish = stop;
  for (const block of list(field(message, "content"))) noteBlock(block, reply);
  const block = field(frame, "content_block");
  if (block !== undefined) noteBlock(block, reply);
  const delta = field(frame, "delta");
  reply.text += text(field(delta, "text"));
  reply.thinking += text(field(delta, "thinking"));
  const call = reply.calls.at(-1);
  if (call !== undefined) call.arguments += text(field(delta, "partial_json"));
}

function noteBlock(block: unknown, reply: Reply): void {
  reply.text += text(field(block, "text"));
  reply.thinking += text(field(block, "thinking"));
  if (field(block, "type") !== "tool_use") return;
  const input = JSON.stringify(field(block, "input") ?? {});
  // A stream begins with an empty object and tells the arguments afterwards.
  const call = {
    id: text(field(block, "id")),
    name: text(field(block, "name")),
    arguments: input === "{}" ? "" : input,
  };
  reply.calls.push(call);
}
