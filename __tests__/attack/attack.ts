import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { startChild } from "../bench/child.ts";
import type { BenchDatabase } from "../bench/database.ts";
import { type ProductionGateway, startProduction } from "../bench/production-gateway.ts";
import { HOSTILE_BODIES, type HostileBody } from "./bodies.ts";
import { type EngineCall, send, slowUploads, tinyChunks, worstRequests } from "./clients.ts";
import type { ProbeReport } from "./prober.ts";
import type { LoadReport } from "./report-load.ts";

/*
 * `npm run attack`: what hostile requests do to everybody else. Sends each of them to the production
 * build, asks GET /api/health all the while from another thread, and prints the longest wait and the
 * memory at the worst moment. Exits with 1 when a limit below is passed.
 */
const MAX_GAP_MS = 200;
const MAX_RSS = 1024 * 1024 * 1024;
const PARALLEL_BODIES = 40;
const SLOW_UPLOADS = 200;
const SLOW_UPLOAD_MS = 10_000;
const TINY_CHUNKS = 4_000_000;

type Measured = { gapMs: number; haltMs: number; peakRss: number };
type Bench = { gateway: ProductionGateway; prober: Worker; key: string };

const here = (file: string): string => new URL(file, import.meta.url).href;
const pathOf = (file: string): string => new URL(here(file)).pathname;

async function main(): Promise<boolean> {
  const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-attack-"));
  const databaseChild = startChild(pathOf("../bench/database.ts"));
  const upstream = startChild(pathOf("./upstream.ts"));
  const database = await databaseChild.ask<BenchDatabase>(dataDir);
  const origin = await upstream.ask<string>("start");
  const gateway = await startProduction({
    database,
    dataDir,
    modelsConfig: configuration(origin),
    execArgv: [
      "--import",
      here("./report-load.ts"),
      ...(process.env["ATTACK_NODE_OPTIONS"]?.split(" ") ?? []),
    ],
  });
  const prober = new Worker(new URL("./prober.ts", import.meta.url), { execArgv: [] });
  try {
    prober.postMessage({ probe: gateway.url });
    return await attack({ gateway, prober, key: database.key });
  } finally {
    await prober.terminate();
    await gateway.child.stop();
    await Promise.all([upstream, databaseChild].map((child) => child.stop()));
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Two engines refuse, each in another protocol, so that every body is written three times. */
function configuration(origin: string): string {
  return JSON.stringify({
    extends: "default",
    providers: [
      { id: "claude", baseUrl: `${origin}/refuse`, protocol: "anthropic" },
      { id: "gem", baseUrl: `${origin}/refuse`, protocol: "gemini" },
      { id: "own", baseUrl: `${origin}/v1`, protocol: "openai-compatible" },
    ],
    modes: {
      smart: {
        failover: ["claude", "gem", "own"].map((provider) => ({ provider, model: "m", label: provider })),
        perUserDailyLimit: 1_000_000,
      },
      vision: {
        failover: ["claude", "gem", "own"].map((provider) => ({ provider, model: "m", label: provider })),
        perUserDailyLimit: 1_000_000,
      },
    },
  });
}

async function attack(bench: Bench): Promise<boolean> {
  const wanted = process.argv[2];
  const bodies = HOSTILE_BODIES.filter(
    ({ name, path }) => wanted === undefined || `${path} ${name}`.includes(wanted),
  );
  // What the first requests compile is not what is measured.
  for (let round = 0; round < 20; round++) await send(targetOf(bench), "/api/v1/chat/completions", WARM);
  await measure(bench);
  let passed = true;
  console.log(
    "| request | answer | longest wait for GET /api/health | longest block of the loop | peak memory |\n|---|---|---|---|---|",
  );
  const tell = (name: string, answer: string, { gapMs, haltMs, peakRss }: Measured, isRight = true): void => {
    const isWithin = gapMs <= MAX_GAP_MS && peakRss < MAX_RSS && isRight;
    passed &&= isWithin;
    const figures = `${gapMs.toFixed(0)} ms | ${haltMs.toFixed(0)} ms | ${(peakRss / 1024 / 1024).toFixed(0)} MB`;
    console.log(`| ${name} | ${answer} | ${figures} |${isWithin ? "" : " **too much**"}`);
  };
  for (const body of bodies) {
    const bytes = body.make();
    await pause(200);
    await measure(bench);
    const status = await send(targetOf(bench), body.path, bytes);
    tell(`${body.path}: ${body.name}`, String(status), await measure(bench), isExpected(body, status));
  }
  if (wanted === undefined) {
    tell(...(await crowd(bench)));
    tell(...(await uploads(bench)));
    await measure(bench);
    const statuses = await Promise.all([1, 2, 3].map(() => tinyChunks(targetOf(bench), TINY_CHUNKS)));
    const name = `3 bodies in ${TINY_CHUNKS / 1e6} million chunks of one byte`;
    tell(
      name,
      countOf(statuses),
      await measure(bench),
      statuses.every((status) => status === 400 || status === 0),
    );
  }
  return passed;
}

const WARM = Buffer.from('{"model":"smart","messages":[{"role":"user","content":"hi"}]}');

function isExpected({ expected }: HostileBody, status: number): boolean {
  if (expected === "either") return status >= 200 && status < 500;
  return expected === "served" ? status === 200 : status >= 400 && status < 500;
}

async function crowd(bench: Bench): Promise<[string, string, Measured]> {
  const requests = worstRequests(PARALLEL_BODIES);
  await measure(bench);
  const statuses = await Promise.all(requests.map(({ path, bytes }) => send(targetOf(bench), path, bytes)));
  return [`${PARALLEL_BODIES} of the worst at once`, countOf(statuses), await measure(bench)];
}

async function uploads(bench: Bench): Promise<[string, string, Measured]> {
  await measure(bench);
  const { statuses, sockets } = await slowUploads(targetOf(bench), SLOW_UPLOADS, SLOW_UPLOAD_MS);
  const open = sockets.filter((socket) => !socket.destroyed).length;
  const measured = await measure(bench);
  for (const socket of sockets) socket.destroy();
  return [`${SLOW_UPLOADS} slow uploads of 25 MB`, `${countOf(statuses)}, ${open} still open`, measured];
}

const targetOf = ({ gateway, key }: Bench): EngineCall => ({ url: gateway.url, key });

function countOf(statuses: readonly number[]): string {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} × ${status}`).join(", ");
}

/** What has happened since this was last asked. */
async function measure({ gateway, prober }: Bench): Promise<Measured> {
  prober.postMessage("report");
  const [probed] = (await once(prober, "message")) as [ProbeReport];
  const { peakRss, longestHaltMs } = await gateway.child.ask<LoadReport>("load");
  if (probed.failures > 0) throw new Error(`GET /api/health failed ${probed.failures} times.`);
  return { gapMs: probed.longestMs, haltMs: longestHaltMs, peakRss };
}

process.exitCode = (await main()) ? 0 : 1;
