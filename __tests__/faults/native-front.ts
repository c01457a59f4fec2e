import { randomUUID } from "node:crypto";
import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import { DEFAULT_MODES, type Modes } from "#lib/ai-models.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { serveRoute } from "#lib/server/http/route.ts";
import { aiChat } from "#lib/server/routes/ai-chat.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { engineAnswerer } from "#lib/services/chat/engine-answerer.ts";
import { ERROR_STATUS, type ErrorCode } from "#lib/shared/errors.ts";
import { type NativeEvent, parseEvent } from "#lib/streaming/events.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";
import type { TestSupabase } from "../support/test-database.ts";
import { aHost, aRequest } from "../support/test-gateway.ts";
import { AttemptOrder, outcomeOf, type StoredAttempt, watchedLedger } from "./attempt-order.ts";
import type { MakeFront, Told } from "./front.ts";
import type { FaultRow } from "./row.ts";

/** What native chat does not tell its client or its ledger. */
const UNTOLD: NonNullable<Told["untold"]> = new Set(["finish", "toolCalls", "malformedFrames", "usages"]);
const MODES: Modes = { ...DEFAULT_MODES, smart: { ...DEFAULT_MODES.smart, perUserDailyLimit: 1_000_000 } };

/**
 * Whether a row can be asked of native chat: it takes a message, and neither tools nor formats, and the
 * session, not the row, chooses the first key of a pool.
 */
export function isNative(row: FaultRow): boolean {
  const fields = Object.keys(row.request ?? {}).filter((field) => field !== "messages");
  const hasPool = row.chain.some(({ keys }) => (keys?.length ?? 1) > 1);
  return fields.length === 0 && row.named !== true && !hasPool;
}

/**
 * `POST /api/ai-chat` over a real database, in process: the route that clients call, with a row's chain
 * in place of the mode's.
 */
export function nativeFront(base: Gateway, database: TestSupabase, accessToken: string): MakeFront {
  return ({ health, clock, timeouts, recovery }) => {
    const upstream = createHttpUpstream();
    const order = new AttemptOrder();
    return {
      async ask(chain, request, signal) {
        const run = { timeouts, recovery, promptCache: true };
        const effects = { ...base.completion.effects, upstream, health, clock, random: () => 0.5 };
        const gateway: Gateway = {
          ...base,
          health,
          chat: {
            ...base.chat,
            ledger: watchedLedger(base.ledger, order),
            modes: MODES,
            enginesOf: async () => chain,
            clock,
            answerers: [
              engineAnswerer({
                run,
                effects,
                logger: base.logger,
                web: { tool: undefined, randomHex: () => "0" },
              }),
            ],
          },
        };
        const works: Promise<void>[] = [];
        const host = aHost({ waitUntil: (work) => works.push(work) });
        const post = aRequest(accessToken, { message: messageOf(request) });
        const response = await serveRoute(aiChat, async () => gateway)(post, host);
        const events = await readUntilLeft(response, signal);
        await Promise.all(works);
        const requestId = response.headers.get("x-request-id") ?? randomUUID();
        return tell(events, await ledger(database, requestId, chain, order));
      },
      close: () => upstream.close(),
    };
  };
}

function messageOf({ messages }: ChatRequest): string {
  const last = messages.at(-1);
  return last?.role === "user" && typeof last.content === "string" ? last.content : "Hello";
}

/** Reads as a client that may leave: then it closes the connection, as a browser does. */
async function readUntilLeft(response: Response, signal: AbortSignal): Promise<NativeEvent[]> {
  const reader = response.body?.getReader();
  if (reader === undefined) return [];
  const leave = (): void => void reader.cancel(signal.reason);
  signal.addEventListener("abort", leave, { once: true });
  if (signal.aborted) leave();
  const frames = new SseReader();
  const events: NativeEvent[] = [];
  while (true) {
    const { done, value } = await reader.read();
    if (done) break;
    for (const { data } of frames.push(value)) {
      const event = parseEvent(data);
      if (event !== undefined) events.push(event);
    }
  }
  signal.removeEventListener("abort", leave);
  return events;
}

type Ledger = { state: Told["state"]; source: string | null; usage: TokenUsage; attempts: string[] };

/** The turn's one usage row and its attempts, as the database has them. */
async function ledger(
  database: TestSupabase,
  requestId: string,
  chain: readonly Engine[],
  order: AttemptOrder,
): Promise<Ledger> {
  const [row, ...others] = await database.sql`
    select status, usage_source, prompt_tokens, completion_tokens, cached_tokens
    from public.ai_chat_usage where id = ${requestId}`;
  if (row === undefined || others.length > 0) throw new Error("A turn has exactly one usage row.");
  const attempts = await database.sql`
    select backend, model_id, status, tokens_out from public.ai_events where request_id = ${requestId}`;
  const labelOf = ({ provider, model }: StoredAttempt): string =>
    chain.find((engine) => engine.provider.id === provider && engine.model === model)?.label ?? "unknown";
  return {
    state: stateOf(String(row["status"])),
    source: row["usage_source"] === null ? null : String(row["usage_source"]),
    usage: {
      promptTokens: Number(row["prompt_tokens"]),
      completionTokens: Number(row["completion_tokens"]),
      cachedTokens: Number(row["cached_tokens"]),
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      source: row["usage_source"] === "estimated" ? "estimated" : "exact",
    },
    attempts: order.sort(requestId, attempts).map((attempt) => `${labelOf(attempt)} ${outcomeOf(attempt)}`),
  };
}

function tell(events: readonly NativeEvent[], row: Ledger): Told {
  const told: Told = {
    text: "",
    thinking: "",
    toolCalls: [],
    error: undefined,
    engines: [],
    finish: undefined,
    attempts: row.attempts,
    usages: [{ engine: "the turn", usage: row.usage }],
    source: row.source,
    state: row.state,
    malformedFrames: 0,
    untold: UNTOLD,
  };
  for (const event of events) note(event, told);
  // Who has left hears nothing more; the ledger says it.
  if (row.state === "cancelled") told.error ??= toldError("client_closed_request", "", undefined);
  return told;
}

function toldError(code: string, message: string, retryAfterSeconds: number | undefined): Told["error"] {
  return { code, status: ERROR_STATUS[code as ErrorCode], message, retryAfterSeconds };
}

function stateOf(status: string): Told["state"] {
  return status === "completed" || status === "failed" || status === "cancelled" ? status : "running";
}

function note(event: NativeEvent, told: Told): void {
  switch (event.type) {
    case "token":
      told.text += event.text;
      return;
    case "thinking":
      told.thinking += event.text;
      return;
    case "backend":
      told.engines.push(event.label);
      return;
    case "error":
      told.error = toldError(event.code, event.message, event.retryAfter);
      return;
    default:
      return;
  }
}
