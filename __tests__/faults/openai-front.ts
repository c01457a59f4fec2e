import { createHash } from "node:crypto";
import { expect } from "vitest";
import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import { conversationOf } from "#lib/apis/conversation.ts";
import type { ChatMessage, ChatRequest } from "#lib/chat/request.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import { createSelfHost } from "#lib/server/host/self-host.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { ERROR_STATUS, type ErrorCode } from "#lib/shared/errors.ts";
import { hash32 } from "#lib/shared/text.ts";
import type { TestSupabase } from "../support/test-database.ts";
import { createKey, eventually } from "../support/test-gateway.ts";
import { AttemptOrder, outcomeOf, type StoredAttempt, watchedLedger } from "./attempt-order.ts";
import type { MakeFront, Told } from "./front.ts";
import { type HttpAnswer, type OpenAiAnswer, type OpenAiError, post, readAnswer } from "./openai-client.ts";

/** What the route does not tell its client or its ledger. */
const UNTOLD: NonNullable<Told["untold"]> = new Set(["malformedFrames", "usages"]);
/** OpenAI's list of finish reasons is closed. */
const FINISH_WORDS: NonNullable<Told["finishWords"]> = { other: "stop" };
const MODE = "smart";

/**
 * A system prompt whose conversation begins with the first key of a pool of two or three, as the rows
 * have it: the conversation chooses the key.
 */
const SYSTEM: ChatMessage = { role: "system", content: systemPrompt() };

function systemPrompt(): string {
  for (let number = 1; ; number++) {
    const content = `Conversation ${number}.`;
    const name = conversationOf([
      { role: "system", content },
      { role: "user", content: "Hello" },
    ]);
    if (hash32(name) % 6 === 0) return content;
  }
}

/**
 * `POST /api/v1/chat/completions` over a real database, behind the server of `npm start`: two sockets
 * between client and engine, as in production. A row's chain stands in for the mode's, or, where the row
 * names its engines, for the registry's.
 */
export function openAiFront(base: Gateway, database: TestSupabase, userId: string): MakeFront {
  return ({ health, clock, timeouts, recovery, named }) => {
    const upstream = createHttpUpstream();
    let chain: readonly Engine[] = [];
    const order = new AttemptOrder();
    const gateway: Gateway = {
      ...base,
      health,
      completion: {
        ...base.completion,
        enginesOf: async () => chain,
        registry: registryOf(base.registry, () => chain),
        ledger: watchedLedger(base.ledger, order),
        run: { timeouts, recovery, promptCache: true },
        effects: { ...base.completion.effects, upstream, health, clock, random: () => 0.5 },
      },
    };
    const server = serveApi(gateway);
    const books = openBooks(database, userId);
    return {
      async ask(engines, request, signal) {
        chain = engines;
        const { url } = await server;
        const { key, turnOf } = await books;
        const body = { ...bodyOf(request), ...(named ? byName(engines) : { model: MODE }) };
        const http = await post({ url: `${url}/api/v1/chat/completions`, key, body, signal });
        const answer = readAnswer(http, request);
        const turn = await turnOf(http.headers["x-request-id"]);
        const attempts = order.sort(turn.id, turn.attempts);
        checkHeaders({ http, answer, turn, attempts, chain, named });
        return tell({ http, answer, turn, attempts, chain });
      },
      async close() {
        await (await server).stop();
        await upstream.close();
      },
    };
  };
}

/** A registry that knows the engines of this chain, and no others. */
function registryOf(base: Registry, chain: () => readonly Engine[]): Registry {
  return {
    ...base,
    isKnown: (providerId) => chain().some(({ provider }) => provider.id === providerId),
    resolve: (specs) =>
      specs.flatMap(
        ({ provider, model }) =>
          chain().find((engine) => engine.provider.id === provider && engine.model === model) ?? [],
      ),
  };
}

/** The API of this gateway behind the self-host server, on a port of its own. */
export async function serveApi(gateway: Gateway): Promise<{ url: string; stop(): Promise<void> }> {
  const host = createSelfHost({
    routeOf: apiRouter(async () => gateway),
    logger: gateway.logger,
    pages: async (_incoming, outgoing) => void outgoing.writeHead(404).end(),
    graceMs: 0,
  });
  const port = await host.listen(0, "127.0.0.1");
  return { url: `http://127.0.0.1:${port}`, stop: () => host.stop() };
}

/** The request in OpenAI's words, as far as the rows use them. */
function bodyOf({ messages, stream, responseFormat, n, ...others }: ChatRequest): object {
  expect(others, "fields that this front cannot ask for").toEqual({});
  return {
    messages: [SYSTEM, ...messages],
    stream,
    ...(stream ? { stream_options: { include_usage: true } } : {}),
    ...(responseFormat === undefined ? {} : { response_format: responseFormat }),
    ...(n === undefined ? {} : { n }),
  };
}

/** The engines as a client names them; that one of them is named twice is no reason to ask it twice. */
function byName(engines: readonly Engine[]): { model: string | undefined; models: string[] } {
  const models = engines.map(({ provider, model }) => `${provider.id}/${model}`);
  return { model: models[0], models };
}

/** One turn as the database has it. */
export type LedgerTurn = {
  id: string;
  state: Told["state"];
  source: string;
  tier: string;
  delivered: boolean;
  promptTokens: number;
  completionTokens: number;
  cachedTokens: number;
  /** Rows of ai_events, in no order. */
  attempts: Record<string, unknown>[];
};

export type Books = {
  /** A gateway key that nobody else uses. Its budget has the ledger write its turns without delay. */
  key: string;
  /**
   * The one row of a request, which is to be there soon; of the latest when the client left too early to
   * be told its id.
   */
  turnOf(requestId: string | string[] | undefined): Promise<LedgerTurn>;
};

/** The ledger of one client, which sees that every request leaves one row there, and only one. */
export async function openBooks(database: TestSupabase, userId: string): Promise<Books> {
  const { sql } = database;
  const key = await createKey(database, userId, { usdPerMonth: 1_000_000 });
  const [row] = await sql`
    select id from public.gateway_keys where key_hash = ${createHash("sha256").update(key).digest("hex")}`;
  const keyId = String(row?.["id"]);
  const known = new Set<string>();
  return {
    key,
    async turnOf(requestId) {
      let turns: Record<string, unknown>[] = [];
      const isMine = ({ id }: Record<string, unknown>): boolean =>
        requestId === undefined ? !known.has(String(id)) : id === requestId;
      await eventually("the turn has its row", async () => {
        turns = await sql`
          select id, user_id, status, usage_source, tier, delivered,
                 prompt_tokens, completion_tokens, cached_tokens
          from public.ai_chat_usage where key_id = ${keyId}`;
        return turns.some(isMine);
      });
      const [turn, ...others] = turns.filter(isMine);
      if (turn === undefined || others.length > 0) throw new Error("A request has exactly one usage row.");
      const id = String(turn["id"]);
      expect(known.has(id), "a row belongs to one request").toBe(false);
      known.add(id);
      expect(turn["user_id"]).toBe(userId);
      const attempts = await sql`
        select backend, model_id, status, tokens_out from public.ai_events
        where request_id = ${id}`;
      return {
        id,
        state: stateOf(String(turn["status"])),
        source: String(turn["usage_source"]),
        tier: String(turn["tier"]),
        delivered: turn["delivered"] === true,
        promptTokens: Number(turn["prompt_tokens"]),
        completionTokens: Number(turn["completion_tokens"]),
        cachedTokens: Number(turn["cached_tokens"]),
        attempts: [...attempts],
      };
    },
  };
}

function stateOf(status: string): Told["state"] {
  return status === "completed" || status === "failed" || status === "cancelled" ? status : "running";
}

function engineOf({ provider, model }: StoredAttempt, chain: readonly Engine[]): Engine {
  const engine = chain.find((one) => one.provider.id === provider && one.model === model);
  return engine ?? expect.fail(`The ledger names ${provider}/${model}, which is not in the chain.`);
}

/** One request as everybody saw it. */
type Asked = {
  http: HttpAnswer;
  answer: OpenAiAnswer;
  turn: LedgerTurn;
  attempts: readonly StoredAttempt[];
  chain: readonly Engine[];
};

/** What headers and body say of the engine, the attempts and the usage is what the ledger has. */
function checkHeaders({ http, answer, turn, attempts, chain, named }: Asked & { named: boolean }): void {
  const { status, headers } = http;
  const { model, usage } = answer;
  expect(turn.tier, "tier of the ledger's row").toBe(named ? "named" : MODE);
  if (usage !== undefined) {
    expect(usage).toMatchObject({
      prompt_tokens: turn.promptTokens,
      completion_tokens: turn.completionTokens,
      total_tokens: turn.promptTokens + turn.completionTokens,
      prompt_tokens_details: { cached_tokens: turn.cachedTokens },
    });
  }
  if (status !== 200) return;
  const winner = attempts.findIndex(({ committed }) => committed);
  const attempt = attempts[winner] ?? expect.fail("An answer without an engine that committed.");
  const { id, provider } = engineOf(attempt, chain);
  expect(headers["x-sarmalink-engine"]).toBe(id);
  expect(headers["x-sarmalink-provider"]).toBe(provider.id);
  expect(headers["x-sarmalink-attempts"]).toBe(String(winner + 1));
  expect(headers["x-sarmalink-mode"]).toBe(named ? undefined : MODE);
  if (model !== undefined) expect(model).toBe(named ? id : MODE);
}

function tell({ http, answer, turn, attempts, chain }: Asked): Told {
  const { text, thinking, toolCalls, finish } = answer;
  const { promptTokens, completionTokens, cachedTokens, source } = turn;
  const usage = {
    promptTokens,
    completionTokens,
    cachedTokens,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    source: source === "estimated" ? ("estimated" as const) : ("exact" as const),
  };
  const told: Told = {
    text,
    thinking,
    toolCalls,
    error: answer.error === undefined ? undefined : toldError(answer.error, http),
    // An engine that goes on with its own answer has two rows, and is one engine.
    engines: attempts
      .filter(({ committed }) => committed)
      .map((one) => engineOf(one, chain).label)
      .filter((label, index, labels) => label !== labels[index - 1]),
    finish,
    attempts: attempts.map((attempt) => `${engineOf(attempt, chain).label} ${outcomeOf(attempt)}`),
    usages: [{ engine: "the turn", usage }],
    source,
    state: turn.state,
    malformedFrames: 0,
    untold: UNTOLD,
    finishWords: FINISH_WORDS,
  };
  // Who has left hears nothing more; the ledger says it.
  if (http.left && turn.state === "cancelled") {
    const status = ERROR_STATUS.client_closed_request;
    told.error ??= { code: "client_closed_request", status, message: "", retryAfterSeconds: undefined };
  }
  return told;
}

/** OpenAI's words back to ours; an error inside a stream has the status of its code. */
function toldError({ code, type, message }: OpenAiError, { status, headers }: HttpAnswer): Told["error"] {
  const ours = code === "content_policy_violation" ? "content_policy" : code;
  const ownStatus = status === 200 ? ERROR_STATUS[ours as ErrorCode] : (status ?? 0);
  expect(type).toBe(ownStatus >= 500 ? "server_error" : "invalid_request_error");
  const retryAfter = headers["retry-after"];
  const retryAfterSeconds = retryAfter === undefined ? undefined : Number(retryAfter);
  return { code: ours, status: ownStatus, message, retryAfterSeconds };
}
