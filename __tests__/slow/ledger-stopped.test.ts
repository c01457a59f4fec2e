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
import { type StoppableDatabase, signUpAt, startStoppableDatabase } from "../support/stoppable-database.ts";
import { eventually } from "../support/test-gateway.ts";
import { type ServedGateway, serveGateway } from "./served-gateway.ts";

/** A real Postgres is stopped while turns are answered, and started again: nothing is lost, nothing is there twice. */
const OUTAGE_MS = 30_000;
/** The contract: what others answered meanwhile is stored within this time of the database's return. */
const STORED_WITHIN_MS = 30_000;

let database: StoppableDatabase;
let folder: string;
let gateway: ServedGateway | undefined;

beforeAll(async () => {
  database = await startStoppableDatabase();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sarmalink-stopped-"));
});
afterEach(async () => {
  await gateway?.stop("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});
afterAll(() => database.stop());

async function prepare(count: number, apis?: readonly LoadTurn["api"][]) {
  const seed = newSeed();
  console.log(`LOAD_SEED=${seed}`);
  const random = seeded(seed);
  const turns = loadTurns(count, random, apis);
  return {
    random,
    turns,
    upstreams: await startLoadUpstreams(turns, random),
    user: await signUpAt(database),
  };
}
type Load = Awaited<ReturnType<typeof prepare>>;

async function start({ upstreams }: Load): Promise<ServedGateway> {
  gateway = await serveGateway("start", {
    ...database.settings,
    ENABLE_OPENAI_PROXY: "true",
    SARMALINK_DATA_DIR: folder,
    MODELS_CONFIG: upstreams.config,
  });
  return gateway;
}

/** Asks these, one after the other begun within this time. */
async function askOver(durationMs: number, turns: readonly LoadTurn[], url: string, token: string) {
  const asked = turns.map(async (turn, index) => {
    await pause((durationMs * index) / turns.length);
    return askTurn(turn, url, token);
  });
  await Promise.all(asked);
}

async function compare({ turns, user }: Load): Promise<void> {
  const users = [user.id];
  const settled = async (): Promise<boolean> => isSettled(turns, await ledgerRows(database.sql, users));
  await eventually("the ledger has all turns", settled, STORED_WITHIN_MS);
  const rows = await ledgerRows(database.sql, users);
  compareLedger(turns, rows, ({ requestId }) => rows.filter(({ id }) => id === requestId));
  await expectNothingHeld(database.sql, users, rows);
}

test("for 30 s under load", { timeout: 180_000 }, async () => {
  const load = await prepare(240);
  const { url } = await start(load);
  const asked = askOver(OUTAGE_MS + 8_000, load.turns, url, load.user.token);
  await pause(4_000);
  await database.stopPostgres();
  await pause(OUTAGE_MS);
  await database.startPostgres();
  await Promise.all([asked, compare(load)]);
  // Those that ended later, too.
  await compare(load);
  const answered = load.turns.filter(({ sawEnd, api }) => sawEnd && api !== "native").length;
  expect(answered).toBeGreaterThan(60);
  await load.upstreams.stop();
});

test("for the whole of a run, and beyond its restart", { timeout: 180_000 }, async () => {
  const load = await prepare(120, ["stream", "whole"]);
  await database.stopPostgres();
  const first = await start(load);
  await askOver(3_000, load.turns.slice(0, 60), first.url, load.user.token);
  // Killed, and what has ended is in the journal alone.
  first.signal("SIGKILL");
  await first.ended();
  const second = await start(load);
  await askOver(3_000, load.turns.slice(60), second.url, load.user.token);
  expect(await second.stop()).toBe(0);
  await start(load);
  await database.startPostgres();
  await compare(load);
  expect(load.turns.filter(({ calls }) => calls.length > 0)).toHaveLength(120);
  await load.upstreams.stop();
});
