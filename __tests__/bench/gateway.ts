import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import { heldStreams } from "./held-streams.ts";
import type { LoadResult } from "./load.ts";
import { treeCpu } from "./process-tree.ts";
import { percentile } from "./statistics.ts";
import {
  hostAlone,
  leanest,
  portkey,
  providerItself,
  type Subject,
  theGateway,
  type Work,
} from "./subjects.ts";

/**
 * CPU of a request through the gateway: with fresh processes beside Portkey's gateway, and hot beside that
 * and the leanest handler that does the same job. Every part runs in a process of its own; rounds take
 * turns, so that a slow moment of the machine hits all.
 */
const HOT_ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 7);
const FRESH_ROUNDS = Number(process.env["BENCH_FRESH_ROUNDS"] ?? 5);

const STREAM = { isStream: true, connections: 8 } as const;
const WORKS: readonly Work[] = [
  {
    name: "JSON",
    path: "/0",
    isStream: false,
    connections: 8,
    requests: 4_000,
    warmUp: 20_000,
    fresh: 4_000,
  },
  { ...STREAM, name: "100 chunks", path: "/0", requests: 500, warmUp: 2_000, fresh: 500 },
  {
    ...STREAM,
    name: "100 chunks, 5 ms apart",
    path: "/5",
    connections: 50,
    requests: 100,
    warmUp: 300,
    fresh: 100,
  },
];

/** CPU a request, microseconds. */
type Sample = { own: number; tree: number; latencies: number[] };

const here = (file: string): string => new URL(`./${file}`, import.meta.url).pathname;
const median = (values: readonly number[]): number => percentile(values, 0.5);
const isOurs = (subject: Subject): boolean => subject.name === "the gateway";

const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-bench-"));
const database = startChild(here("database.ts"));
const upstream = startChild(here("chat-upstream.ts"));
const generator = startChild(here("load.ts"));
const [stored, origin] = await Promise.all([
  database.ask<BenchDatabase>(dataDir),
  upstream.ask<string>("start"),
]);

async function measure(subject: Subject, work: Work, requests: number): Promise<Sample> {
  const read = (): Promise<number[]> =>
    Promise.all([
      subject.child.cpu(),
      treeCpu(subject.child.pid),
      // Nobody else has a database to pay for.
      isOurs(subject) ? treeCpu(database.pid) : 0,
    ]);
  const before = await read();
  const load = { ...subject.load(work), requests, concurrency: work.connections };
  const result = await generator.ask<LoadResult>(load);
  // The last rows are written half a second after the last answers.
  if (isOurs(subject)) await new Promise((resolve) => setTimeout(resolve, 700));
  const after = await read();
  if (result.failures > 0) throw new Error(`${subject.name}: ${result.failures} failed: ${result.example}`);
  const [own = 0, tree = 0, ofDatabase = 0] = after.map(
    (cpu, index) => (cpu - (before[index] ?? 0)) / requests,
  );
  return { own, tree: tree + ofDatabase, latencies: result.latencies };
}

type Results = Map<string, Sample[]>;

/** Each subject in a process that has just started, each work in another one. */
async function freshRounds(work: Work): Promise<Results> {
  const results: Results = new Map();
  for (let round = 0; round < FRESH_ROUNDS; round++) {
    for (const start of [() => portkey(origin), () => theGateway(origin, stored, dataDir)]) {
      const subject = await start();
      note(results, subject, await measure(subject, work, work.fresh));
      await subject.child.stop();
    }
  }
  return results;
}

async function hotRounds(subjects: readonly Subject[], work: Work): Promise<Results> {
  const results: Results = new Map();
  for (const subject of subjects) await measure(subject, work, work.warmUp);
  for (let round = 0; round < HOT_ROUNDS; round++) {
    for (const subject of subjects) note(results, subject, await measure(subject, work, work.requests));
  }
  return results;
}

function note(results: Results, { name }: Subject, sample: Sample): void {
  results.set(name, [...(results.get(name) ?? []), sample]);
}

/** Ratios are those of the times beside them: of the medians over all rounds. */
function rows(work: Work, results: Results, part: "own" | "tree", beside: readonly string[]): string[] {
  const cpuOf = (name: string): number => median((results.get(name) ?? []).map((sample) => sample[part]));
  return [...results].map(([name, samples]) => {
    const cpu = cpuOf(name);
    const latencies = samples.flatMap((sample) => sample.latencies);
    const cells = [
      work.name,
      name,
      `${cpu.toFixed(0)} µs`,
      ...beside.map((other) => `${(cpu / cpuOf(other)).toFixed(2)}×`),
      `${percentile(latencies, 0.5).toFixed(2)} ms`,
      `${percentile(latencies, 0.99).toFixed(2)} ms`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
}

function print(title: string, beside: readonly string[], lines: readonly string[]): void {
  console.log(`\n${title}\n`);
  console.log(`| | server | CPU a request | ${beside.map((name) => `of ${name}`).join(" | ")} | p50 | p99 |`);
  console.log(`|---|---|---:|${"---:|".repeat(beside.length)}---:|---:|`);
  console.log(lines.join("\n"));
}

console.log(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}`);

const fresh: string[] = [];
for (const work of WORKS) fresh.push(...rows(work, await freshRounds(work), "tree", ["Portkey"]));
print("Fresh processes, with everything that they started and our database:", ["Portkey"], fresh);

const subjects = [
  await leanest("fetch", origin),
  await leanest("undici", origin),
  await hostAlone(origin),
  await portkey(origin),
  await theGateway(origin, stored, dataDir),
  providerItself(upstream, origin),
];
const hot: string[] = [];
const besideHot = ["leanest handler, fetch", "leanest handler, undici", "Portkey"];
for (const work of WORKS) hot.push(...rows(work, await hotRounds(subjects, work), "own", besideHot));
print("Hot, the server's process alone:", besideHot, hot);

// The gateway first: it stores what it still has to.
for (const { child } of [...subjects].reverse()) if (child !== upstream) await child.stop();
await Promise.all([database, upstream, generator].map((child) => child.stop()));
await rm(dataDir, { recursive: true, force: true });

if (process.env["BENCH_STREAMS"] !== "0") console.log(`\n${(await heldStreams()).join("\n")}`);
process.exit(0);
