import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { modelsConfig } from "../support/test-gateway.ts";
import { type Child, startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import { heldStreams } from "./held-streams.ts";
import type { Load, LoadResult } from "./load.ts";
import { startProduction } from "./production-gateway.ts";
import { percentile } from "./statistics.ts";

/**
 * CPU of a request through the gateway, beside the leanest handler that does the same job. Every part
 * runs in a process of its own; rounds take turns, so that a slow moment of the machine hits all.
 */
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 7);
const ASK = { model: "smart", messages: [{ role: "user", content: "Tell me about foxes." }] };
const LAST_WORDS = "dog";

type Work = {
  name: string;
  path: string;
  isStream: boolean;
  /** In a round. */
  requests: number;
  /** Before the first round: what the compiler still works on would be counted as the request's. */
  warmUp: number;
  concurrency: number;
};
const WORKS: readonly Work[] = [
  { name: "JSON", path: "/0", isStream: false, requests: 4_000, warmUp: 8_000, concurrency: 16 },
  { name: "100 chunks", path: "/0", isStream: true, requests: 500, warmUp: 1_000, concurrency: 16 },
  { name: "100 chunks, 5 ms apart", path: "/5", isStream: true, requests: 100, warmUp: 100, concurrency: 50 },
];

type Subject = {
  name: string;
  child: Child;
  load(work: Work): Omit<Load, "requests" | "concurrency">;
};
type Sample = { cpu: number; databaseCpu: number; latencies: number[] };

const here = (file: string): string => new URL(`./${file}`, import.meta.url).pathname;
const json = { "content-type": "application/json" };

function passing(name: string, child: Child, url: string): Subject {
  return {
    name,
    child,
    load: ({ path, isStream }) => ({
      url: `${url}${path}/v1/chat/completions`,
      headers: json,
      body: JSON.stringify({ ...ASK, stream: isStream }),
      contains: LAST_WORDS,
    }),
  };
}

async function startGateway(upstream: string, database: BenchDatabase): Promise<Subject> {
  const config = JSON.parse(
    modelsConfig({ fast: `${upstream}/0/v1`, spaced: `${upstream}/5/v1` }, { chain: [{ provider: "fast" }] }),
  ) as { modes: Record<string, unknown> };
  config.modes["fast"] = { failover: [{ provider: "spaced", model: "m", label: "spaced" }] };
  const { url, child } = await startProduction({ database, dataDir, modelsConfig: JSON.stringify(config) });
  // No gateway key has been created: any bearer is taken.
  const headers = { ...json, authorization: "Bearer any" };
  return {
    name: "the gateway",
    child,
    load: ({ path, isStream }) => ({
      url: `${url}/api/v1/chat/completions`,
      headers,
      body: JSON.stringify({ ...ASK, model: path === "/0" ? "smart" : "fast", stream: isStream }),
      contains: LAST_WORDS,
    }),
  };
}

async function measure(subject: Subject, work: Work, requests: number = work.requests): Promise<Sample> {
  const load = subject.load(work);
  const before = await Promise.all([subject.child.cpu(), database.cpu()]);
  const result = await generator.ask<LoadResult>({ ...load, requests, concurrency: work.concurrency });
  const after = await Promise.all([subject.child.cpu(), database.cpu()]);
  if (result.failures > 0) throw new Error(`${subject.name}: ${result.failures} failed: ${result.example}`);
  return {
    cpu: (after[0] - before[0]) / requests,
    databaseCpu: (after[1] - before[1]) / requests,
    latencies: result.latencies,
  };
}

/** Ratios are those of the times beside them: of the medians over all rounds. */
function row(
  work: Work,
  subject: Subject,
  samples: readonly Sample[],
  leanest: readonly (readonly Sample[])[],
): string {
  const cpu = medianCpu(samples);
  const ratios = leanest.map((others) => cpu / medianCpu(others));
  const latencies = samples.flatMap((sample) => sample.latencies);
  const ms = (share: number): string => `${percentile(latencies, share).toFixed(2)} ms`;
  const databaseCpu = median(samples.map((sample) => sample.databaseCpu));
  const cells = [
    work.name,
    subject.name,
    `${cpu.toFixed(0)} µs`,
    ...ratios.map((ratio) => `${ratio.toFixed(2)}×`),
    ms(0.5),
    ms(0.99),
    databaseCpu > 20 ? `${databaseCpu.toFixed(0)} µs` : "",
  ];
  return `| ${cells.join(" | ")} |`;
}

const medianCpu = (samples: readonly Sample[]): number => median(samples.map((sample) => sample.cpu));
const median = (values: readonly number[]): number => percentile(values, 0.5);

const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-bench-"));
const database = startChild(here("database.ts"));
const upstream = startChild(here("chat-upstream.ts"));
const generator = startChild(here("load.ts"));
const [stored, origin] = await Promise.all([
  database.ask<BenchDatabase>(dataDir),
  upstream.ask<string>("start"),
]);
const lean = async (client: "fetch" | "undici"): Promise<Subject> => {
  const child = startChild(here("leanest.ts"));
  const url = await child.ask<string>({ client, upstream: origin });
  return passing(`leanest handler, ${client}`, child, url);
};
const stub = startChild(here("host-stub.ts"));
const subjects: Subject[] = [
  await lean("fetch"),
  await lean("undici"),
  passing("our host alone", stub, await stub.ask<string>(origin)),
  await startGateway(origin, stored),
  passing("nothing between: the provider itself", upstream, origin),
];

const lines: string[] = [];
for (const work of WORKS) {
  const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
  for (const subject of subjects) await measure(subject, work, work.warmUp);
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of subjects) {
      samples.get(subject)?.push(await measure(subject, work));
    }
  }
  const leanest = [...samples.values()].slice(0, 2);
  for (const [subject, all] of samples) if (all.length > 0) lines.push(row(work, subject, all, leanest));
}
console.log(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}\n`);
console.log("| | server | CPU a request | of fetch | of undici | p50 | p99 | database |");
console.log("|---|---|---:|---:|---:|---:|---:|---:|");
console.log(lines.join("\n"));

// The gateway first: it stores what it still has to.
for (const { child } of subjects) if (child !== upstream) await child.stop();
await Promise.all([database, upstream, generator].map((child) => child.stop()));
await rm(dataDir, { recursive: true, force: true });

console.log(`\n${(await heldStreams()).join("\n")}`);
process.exit(0);
