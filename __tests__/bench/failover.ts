import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { systemClock } from "#lib/adapters/clock.ts";
import { createHttpUpstream, type HttpUpstream } from "#lib/adapters/http/upstream.ts";
import type { RunEffects } from "#lib/providers/chat/run.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import { engineAt, startRun } from "../support/engines.ts";
import { type Row, table } from "./statistics.ts";
import type { Ask, BenchUpstreams, WireLog } from "./upstreams.ts";

const FAILING = 10;
const TIMES = {
  connectMs: 3_000,
  firstTokenMs: 12_000,
  answerMs: 60_000,
  idleMs: 30_000,
  deadlineMs: 120_000,
};

/** One request; how long each failed engine held it up, and how long the whole took, milliseconds. */
async function request(
  upstreams: BenchUpstreams,
  http: HttpUpstream,
  failing: number,
): Promise<{ perEngine: number[]; total: number }> {
  const engines = [...upstreams.bad.slice(0, failing), upstreams.good].map((origin, index) =>
    engineAt(`engine-${index}`, origin),
  );
  // Fresh health each time: a rate limit must not bench the engine for the next request.
  const effects: RunEffects = {
    upstream: http,
    health: new EngineHealth(systemClock),
    clock: systemClock,
    random: Math.random,
    newId: () => "call",
  };
  const perEngine: number[] = [];
  const startedAt = performance.now();
  let last = startedAt;
  for await (const batch of startRun(engines, effects, { timeouts: TIMES }).events) {
    for (const event of batch) {
      if (event.type !== "attempt") continue;
      const now = performance.now();
      perEngine.push(now - last);
      last = now;
    }
  }
  return { perEngine, total: performance.now() - startedAt };
}

async function ask<Answer>(child: ChildProcess, question: Ask): Promise<Answer> {
  child.send(question);
  const [answer] = await once(child, "message");
  return answer as Answer;
}

async function loopback(requests: number): Promise<Row[]> {
  const child = fork(new URL("./upstreams.ts", import.meta.url));
  const http = createHttpUpstream();
  const upstreams = await ask<BenchUpstreams>(child, { kind: "start", failing: FAILING, roundTripMs: 0 });
  for (let index = 0; index < requests / 5; index++) await request(upstreams, http, FAILING);
  const perEngine: number[] = [];
  const added: number[] = [];
  for (let index = 0; index < requests; index++) {
    const direct = await request(upstreams, http, 0);
    const walked = await request(upstreams, http, FAILING);
    perEngine.push(...walked.perEngine);
    added.push((walked.total - direct.total) / FAILING);
  }
  child.kill();
  await http.close();
  return [
    {
      what: "Loopback: delay per failing engine (its 429 included)",
      samples: perEngine,
      unit: "ms",
    },
    { what: "Loopback: time ten failing engines add to a request, per engine", samples: added, unit: "ms" },
  ];
}

async function overNetwork(requests: number): Promise<Row[]> {
  const child = fork(new URL("./upstreams.ts", import.meta.url));
  const http = createHttpUpstream({ connect: { rejectUnauthorized: false, timeout: 10_000 } });
  const upstreams = await ask<BenchUpstreams>(child, { kind: "start", failing: FAILING, roundTripMs: 40 });
  for (let index = 0; index < 10; index++) await request(upstreams, http, FAILING);
  await ask<WireLog>(child, { kind: "log" });
  const gaps: number[] = [];
  for (let index = 0; index < requests; index++) {
    await request(upstreams, http, FAILING);
    const wires = await ask<WireLog>(child, { kind: "log" });
    for (let engine = 0; engine < FAILING; engine++) {
      const received = wires[engine]?.received.at(-1);
      const sent = wires[engine + 1]?.sent[0];
      if (received !== undefined && sent !== undefined)
        gaps.push(Number(BigInt(sent) - BigInt(received)) / 1e6);
    }
  }
  child.kill();
  await http.close();
  return [
    {
      what: "TLS, 40 ms round trip, warm: from the 429 on the wire to the next request on the wire",
      samples: gaps,
      unit: "ms",
    },
  ];
}

const rows = [...(await loopback(1_000)), ...(await overNetwork(60))];
console.log(`Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}\n`);
console.log(table(rows));
process.exit(0);
