import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { Agent, request } from "node:http";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import { databaseUrl } from "#lib/local-supabase/postgres-process.ts";
import { readPostmaster } from "#lib/local-supabase/postmaster.ts";
import { loadSecrets } from "#lib/local-supabase/secrets.ts";
import { freePort } from "../slow/served-gateway.ts";
import { modelsConfig } from "../support/test-gateway.ts";
import { type Child, startChild } from "./child.ts";
import { treeCpu } from "./process-tree.ts";
import { monotonicMs } from "./statistics.ts";

/**
 * Turns of native chat that all begin at once, on what `npm start` runs by itself: the gateway with its own
 * embedded Supabase. The provider is another process, the clients are this one.
 */
const TURNS = Number(process.env["BENCH_TURNS"] ?? 500);
const RUNS = Number(process.env["BENCH_RUNS"] ?? 5);
const USERS = 50;
const WARM_TURNS = 50;
/** How long rows may stay `started` after the last answer: turns are settled behind the answers, milliseconds. */
const SETTLE_MS = 10_000;
const QUIET_MS = 500;

type Bench = { gateway: Child; upstream: Child; url: string; postgresPid: number; sql: postgres.Sql };
/** The status of an answer, 0 without one, and whether it came to its `done`. */
type Answer = { status: number; isWhole: boolean };
type Run = {
  reached: readonly number[];
  answers: readonly Answer[];
  started: number;
  /** CPU microseconds until the last answer. */
  cpu: { gateway: number; postgres: number };
};

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

async function main(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-begins-"));
  const upstream = startChild(pathOf("begin-upstream.ts"));
  const origin = await upstream.ask<string>("start");
  const port = await freePort();
  const gateway = startGateway(dataDir, port, modelsConfig({ noting: `${origin}/v1` }, { limit: 1_000_000 }));
  try {
    const url = `http://127.0.0.1:${port}`;
    await untilUp(url);
    const [secrets, postmaster] = await Promise.all([
      loadSecrets(dataDir),
      readPostmaster(join(dataDir, "postgres")),
    ]);
    if (postmaster === undefined) throw new Error("The gateway has started no Postgres.");
    const sql = postgres(databaseUrl(postmaster.port, secrets.postgresPassword), { max: 1 });
    const ownKey = (await readFile(join(dataDir, "dev-key"), "utf8")).trim();
    await report({ gateway, upstream, url, sql, postgresPid: postmaster.pid }, ownKey);
    await sql.end();
  } finally {
    await gateway.stop();
    await upstream.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function report(bench: Bench, ownKey: string): Promise<void> {
  const keys = await keysOfUsers(bench.sql);
  await beginAll(bench, WARM_TURNS, keys);
  console.log(
    `Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}\n`,
  );
  console.log(
    "| | run | reached their engine | first, ms | last, ms | answered | others | left `started` | " +
      "CPU a turn, gateway, µs | Postgres, µs |\n|---|---:|---:|---:|---:|---:|---|---:|---:|---:|",
  );
  for (let run = 1; run <= RUNS; run++) {
    console.log(line("one user", run, await beginAll(bench, TURNS, [ownKey])));
  }
  for (let run = 1; run <= RUNS; run++) {
    console.log(line(`${USERS} users`, run, await beginAll(bench, TURNS, keys)));
  }
}

function line(whose: string, run: number, { reached, answers, started, cpu }: Run): string {
  const others = Map.groupBy(
    answers.filter(({ isWhole }) => !isWhole),
    ({ status }) => status,
  );
  const told = Array.from(others, ([status, { length }]) => `${length} × ${status}`).join(", ");
  const cells = [
    whose,
    run,
    reached.length,
    Math.min(...reached).toFixed(0),
    Math.max(...reached).toFixed(0),
    answers.filter(({ isWhole }) => isWhole).length,
    told === "" ? "none" : told,
    started,
    (cpu.gateway / answers.length).toFixed(0),
    (cpu.postgres / answers.length).toFixed(0),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** Begins so many turns at once, the keys in turn. */
async function beginAll(bench: Bench, turns: number, keys: readonly string[]): Promise<Run> {
  await bench.upstream.ask("arrivals");
  const before = await usedCpu(bench);
  const from = monotonicMs();
  const answers = await Promise.all(
    Array.from({ length: turns }, (_, index) => ask(bench.url, keys[index % keys.length] ?? "", index)),
  );
  const after = await usedCpu(bench);
  const started = await leftStarted(bench.sql);
  await pause(QUIET_MS);
  const arrivals = await bench.upstream.ask<number[]>("arrivals");
  return {
    reached: arrivals.map((at) => at - from),
    answers,
    started,
    cpu: { gateway: after.gateway - before.gateway, postgres: after.postgres - before.postgres },
  };
}

async function usedCpu({ gateway, postgresPid }: Bench): Promise<Run["cpu"]> {
  const [own, postgres] = await Promise.all([gateway.cpu(), treeCpu(postgresPid)]);
  return { gateway: own, postgres };
}

function ask(url: string, key: string, index: number): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
    const sent = request(`${url}/api/ai-chat`, { method: "POST", headers, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.once("close", () => {
        resolve({ status: response.statusCode ?? 0, isWhole: text.includes('"type":"done"') });
      });
    });
    sent.once("error", () => resolve({ status: 0, isWhole: false }));
    sent.end(JSON.stringify({ message: `Tell me about the number ${index}.`, model: "smart" }));
  });
}

/** Rows that are still `started` once the ledger has been given its time. */
async function leftStarted(sql: postgres.Sql): Promise<number> {
  const deadline = monotonicMs() + SETTLE_MS;
  for (;;) {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::integer as count from public.ai_chat_usage where status = 'started'`;
    if (row === undefined || row.count === 0 || monotonicMs() > deadline) return row?.count ?? 0;
    await pause(QUIET_MS);
  }
}

/** A gateway key of each of the users, who are made for it. */
async function keysOfUsers(sql: postgres.Sql): Promise<string[]> {
  const users = Array.from({ length: USERS }, () => ({
    id: randomUUID(),
    key: `sk-sarmalink-${randomBytes(24).toString("base64url")}`,
  }));
  for (const { id, key } of users) {
    await sql`insert into auth.users (id, email) values (${id}, ${`${id}@example.test`})`;
    await sql`
      insert into public.gateway_keys (user_id, name, key_hash, prefix)
      values (${id}, 'bench', ${createHash("sha256").update(key).digest("hex")}, ${key.slice(0, 17)})`;
  }
  return users.map(({ key }) => key);
}

function startGateway(dataDir: string, port: number, config: string): Child {
  return startChild("lib/server/cli/start.ts", {
    isQuiet: true,
    env: {
      SARMALINK_DATA_DIR: dataDir,
      NODE_ENV: "production",
      HOST: "127.0.0.1",
      PORT: String(port),
      ACCESS_LOG: "off",
      MODELS_CONFIG: config,
    },
  });
}

async function untilUp(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const response = await fetch(`${url}/api/health`).catch(() => undefined);
    if (response?.ok === true) return;
    await pause(100);
  }
  throw new Error("The gateway did not start; has `npm run build` been run?");
}

function pathOf(file: string): string {
  return new URL(`./${file}`, import.meta.url).pathname;
}

await main();
process.exit(0);
