import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import {
  askTurn,
  compareLedger,
  expectNothingHeld,
  isSettled,
  type LoadTurn,
  ledgerRows,
  loadTurns,
  newSeed,
  seeded,
  startLoadUpstreams,
} from "../support/ledger-load.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings, eventually } from "../support/test-gateway.ts";
import { type ServedGateway, serveGateway } from "./served-gateway.ts";

/**
 * `kill -9` of the production server at random moments: what the upstreams were asked for is in the ledger, once, and
 * nothing stays held. Each turn has a gateway key of its own, by which its row is known even if no client was told its
 * id.
 */
const TURNS = 200;
const KILLS = 3;

let database: TestSupabase;
let folder: string;
let gateway: ServedGateway | undefined;

beforeAll(async () => {
  database = await startTestSupabase();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sarmalink-killed-"));
});
afterEach(async () => {
  await gateway?.stop("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => database.stop());

type Load = Awaited<ReturnType<typeof prepare>>;

async function prepare(count: number) {
  const seed = newSeed();
  console.log(`LOAD_SEED=${seed}`);
  const random = seeded(seed);
  const turns = loadTurns(count, random);
  const upstreams = await startLoadUpstreams(turns, random);
  const user = (await database.signUp()).userId;
  const keys = await Promise.all(turns.map(() => createKey(database, user)));
  const prefixes = await database.sql<{ id: string; prefix: string }[]>`
    select id, prefix from public.gateway_keys where user_id = ${user}`;
  const ids = new Map(prefixes.map(({ id, prefix }) => [prefix, id]));
  const keyIdOf = ({ number }: LoadTurn) => ids.get(keys[number]?.slice(0, 17) ?? "");
  return { random, turns, upstreams, user, keys, keyIdOf };
}

async function start({ upstreams }: Load, settings: Record<string, string> = {}): Promise<ServedGateway> {
  gateway = await serveGateway("start", {
    ...databaseSettings(database),
    ENABLE_OPENAI_PROXY: "true",
    SARMALINK_DATA_DIR: folder,
    MODELS_CONFIG: upstreams.config,
    ...settings,
  });
  return gateway;
}

/** Asks turns at random moments until told to stop; those that nobody heard wait for the next gateway. */
async function askSome(load: Load, waiting: LoadTurn[], url: string, goesOn: () => boolean): Promise<void> {
  const asked: Promise<void>[] = [];
  while (goesOn()) {
    const turn = waiting.shift();
    if (turn === undefined) break;
    const ask = async (): Promise<void> => {
      if (!(await askTurn(turn, url, load.keys[turn.number] ?? ""))) waiting.push(turn);
    };
    asked.push(ask());
    await pause(load.random() * 50);
  }
  await Promise.all(asked);
}

async function compare({ turns, user, keyIdOf }: Load): Promise<void> {
  const users = [user];
  await eventually(
    "each turn has its row, and none is left started",
    async () => isSettled(turns, await ledgerRows(database.sql, users)),
    20_000,
  );
  const rows = await ledgerRows(database.sql, users);
  compareLedger(turns, rows, (turn) => rows.filter(({ key }) => key === keyIdOf(turn)));
  await expectNothingHeld(database.sql, users, rows);
  expect(turns.filter(({ sawEnd }) => sawEnd).length).toBeGreaterThan(0);
}

test(`${TURNS} turns of all kinds, and the gateway is killed ${KILLS} times`, {
  timeout: 180_000,
}, async () => {
  const load = await prepare(TURNS);
  const waiting = [...load.turns];
  for (let kill = 0; kill < KILLS; kill++) {
    const running = await start(load);
    const until = performance.now() + 1_000 + load.random() * 1_000;
    const killed = pause(until - performance.now()).then(() => running.signal("SIGKILL"));
    await askSome(load, waiting, running.url, () => performance.now() < until);
    await killed;
    await running.ended();
  }
  const last = await start(load);
  await askSome(load, waiting, last.url, () => true);
  expect(waiting).toEqual([]);
  await compare(load);
  const rows = await ledgerRows(database.sql, [load.user]);
  const interrupted = rows.filter(({ status }) => status === "interrupted").length;
  expect(interrupted).toBeGreaterThan(0);
  expect(await last.stop()).toBe(0);
  await load.upstreams.stop();
});

test("a worker is killed, and the other one and its successor settle what it left", {
  timeout: 120_000,
}, async () => {
  const load = await prepare(60);
  const waiting = [...load.turns];
  const running = await start(load, { WORKERS: "2" });
  const workers = childrenOf(running.pid);
  expect(workers.length).toBeGreaterThanOrEqual(2);
  const killed = pause(700 + load.random() * 500).then(() => {
    for (const pid of workers.slice(0, 1)) process.kill(pid, "SIGKILL");
  });
  await askSome(load, waiting, running.url, () => true);
  await killed;
  await compare(load);
  expect(running.output).toContain("another one is started");
  await load.upstreams.stop();
});

/** The worker processes of a primary. */
function childrenOf(pid: number): number[] {
  const lines = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(pid)], { encoding: "utf8" });
  return lines.split("\n").flatMap((line) => (line.includes("start.ts") ? Number.parseInt(line, 10) : []));
}
