import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { modelsConfig } from "../support/test-gateway.ts";
import { startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import type { LoadResult } from "./load.ts";
import { type ProductionGateway, startProduction } from "./production-gateway.ts";
import { percentile } from "./statistics.ts";

/**
 * CPU of a request with telemetry off, and with each part of it on: the same gateway, several times over, in rounds
 * that take turns.
 */
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 7);
const CONNECTIONS = 8;
const WORKS = [
  { name: "JSON", isStream: false, requests: 1_000, warmUp: 4_000 },
  { name: "100 chunks", isStream: true, requests: 150, warmUp: 500 },
] as const;

type Work = (typeof WORKS)[number];

const here = (file: string): string => new URL(`./${file}`, import.meta.url).pathname;
const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-bench-"));
const database = startChild(here("database.ts"));
const upstream = startChild(here("chat-upstream.ts"));
const generator = startChild(here("load.ts"));
const [stored, origin] = await Promise.all([
  database.ask<BenchDatabase>(dataDir),
  upstream.ask<string>("start"),
]);

// Takes everything at once, as a collector beside the gateway does.
const collector = createServer((incoming, outgoing) => {
  incoming.resume().once("end", () => outgoing.end("{}"));
});
await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
const otlp = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;

const token = { METRICS_TOKEN: "a-token-for-the-metrics" };
const SUBJECTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  off: {},
  "a line per turn": { LOG_TURNS: "on" },
  metrics: token,
  "metrics and traces": { ...token, OTEL_EXPORTER_OTLP_ENDPOINT: otlp },
};

async function measure(gateway: ProductionGateway, work: Work, requests: number): Promise<number> {
  const before = await gateway.child.cpu();
  const body = { model: "smart", messages: [{ role: "user", content: "Tell me about foxes." }] };
  const result = await generator.ask<LoadResult>({
    url: `${gateway.url}/api/v1/chat/completions`,
    // No gateway key has been created: any bearer is taken.
    headers: { "content-type": "application/json", authorization: "Bearer any" },
    body: JSON.stringify({ ...body, stream: work.isStream }),
    contains: "dog",
    requests,
    concurrency: CONNECTIONS,
  });
  if (result.failures > 0) throw new Error(`${result.failures} failed: ${result.example}`);
  // The last rows are written half a second after the last answers.
  await new Promise((resolve) => setTimeout(resolve, 700));
  return ((await gateway.child.cpu()) - before) / requests;
}

const config = modelsConfig({ fast: `${origin}/0/v1` });
const gateways: [string, ProductionGateway][] = [];
for (const [name, env] of Object.entries(SUBJECTS)) {
  gateways.push([name, await startProduction({ database: stored, dataDir, modelsConfig: config, env })]);
}

console.log(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}\n`);
console.log("| | telemetry | CPU a request | of off |\n|---|---|---:|---:|");
for (const work of WORKS) {
  const samples = new Map<string, number[]>(gateways.map(([name]) => [name, []]));
  for (const [, gateway] of gateways) await measure(gateway, work, work.warmUp);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, gateway] of gateways) {
      samples.get(name)?.push(await measure(gateway, work, work.requests));
    }
  }
  const off = percentile(samples.get("off") ?? [], 0.5);
  for (const [name, values] of samples) {
    const cpu = percentile(values, 0.5);
    console.log(`| ${work.name} | ${name} | ${cpu.toFixed(0)} µs | ${(cpu / off).toFixed(2)}× |`);
  }
}

for (const [, { child }] of gateways) await child.stop();
await Promise.all([database, upstream, generator].map((child) => child.stop()));
collector.close();
await rm(dataDir, { recursive: true, force: true });
process.exit(0);
