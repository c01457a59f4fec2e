import { setTimeout as pause } from "node:timers/promises";
import type postgres from "postgres";
import { expect } from "vitest";
import {
  type Exchange,
  type FakeUpstream,
  isStreaming,
  startFakeUpstream,
  textChunk,
} from "./fake-upstream.ts";
import { modelsConfig } from "./test-gateway.ts";

/**
 * Turns of all kinds against a gateway that is killed, or whose database goes: what the upstreams were asked is
 * written down here, and compared with the ledger when all is over.
 */

/** Numbers from 0 to 1 that a seed decides. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Repeats a run whose seed was printed. */
const LOAD_SEED = process.env["LOAD_SEED"];

export function newSeed(): number {
  return LOAD_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(LOAD_SEED);
}

/** The engines of the chain, and what they bill, USD per million tokens (lib/providers/cost.ts). */
const ENGINES = {
  first: { model: "codestral-latest", input: 0.3, output: 0.9 },
  second: { model: "gpt-5.5", input: 5, output: 30 },
} as const;
type EngineName = keyof typeof ENGINES;

/** What becomes of a turn, if nobody is killed. */
const KINDS = ["answered", "answered", "long", "moved", "continued", "left"] as const;
type Kind = (typeof KINDS)[number];
const APIS = ["native", "stream", "whole"] as const;
type Api = (typeof APIS)[number];

/** A call as the upstream knows it: what it has reported, once it has. */
type Call = {
  engine: EngineName;
  isBilled: boolean;
  usage: { prompt: number; completion: number } | undefined;
};

export type LoadTurn = {
  number: number;
  kind: Kind;
  api: Api;
  /** What the upstreams were asked for it. */
  calls: Call[];
  /** As the client was told; undefined if it was told nothing. */
  requestId: string | undefined;
  /** The client saw the end of a good answer. */
  sawEnd: boolean;
};

/** Turns in the order in which they are asked. */
export function loadTurns(count: number, random: () => number, apis: readonly Api[] = APIS): LoadTurn[] {
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;
  return Array.from({ length: count }, (_, number) => {
    const api = pick(apis);
    const kind = pick(KINDS);
    // Only a stream can be continued, or left in the middle.
    return {
      number,
      api,
      kind: api === "whole" && (kind === "continued" || kind === "left") ? "answered" : kind,
      calls: [],
      requestId: undefined,
      sawEnd: false,
    };
  });
}

export type LoadUpstreams = {
  /** `MODELS_CONFIG`, with a limit that nobody reaches. */
  config: string;
  stop(): Promise<void>;
};

/** Upstreams that answer as the turn says which a request names. */
export async function startLoadUpstreams(
  turns: readonly LoadTurn[],
  random: () => number,
): Promise<LoadUpstreams> {
  const serve = (engine: EngineName) =>
    startFakeUpstream((exchange) => {
      const turn = turns[Number(/.*turn-(\d+)\b/s.exec(exchange.request.text)?.[1])];
      if (turn === undefined) return exchange.json(400, { error: { message: "no turn" } });
      const call: Call = { engine, isBilled: true, usage: undefined };
      turn.calls.push(call);
      return answer(exchange, turn, call, random);
    });
  const upstreams: Record<EngineName, FakeUpstream> = {
    first: await serve("first"),
    second: await serve("second"),
  };
  const chain = (["first", "second"] as const).map((provider) => ({
    provider,
    model: ENGINES[provider].model,
  }));
  const urls = { first: `${upstreams.first.origin}/v1`, second: `${upstreams.second.origin}/v1` };
  return {
    config: modelsConfig(urls, { chain, limit: 100_000 }),
    async stop() {
      await Promise.all([upstreams.first.stop(), upstreams.second.stop()]);
    },
  };
}

async function answer(exchange: Exchange, turn: LoadTurn, call: Call, random: () => number): Promise<void> {
  const isFirst = call.engine === "first";
  if (turn.kind === "moved" && isFirst) {
    call.isBilled = false;
    return exchange.json(503, { error: { message: "busy" } });
  }
  const usage = { prompt: 100 + turn.number, completion: 10 + (turn.number % 7) };
  await pause(random() * 200);
  if (!isStreaming(exchange.request)) {
    await pause(random() * 400);
    const message = { role: "assistant", content: "The answer." };
    const choices = [{ index: 0, message, finish_reason: "stop" }];
    if (exchange.gone) return;
    call.usage = usage;
    return exchange.json(200, { id: "c", object: "chat.completion", choices, usage: tokens(usage) });
  }
  await exchange.startStream();
  const pieces = turn.kind === "long" ? 20 : 6;
  for (let piece = 0; piece < pieces && !exchange.gone; piece++) {
    await exchange.event(textChunk(`Word${piece} of the answer. `));
    // Not a reset, which would take back what the gateway has not read yet.
    if (turn.kind === "continued" && isFirst && piece === 3) return void exchange.socket.end();
    await pause(random() * 60);
  }
  if (exchange.gone) return;
  await exchange.event(textChunk("", "stop"));
  await exchange.event({ choices: [], usage: tokens(usage) });
  call.usage = usage;
  await exchange.event("[DONE]");
  await exchange.endStream();
}

function tokens({ prompt, completion }: { prompt: number; completion: number }) {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** Longer than any turn takes, milliseconds. */
const MAX_TURN_MS = 20_000;

/** Asks one turn as its client does, for as long as the gateway lives. False if nobody listened. */
export async function askTurn(turn: LoadTurn, url: string, credential: string): Promise<boolean> {
  const { api, kind, number } = turn;
  const content = `turn-${number} asks something`;
  const [path, body] =
    api === "native"
      ? ["/api/ai-chat", { message: content, model: "smart" }]
      : [
          "/api/v1/chat/completions",
          { model: "smart", stream: api === "stream", messages: [{ role: "user", content }] },
        ];
  const client = new AbortController();
  const signal = AbortSignal.any([client.signal, AbortSignal.timeout(MAX_TURN_MS)]);
  let isHeard = false;
  try {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${credential}`, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
    isHeard = true;
    turn.requestId = response.headers.get("x-request-id") ?? undefined;
    let text = "";
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
      text += part.value;
      if (kind === "left" && text.includes("Word2")) client.abort();
    }
    const end = { native: '"type":"done"', stream: "data: [DONE]", whole: '"finish_reason":"stop"' }[api];
    turn.sawEnd = response.ok && text.includes(end) && !text.includes('"error"');
    return true;
  } catch (error) {
    // The client left, or the gateway was killed: before it took the connection, or within the answer.
    const cause = error instanceof Error ? error.cause : undefined;
    return isHeard || !(cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED");
  }
}

type LedgerRow = {
  id: string;
  key: string | null;
  status: string;
  delivered: boolean;
  native: boolean;
  cost: number | null;
  attempts: number;
  events: number;
};

/** The rows of these users, with how many attempts each has in its own row and in the log. */
export async function ledgerRows(sql: postgres.Sql, users: readonly string[]): Promise<LedgerRow[]> {
  const rows = await sql<LedgerRow[]>`
    select id, key_id as key, status, delivered, session_id is not null as native, cost_usd::float8 as cost,
           coalesce(jsonb_array_length(attempts), 0) as attempts,
           (select count(*)::int from public.ai_events e where e.request_id = u.id and event_type = 'attempt') as events
    from public.ai_chat_usage u where user_id = any(${users})`;
  return [...rows];
}

/** Whether each turn that an upstream was asked for has its row, and none is under way. */
export function isSettled(turns: readonly LoadTurn[], rows: readonly LedgerRow[]): boolean {
  const called = turns.filter(({ calls }) => calls.length > 0).length;
  return rows.length >= called && rows.every(({ status }) => status !== "started");
}

/** Compares the ledger with what the upstreams were asked. `rowsOf` finds a turn's rows. */
export function compareLedger(
  turns: readonly LoadTurn[],
  rows: readonly LedgerRow[],
  rowsOf: (turn: LoadTurn) => readonly LedgerRow[],
): void {
  const found = new Set<string>();
  for (const turn of turns) {
    const own = rowsOf(turn);
    for (const { id } of own) found.add(id);
    const told = JSON.stringify({ turn, own });
    const [row] = own;
    if (turn.calls.length > 0) expect(own.length, told).toBe(1);
    else expect(own.length, told).toBeLessThanOrEqual(1);
    if (row === undefined) continue;
    expect(row.events, told).toBe(row.attempts);
    // Native chat says the end when the row is stored; others may be killed between their end and its line.
    if (turn.sawEnd && turn.api === "native") expect(row.status, told).toBe("completed");
    switch (row.status) {
      case "completed":
        expect(row.attempts, told).toBe(turn.calls.length);
        // Of a call that broke off the upstream told nothing: its tokens are an estimate.
        if (turn.calls.some(({ isBilled, usage }) => isBilled && usage === undefined))
          expect(row.cost, told).toBeGreaterThan(costOf(turn.calls));
        else expect(row.cost, told).toBeCloseTo(costOf(turn.calls), 10);
        break;
      case "cancelled":
        expect(row.attempts, told).toBe(turn.calls.length);
        break;
      default:
        // Its process died, or it was refused: nothing is known of it, and nothing is held.
        expect({ delivered: row.delivered, attempts: row.attempts }, told).toEqual({
          delivered: false,
          attempts: 0,
        });
    }
  }
  // No row but those.
  expect(found.size).toBe(rows.length);
}

function costOf(calls: readonly Call[]): number {
  return calls.reduce((sum, { engine, usage }) => {
    const { input, output } = ENGINES[engine];
    return sum + ((usage?.prompt ?? 0) * input + (usage?.completion ?? 0) * output) / 1_000_000;
  }, 0);
}

/** What is counted for users, and for the company, is what was delivered natively; keys have spent what rows cost. */
export async function expectNothingHeld(
  sql: postgres.Sql,
  users: readonly string[],
  rows: readonly LedgerRow[],
): Promise<void> {
  const [counted] = await sql`
    select (select coalesce(sum(used), 0)::int from public.ai_quota_counters where user_id = any(${users})) as units,
           (select coalesce(sum(used), 0)::int from public.ai_quota_counters)
             - (select coalesce(sum(used), 0)::int from public.ai_capacity_counters) as difference,
           (select coalesce(sum(usd), 0)::float8 from public.gateway_key_spend s
              join public.gateway_keys k on k.id = s.key_id where k.user_id = any(${users})) as spent`;
  const delivered = rows.filter((row) => row.native && row.delivered).length;
  expect(counted).toMatchObject({ units: delivered, difference: 0 });
  const cost = rows.reduce((sum, row) => sum + (row.key === null ? 0 : (row.cost ?? 0)), 0);
  expect(counted?.["spent"]).toBeCloseTo(cost, 8);
}
