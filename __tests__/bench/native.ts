import { mkdtemp, readFile, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { modelsConfig } from "../support/test-gateway.ts";
import { type Child, startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import type { Load, LoadResult } from "./load.ts";
import { nativeMemory } from "./native-memory.ts";
import { startProduction } from "./production-gateway.ts";
import { percentile, spread } from "./statistics.ts";

/**
 * CPU and memory of native chat beside the OpenAI-compatible route, on one gateway with one provider: how much a
 * turn costs that is begun in the database, with its session, prompt and events. Postgres on the same cores makes
 * the gateway's own instructions slower, so its own part is measured with a double of the database as well; in the
 * last table the database runs in the gateway's process, as `npm start` has it.
 */
const HOT_ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 7);
const FRESH_ROUNDS = Number(process.env["BENCH_FRESH_ROUNDS"] ?? 3);
const MEMORY_ROUNDS = Number(process.env["BENCH_MEMORY_ROUNDS"] ?? 3);
const TABLES = (process.env["BENCH_TABLES"] ?? "double,process,start").split(",");
const CONNECTIONS = 8;
/** The rows are written half a second after the last answer. */
const LEDGER_MS = 700;

type Route = "native" | "openai";
const ROUTES: readonly Route[] = ["native", "openai"];

type Work = { name: string; mode: "smart" | "fast"; connections: number; warmUp: number; requests: number };
const WORKS: readonly Work[] = [
  { name: "100 chunks", mode: "smart", connections: CONNECTIONS, warmUp: 2_000, requests: 300 },
  { name: "100 chunks, 5 ms apart", mode: "fast", connections: 20, warmUp: 300, requests: 150 },
];

/** Microseconds a request: the gateway's own thread, and all of its process. */
type Sample = { thread: number; cpu: number };
type Gateway = { url: string; child: Child; key: string; stop(): Promise<void> };

const here = (file: string): string => new URL(`./${file}`, import.meta.url).pathname;
const upstream = startChild(here("chat-upstream.ts"));
const generator = startChild(here("load.ts"));
const origin = await upstream.ask<string>("start");

async function startGateway(database: BenchDatabase | undefined, dataDir: string): Promise<Gateway> {
  const spaced = JSON.parse(
    modelsConfig({ dense: `${origin}/0/v1`, spaced: `${origin}/5/v1` }, { chain: [{ provider: "dense" }] }),
  ) as { modes: Record<string, unknown> };
  for (const [mode, provider] of Object.entries({ smart: "dense", fast: "spaced" })) {
    const failover = [{ provider, model: "m", label: provider }];
    spaced.modes[mode] = { failover, perUserDailyLimit: 1_000_000_000 };
  }
  const config = JSON.stringify(spaced);
  const { url, child, dataDir: own } = await startProduction({ database, dataDir, modelsConfig: config });
  const key = database?.key ?? (await readFile(join(own, "dev-key"), "utf8")).trim();
  const stop = async (): Promise<void> => {
    await child.stop();
    await rm(own, { recursive: true, force: true });
  };
  return { url, child, key, stop };
}

function load({ url, key }: Gateway, route: Route, mode: string): Omit<Load, "requests" | "concurrency"> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  const text = "Tell me about foxes.";
  if (route === "native") {
    const body = JSON.stringify({ message: text, model: mode });
    return { url: `${url}/api/ai-chat`, headers, body, contains: '"type":"done"' };
  }
  const messages = [{ role: "user", content: text }];
  const body = JSON.stringify({ model: mode, stream: true, messages });
  return { url: `${url}/api/v1/chat/completions`, headers, body, contains: "[DONE]" };
}

async function measure(gateway: Gateway, route: Route, work: Work, requests: number): Promise<Sample> {
  const before = await gateway.child.cpuReport();
  const ask = { ...load(gateway, route, work.mode), requests, concurrency: work.connections };
  const result = await generator.ask<LoadResult>(ask);
  await new Promise((resolve) => setTimeout(resolve, LEDGER_MS));
  const after = await gateway.child.cpuReport();
  if (result.failures > 0) throw new Error(`${route}: ${result.failures} failed: ${result.example}`);
  return {
    thread: (after.thread - before.thread) / requests,
    cpu: (after.cpu - before.cpu) / requests,
  };
}

type Samples = Record<Route, Sample[]>;
type Start = () => Promise<Gateway>;

/** The first requests of a process that has just started, a process for each route. */
async function freshRounds(start: Start, work: Work): Promise<Samples> {
  const samples: Samples = { native: [], openai: [] };
  for (let round = 0; round < FRESH_ROUNDS; round++) {
    for (const route of ROUTES) {
      const gateway = await start();
      samples[route].push(await measure(gateway, route, work, work.requests));
      await gateway.stop();
    }
  }
  return samples;
}

async function hotRounds(start: Start, work: Work): Promise<Samples> {
  const samples: Samples = { native: [], openai: [] };
  const gateway = await start();
  for (const route of ROUTES) await measure(gateway, route, work, work.warmUp);
  for (let round = 0; round < HOT_ROUNDS; round++) {
    for (const route of ROUTES) samples[route].push(await measure(gateway, route, work, work.requests));
  }
  await gateway.stop();
  return samples;
}

/** Least, median and greatest of the rounds, and the ratio of the medians. */
function rows(name: string, samples: Samples): string[] {
  return (["thread", "cpu"] as const).map((part) => {
    const of = (route: Route): number[] => samples[route].map((sample) => sample[part]);
    const ratio = percentile(of("native"), 0.5) / percentile(of("openai"), 0.5);
    const what = part === "thread" ? "own thread" : "whole process";
    return `| ${name} | ${what} | ${spread(of("native"), 0)} | ${spread(of("openai"), 0)} | ${ratio.toFixed(2)}× |`;
  });
}

async function cpuTable(title: string, start: Start): Promise<void> {
  console.log(`\n${title}\n`);
  console.log("| | CPU of | native, µs | OpenAI route, µs | ratio |\n|---|---|---:|---:|---:|");
  for (const work of WORKS) {
    if (FRESH_ROUNDS > 0) console.log(rows(`${work.name}, fresh`, await freshRounds(start, work)).join("\n"));
    console.log(rows(`${work.name}, hot`, await hotRounds(start, work)).join("\n"));
  }
}

const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-bench-"));
const database = startChild(here("database.ts"));
const double = startChild(here("database-double.ts"));
const [stored, doubled] = await Promise.all([
  database.ask<BenchDatabase>(dataDir),
  double.ask<BenchDatabase>("start"),
]);
console.log(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}`);
const tables: Readonly<Record<string, readonly [title: string, database: BenchDatabase | undefined]>> = {
  double: ["The gateway's own part, with a double of the database that answers at once:", doubled],
  process: ["The database in a process of its own:", stored],
  start: ["As `npm start` has it, the database in a thread of the process:", undefined],
};
for (const [name, [title, used]] of Object.entries(tables)) {
  if (TABLES.includes(name)) await cpuTable(title, () => startGateway(used, dataDir));
}
if (MEMORY_ROUNDS > 0) console.log(`\n${(await nativeMemory(doubled, dataDir, MEMORY_ROUNDS)).join("\n")}`);
await Promise.all([database, double, upstream, generator].map((child) => child.stop()));
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
