import { setTimeout as pause } from "node:timers/promises";
import { modelsConfig } from "../support/test-gateway.ts";
import { startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import type { NumberedPlan } from "./numbered-upstream.ts";
import { startProduction } from "./production-gateway.ts";
import type { MemoryReport } from "./report-memory.ts";
import { percentile, spread } from "./statistics.ts";
import type { ClientAsk, StreamShape, StreamsResult } from "./stream-clients.ts";

/** Streams held at once, and before that, so that what is made once is not counted. */
const STREAMS = Number(process.env["BENCH_STREAMS"] ?? 1_000);
const WARM_STREAMS = 300;
const GAP_MS = 3_000;
const HOLD_MS = 12_000;
/** Nothing is measured for so long after streams have been opened, milliseconds. */
const SETTLE_MS = 3_000;

const PATHS: Readonly<Record<StreamShape, string>> = {
  native: "/api/ai-chat",
  openai: "/api/v1/chat/completions",
};
const SHAPES = ["native", "openai"] as const;

const here = (file: string): string => new URL(`./${file}`, import.meta.url).href;
const pathOf = (file: string): string => new URL(here(file)).pathname;

/** Messages of a thousand characters before the one that is answered. */
const HISTORIES = [0, 50] as const;

/** What a held stream of each route keeps, after a garbage collection, with its sockets: a Markdown table. */
export async function nativeMemory(
  database: BenchDatabase,
  dataDir: string,
  rounds: number,
): Promise<string[]> {
  const lines = [
    `| memory of a held stream, ${STREAMS} of them | native, KiB | OpenAI route, KiB | ratio |`,
    "|---|---:|---:|---:|",
  ];
  for (const history of HISTORIES) {
    const weights: Record<StreamShape, MemoryReport[]> = { native: [], openai: [] };
    for (let round = 0; round < rounds; round++) {
      for (const shape of SHAPES) weights[shape].push(await weigh({ shape, history, database, dataDir }));
    }
    const name = history === 0 ? "one message" : `${history} kB of conversation`;
    lines.push(row(`${name}: heap and buffers`, weights, "used"), row(`${name}: resident`, weights, "rss"));
  }
  return lines;
}

function row(what: string, weights: Record<StreamShape, MemoryReport[]>, part: keyof MemoryReport): string {
  const of = (shape: StreamShape): number[] => weights[shape].map((weight) => weight[part] / 1024);
  const ratio = percentile(of("native"), 0.5) / percentile(of("openai"), 0.5);
  return `| ${what} | ${spread(of("native"), 1)} | ${spread(of("openai"), 1)} | ${ratio.toFixed(2)}× |`;
}

type Weighing = { shape: StreamShape; history: number; database: BenchDatabase; dataDir: string };

/** In a process that serves nothing else. */
async function weigh({ shape, history, database, dataDir }: Weighing): Promise<MemoryReport> {
  const upstream = startChild(pathOf("numbered-upstream.ts"));
  const clients = startChild(pathOf("stream-clients.ts"));
  const origin = await upstream.ask<string>("start");
  const gateway = await startProduction({
    database,
    dataDir,
    modelsConfig: modelsConfig({ numbered: `${origin}/v1` }, { limit: 1_000_000_000 }),
    execArgv: ["--import", here("report-memory.ts")],
  });
  const url = `${gateway.url}${PATHS[shape]}`;
  const headers = { "content-type": "application/json", authorization: `Bearer ${database.key}` };
  const open = (plans: NumberedPlan[]): Promise<unknown> =>
    clients.ask({ kind: "open", url, shape, headers, plans, history } satisfies ClientAsk);
  const finish = async (): Promise<void> => {
    const result = await clients.ask<StreamsResult>({ kind: "finish" } satisfies ClientAsk);
    if (result.lost > 0) throw new Error(`${shape}: ${result.lost} streams broke off: ${result.example}`);
  };
  try {
    await open(plans(WARM_STREAMS, SETTLE_MS));
    await finish();
    await pause(SETTLE_MS);
    const before = await gateway.child.ask<MemoryReport>("memory");
    await open(plans(STREAMS, HOLD_MS));
    await pause(SETTLE_MS);
    const held = await gateway.child.ask<MemoryReport>("memory");
    await finish();
    return { rss: (held.rss - before.rss) / STREAMS, used: (held.used - before.used) / STREAMS };
  } finally {
    await gateway.child.stop();
    await Promise.all([upstream, clients].map((child) => child.stop()));
  }
}

function plans(streams: number, holdMs: number): NumberedPlan[] {
  const chunks = Math.ceil(holdMs / GAP_MS) + 2;
  return Array.from({ length: streams }, (_, stream) => ({ stream, gapMs: GAP_MS, chunks }));
}
