import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { interruptedRow, startedRow } from "#lib/services/ledger-row.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import {
  eventually,
  type Settings,
  startDoor,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";
import { aLedgerEntry } from "../support/turns.ts";

let database: TestSupabase;
let folder: string;
let logs: string[];
const gateways: TestGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
});
afterAll(() => database.stop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sarmalink-ledger-"));
  logs = [];
});
afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(settings: Settings = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({
    database,
    settings: { ENABLE_SANDBOX: "true", SARMALINK_DATA_DIR: folder, ...settings },
    log: (line) => logs.push(line),
  });
  gateways.push(gateway);
  return gateway;
}

const journalFiles = (): string[] => readdirSync(join(folder, "journal"));
async function statusOf(requestId: string): Promise<unknown> {
  const [row] = await database.sql`select status from ai_chat_usage where id = ${requestId}`;
  return row?.["status"];
}

test("a turn is in the ledger when its end says so, and the journal is empty after the close", async () => {
  const { gateway } = await start();
  const entry = aLedgerEntry();
  gateway.ledger.begin(entry);
  expect(journalFiles()).toHaveLength(1);
  await gateway.ledger.end(entry);
  expect(await statusOf(entry.requestId)).toBe("completed");
  await gateways.pop()?.stop();
  expect(journalFiles()).toEqual([]);
});

test("closing writes what is waiting", async () => {
  const { gateway } = await start();
  const entries = Array.from({ length: 300 }, () => aLedgerEntry());
  for (const entry of entries) {
    gateway.ledger.begin(entry);
    void gateway.ledger.end(entry);
  }
  await gateways.pop()?.stop();
  const ids = entries.map(({ requestId }) => requestId);
  expect(await database.sql`select 1 from ai_chat_usage where id in ${database.sql(ids)}`).toHaveLength(300);
});

test("a database that is away at the end loses nothing: the next start stores it", async () => {
  const door = await startDoor(database.url);
  const { gateway } = await start({ NEXT_PUBLIC_SUPABASE_URL: door.url });
  door.state = "shut";
  const entry = aLedgerEntry();
  const cut = aLedgerEntry();
  gateway.ledger.begin(entry);
  gateway.ledger.begin(cut);
  void gateway.ledger.end(entry);
  await gateways.pop()?.stop();
  expect(await statusOf(entry.requestId)).toBeUndefined();
  expect(journalFiles()).toHaveLength(1);
  await start();
  await eventually("both are stored", async () => (await statusOf(cut.requestId)) !== undefined);
  expect(await statusOf(entry.requestId)).toBe("completed");
  expect(await statusOf(cut.requestId)).toBe(interruptedRow(startedRow(cut)).status);
  await eventually("the file is gone", () => journalFiles().length === 0);
  await door.stop();
});

test("a folder that cannot be written means a warning and no journal", async () => {
  writeFileSync(join(folder, "file"), "");
  const { gateway } = await start({ SARMALINK_DATA_DIR: join(folder, "file") });
  expect(logs.join()).toContain("journal cannot be written");
  const entry = aLedgerEntry();
  gateway.ledger.begin(entry);
  await gateway.ledger.end(entry);
  expect(await statusOf(entry.requestId)).toBe("completed");
});

test.each<Settings>([{ VERCEL: "1" }, { SUPABASE_SERVICE_ROLE_KEY: "" }])(
  "there is no journal with %j",
  async (settings) => {
    const { gateway } = await start(settings);
    gateway.ledger.begin(aLedgerEntry());
    expect(existsSync(join(folder, "journal"))).toBe(false);
    expect(logs).toEqual([]);
  },
);
