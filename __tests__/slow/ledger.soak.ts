import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import {
  askTurn,
  compareLedger,
  expectNothingHeld,
  isSettled,
  ledgerRows,
  loadTurns,
  newSeed,
  seeded,
  startLoadUpstreams,
} from "../support/ledger-load.ts";
import { signUpAt, startStoppableDatabase } from "../support/stoppable-database.ts";
import { eventually } from "../support/test-gateway.ts";
import { type ServedGateway, serveGateway } from "./served-gateway.ts";

/**
 * `npm run soak:ledger`: turns of all kinds for SOAK_MINUTES (10), while the gateway is killed and restarted, and
 * Postgres stopped and started, at random. Writes docs/LEDGER-SOAK.md.
 */
const MINUTES = Number(process.env["SOAK_MINUTES"] ?? 10);
/** Turns a second. */
const RATE = Number(process.env["SOAK_RATE"] ?? 8);
const REPORT = "docs/LEDGER-SOAK.md";

test("the ledger over a long time", { timeout: (MINUTES + 10) * 60_000 }, async () => {
  const seed = newSeed();
  console.log(`LOAD_SEED=${seed}`);
  const random = seeded(seed);
  const folder = await mkdtemp(join(tmpdir(), "sarmalink-soak-"));
  const database = await startStoppableDatabase();
  const turns = loadTurns(Math.ceil(MINUTES * 60 * RATE), random);
  const upstreams = await startLoadUpstreams(turns, random);
  const user = await signUpAt(database);
  const start = (): Promise<ServedGateway> =>
    serveGateway("start", {
      ...database.settings,
      ENABLE_OPENAI_PROXY: "true",
      SARMALINK_DATA_DIR: folder,
      MODELS_CONFIG: upstreams.config,
    });
  let gateway = await start();
  const events = { kills: 0, stops: 0, outageMs: 0 };
  const until = performance.now() + MINUTES * 60_000;
  let isOver = false;

  const misfortunes = async (): Promise<void> => {
    while (performance.now() < until) {
      await pause(2_000 + random() * 10_000);
      if (random() < 0.5) {
        gateway.signal("SIGKILL");
        await gateway.ended();
        events.kills++;
        await pause(random() * 1_000);
        gateway = await start();
      } else {
        const from = performance.now();
        await database.stopPostgres();
        await pause(random() * 15_000);
        if (random() < 0.3) {
          gateway.signal("SIGKILL");
          await gateway.ended();
          events.kills++;
          gateway = await start();
        }
        await database.startPostgres();
        events.stops++;
        events.outageMs += performance.now() - from;
      }
    }
    isOver = true;
  };
  const asked: Promise<unknown>[] = [];
  const load = async (): Promise<void> => {
    for (const turn of turns) {
      if (isOver) return;
      asked.push(askTurn(turn, gateway.url, user.token));
      await pause((random() * 2_000) / RATE);
    }
  };
  await Promise.all([misfortunes(), load()]);
  await Promise.all(asked);

  const users = [user.id];
  const called = turns.filter(({ calls }) => calls.length > 0);
  await eventually(
    "the ledger has all turns",
    async () => isSettled(called, await ledgerRows(database.sql, users)),
    60_000,
  );
  const rows = await ledgerRows(database.sql, users);
  // Of those whose client was told no id, the number alone is compared.
  const known = turns.filter(({ requestId }) => requestId !== undefined);
  const ids = new Set(known.map(({ requestId }) => requestId));
  const knownRows = rows.filter(({ id }) => ids.has(id));
  compareLedger(known, knownRows, ({ requestId }) => knownRows.filter(({ id }) => id === requestId));
  const unknown = turns.filter(({ requestId, calls }) => requestId === undefined && calls.length > 0).length;
  expect(rows.length - knownRows.length).toBeGreaterThanOrEqual(unknown);
  await expectNothingHeld(database.sql, users, rows);

  const count = (status: string): number => rows.filter((row) => row.status === status).length;
  const calls = turns.reduce((sum, turn) => sum + turn.calls.length, 0);
  await writeFile(
    REPORT,
    [
      "# Soak of the ledger",
      "",
      "Written by `npm run soak:ledger` (`__tests__/slow/ledger.soak.ts`): turns of all kinds on the production server, while it is killed and started again, and its Postgres stopped and started, at random moments. [What is compared](DATABASE.md#proof).",
      "",
      "| | |",
      "|---|---:|",
      `| minutes | ${MINUTES} |`,
      `| cores, shared with other work | ${cpus().length} |`,
      `| seed | ${seed} |`,
      `| \`kill -9\` | ${events.kills} |`,
      `| outages of Postgres | ${events.stops} |`,
      `| seconds without Postgres | ${Math.round(events.outageMs / 1_000)} |`,
      `| turns that reached an engine | ${called.length} |`,
      `| calls of engines | ${calls} |`,
      `| rows | ${rows.length} |`,
      `| completed | ${count("completed")} |`,
      `| cancelled by their client | ${count("cancelled")} |`,
      `| interrupted | ${count("interrupted")} |`,
      `| failed | ${count("failed")} |`,
      "| left `started` | 0 |",
      "| lost, doubled, or with another cost, among turns whose client was told an id; of the others only the number is compared | 0 |",
      "| units held | 0 |",
      "",
    ].join("\n"),
  );
  await gateway.stop();
  await upstreams.stop();
  await database.stop();
  await rm(folder, { recursive: true, force: true });
});
