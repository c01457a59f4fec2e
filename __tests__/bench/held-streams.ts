import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createClient } from "@supabase/supabase-js";
import { modelsConfig } from "../support/test-gateway.ts";
import { type Child, startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import type { NumberedPlan, NumberedState } from "./numbered-upstream.ts";
import { type ProductionGateway, startProduction } from "./production-gateway.ts";
import type { MemoryReport, SocketReport } from "./report-memory.ts";
import { monotonicMs, percentile } from "./statistics.ts";
import type { ClientAsk, StreamsResult } from "./stream-clients.ts";

/**
 * Many streams held open at once through the gateway, each with a chunk now and then: whether all of
 * them come whole, what one costs while it waits, and what is left when clients leave.
 */
export type HeldStreamsOptions = {
  streams: number;
  holdMs: number;
  /** A stream's pause between two chunks is somewhere between these. */
  gapMs: readonly [least: number, most: number];
  /** Of as many streams again, held for a third as long, how many clients leave at once. */
  leaving: number;
};

const DEFAULTS: HeldStreamsOptions = {
  streams: Number(process.env["BENCH_STREAMS"] ?? 1_000),
  holdMs: Number(process.env["BENCH_HOLD_MS"] ?? 60_000),
  gapMs: [2_000, 5_000],
  leaving: Number(process.env["BENCH_LEAVING"] ?? 500),
};
const WARM_STREAMS = 300;
/** Nothing is measured for so long after streams have been opened, milliseconds. */
const SETTLE_MS = 3_000;
/** Longest wait for what should take no time, and for the ledger, milliseconds. */
const GONE_MS = 10_000;
const LEDGER_MS = 30_000;

type Bench = { gateway: ProductionGateway; upstream: Child; clients: Child; database: BenchDatabase };
type Hold = { result: StreamsResult; cpuPerStreamSecond: number; idle: MemoryReport };
/** Until nothing of those who left is there any more; undefined: something still was when nobody waited longer. */
type Leave = { result: StreamsResult; inFlightMs: number | undefined; socketsMs: number | undefined };
/** What a stream weighs while it waits, bytes. */
type Weight = MemoryReport;

const here = (file: string): string => new URL(`./${file}`, import.meta.url).href;
const pathOf = (file: string): string => new URL(here(file)).pathname;

/** Runs the whole and answers with the lines of a Markdown table. */
export async function heldStreams(changes: Partial<HeldStreamsOptions> = {}): Promise<string[]> {
  const options = { ...DEFAULTS, ...changes };
  const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-streams-"));
  const databaseChild = startChild(pathOf("database.ts"));
  const upstream = startChild(pathOf("numbered-upstream.ts"));
  const clients = startChild(pathOf("stream-clients.ts"));
  const database = await databaseChild.ask<BenchDatabase>(dataDir);
  const origin = await upstream.ask<string>("start");
  const gateway = await startProduction({
    database,
    dataDir,
    modelsConfig: modelsConfig({ numbered: `${origin}/v1` }, { limit: 1_000_000 }),
    execArgv: ["--import", here("report-memory.ts")],
  });
  try {
    return await measure({ gateway, upstream, clients, database }, options);
  } finally {
    // The gateway first: it stores what it still has to.
    await gateway.child.stop();
    await Promise.all([upstream, clients, databaseChild].map((child) => child.stop()));
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(bench: Bench, options: HeldStreamsOptions): Promise<string[]> {
  await open(bench, plans({ ...options, streams: WARM_STREAMS, holdMs: SETTLE_MS }));
  await finish(bench);
  await pause(SETTLE_MS);
  const before = await bench.gateway.child.ask<MemoryReport>("memory");
  const held = await hold(bench, options);
  const left = await leave(bench, options);
  const rows = WARM_STREAMS + options.streams * 2;
  const ledger = await ledgerStatuses(bench, rows);
  for (const { example } of [held.result, left.result]) if (example !== "") console.error(example);
  const weight: Weight = {
    rss: (held.idle.rss - before.rss) / options.streams,
    used: (held.idle.used - before.used) / options.streams,
  };
  const told = ledger.map(({ status, count }) => `${count} ${status}`).join(", ");
  return [
    ...lines(options, held, left, weight),
    `| rows in the ledger for ${rows} streams, including ${WARM_STREAMS} to warm up | ${told} |`,
  ];
}

function lines(options: HeldStreamsOptions, held: Hold, left: Leave, weight: Weight): string[] {
  const whole = ({ streams, lost, reordered, duplicated }: StreamsResult): string =>
    `${streams - lost} whole, ${lost} lost, ${reordered} chunks out of order, ${duplicated} twice`;
  const table: readonly (readonly [what: string, figure: string])[] = [
    [`${options.streams} streams for ${options.holdMs / 1_000} s`, whole(held.result)],
    ["memory of an idle stream, resident", kibibytes(weight.rss)],
    ["memory of an idle stream, heap and buffers", kibibytes(weight.used)],
    ["CPU of the gateway, per stream and second", `${held.cpuPerStreamSecond.toFixed(0)} µs`],
    ["delay of a chunk, provider to client, median", ms(percentile(held.result.delays, 0.5))],
    ["delay of a chunk, provider to client, p99", ms(percentile(held.result.delays, 0.99))],
    [
      `${options.leaving} clients disconnect at once: until their upstream requests are aborted`,
      ms(left.inFlightMs),
    ],
    ["… until their sockets are closed, both ends", ms(left.socketsMs)],
    ["… the remaining streams", whole(left.result)],
  ];
  return ["| | |", "|---|---:|", ...table.map(([what, figure]) => `| ${what} | ${figure} |`)];
}

async function hold(bench: Bench, options: HeldStreamsOptions): Promise<Hold> {
  const from = monotonicMs();
  await open(bench, plans(options));
  await pause(SETTLE_MS);
  const idle = await bench.gateway.child.ask<MemoryReport>("memory");
  await pause(SETTLE_MS);
  const startedAt = monotonicMs();
  const cpu = await bench.gateway.child.cpu();
  // The first to be opened ends first.
  await pause(Math.max(1_000, from + options.holdMs - SETTLE_MS - startedAt));
  const used = (await bench.gateway.child.cpu()) - cpu;
  const seconds = (monotonicMs() - startedAt) / 1_000;
  return {
    idle,
    cpuPerStreamSecond: used / options.streams / seconds,
    result: await finish(bench),
  };
}

async function leave(bench: Bench, options: HeldStreamsOptions): Promise<Leave> {
  await open(bench, plans({ ...options, holdMs: options.holdMs / 3 }));
  await pause(SETTLE_MS);
  const { sockets } = await bench.gateway.child.ask<SocketReport>("sockets");
  const { at } = await bench.clients.ask<{ at: number }>({
    kind: "leave",
    count: options.leaving,
  } satisfies ClientAsk);
  const upstream = await until(
    () => bench.upstream.ask<NumberedState>("state"),
    ({ inFlight }) => inFlight <= options.streams - options.leaving,
  );
  const isGone = upstream.inFlight <= options.streams - options.leaving;
  // Each had one to us and one to the provider.
  const target = sockets - options.leaving * 2;
  const after = await until(
    () => bench.gateway.child.ask<SocketReport>("sockets"),
    (report) => report.sockets <= target,
  );
  const socketsMs = monotonicMs() - at;
  return {
    inFlightMs: isGone ? upstream.lastLeftAt - at : undefined,
    socketsMs: after.sockets <= target ? socketsMs : undefined,
    result: await finish(bench),
  };
}

/** Asks again and again until it holds, or for as long as that is worth. */
async function until<Value>(ask: () => Promise<Value>, holds: (value: Value) => boolean): Promise<Value> {
  const deadline = monotonicMs() + GONE_MS;
  for (let value = await ask(); ; value = await ask()) {
    if (holds(value) || monotonicMs() > deadline) return value;
    await pause(5);
  }
}

/** Every stream has a pause of its own, and as many chunks as fill the time. */
function plans({ streams, holdMs, gapMs: [least, most] }: HeldStreamsOptions): NumberedPlan[] {
  return Array.from({ length: streams }, (_, stream) => {
    const gapMs = Math.round(least + ((most - least) * stream) / streams);
    // The first pause is a half on average.
    return { stream, gapMs, chunks: Math.ceil(holdMs / gapMs) + 2 };
  });
}

async function open({ clients, gateway, database }: Bench, plans: NumberedPlan[]): Promise<void> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${database.key}` };
  const url = `${gateway.url}/api/v1/chat/completions`;
  await clients.ask({ kind: "open", url, shape: "openai", headers, plans } satisfies ClientAsk);
}

function finish({ clients }: Bench): Promise<StreamsResult> {
  return clients.ask<StreamsResult>({ kind: "finish" } satisfies ClientAsk);
}

/** How the turns of the ledger ended, once it has so many rows: it is written behind the answers. */
async function ledgerStatuses(
  { database: { settings } }: Bench,
  rows: number,
): Promise<{ status: string; count: number }[]> {
  const client = createClient(
    settings["NEXT_PUBLIC_SUPABASE_URL"] ?? "",
    settings["SUPABASE_SERVICE_ROLE_KEY"] ?? "",
  );
  const count = async (status: string): Promise<number> => {
    const query = client.from("ai_chat_usage").select("id", { count: "exact" });
    const { count, error } = await query.eq("status", status).limit(1);
    if (count === null) throw new Error(`The ledger cannot be counted: ${error?.message}`);
    return count;
  };
  const deadline = monotonicMs() + LEDGER_MS;
  while (true) {
    const counts = await Promise.all(
      ["completed", "cancelled", "failed", "interrupted", "started"].map(async (status) => ({
        status,
        count: await count(status),
      })),
    );
    const total = counts.reduce((sum, one) => sum + one.count, 0);
    if (total >= rows || monotonicMs() > deadline) return counts.filter((one) => one.count !== 0);
    await pause(500);
  }
}

function kibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

function ms(value: number | undefined): string {
  return value === undefined ? "never" : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}

if (import.meta.main) {
  const lines = await heldStreams();
  console.log(
    `Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}\n`,
  );
  console.log(lines.join("\n"));
  process.exit(0);
}
