import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ParkedFiles } from "#lib/adapters/journal/parked-files.ts";
import { startTestSupabase, type TestSupabase } from "../../support/test-database.ts";
import { databaseSettings } from "../../support/test-gateway.ts";
import { aLedgerEntry, type LedgerEntry, ledgerRow } from "../../support/turns.ts";

/** `npm run ledger`, as an operator runs it. */
let database: TestSupabase;
let folder: string;
beforeAll(async () => {
  database = await startTestSupabase();
}, 30_000);
afterAll(() => database.stop());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sarmalink-ledger-"));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Ran = { code: number; out: string; err: string };

function run(args: readonly string[], settings: Record<string, string> = databaseSettings(database)) {
  const env: NodeJS.ProcessEnv = {
    NODE_ENV: "production",
    PATH: process.env["PATH"] ?? "",
    SARMALINK_DATA_DIR: folder,
    ...settings,
  };
  return new Promise<Ran>((resolve) => {
    execFile(process.execPath, ["lib/server/cli/ledger.ts", ...args], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

function park(changes: Partial<LedgerEntry> = {}, reason = "no\u001b[2J such\ntable"): string {
  const row = ledgerRow(aLedgerEntry(changes));
  new ParkedFiles(join(folder, "parked")).add({ row, code: "rejected", reason, parkedAt: Date.now() });
  return row.requestId;
}
const stored = async (id: string) =>
  (await database.sql`select cost_usd::float as usd from ai_chat_usage where id = ${id}`)[0];

describe("npm run ledger", () => {
  test("list shows what is parked, a line each, and why", async () => {
    expect(await run(["list"])).toMatchObject({ code: 0, out: "", err: "No turn is parked.\n" });
    const ids = [park({ startedAt: 2_000 }), park({ startedAt: 1_000, costUsd: null, backend: null })];
    const { code, out, err } = await run(["list"]);
    expect(code).toBe(0);
    const lines = out.trim().split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(`1970-01-01T00:00:01.000Z  ${ids[1]}  smart  completed  no engine`);
    expect(lines[1]).toContain(
      `${ids[0]}  smart  completed  groq/llama-3.3-70b-versatile  11 + 7 tokens  0.00012 USD`,
    );
    expect(lines[1]).toMatch(/rejected at \S+Z: no \[2J such table$/);
    expect(err).toBe("2 parked.\n");
  });

  test("retry stores what the database takes now, and keeps what it refuses", async () => {
    const [good, bad] = [park(), park({ tier: "" })];
    expect(await run(["retry"])).toMatchObject({
      code: 1,
      err: expect.stringContaining("1 stored, 1 refused."),
    });
    expect(await stored(good)).toEqual({ usd: 0.00012 });
    expect(await stored(bad)).toBeUndefined();
    expect((await readdir(join(folder, "parked"))).join()).toContain(bad);
    await rm(join(folder, "parked"), { recursive: true });
    expect(await run(["retry"])).toMatchObject({ code: 0, err: "No turn is parked.\n" });
  });

  test("retry says when the database does not answer, and keeps everything", async () => {
    park();
    const settings = { ...databaseSettings(database), NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:9" };
    const { code, err } = await run(["retry"], settings);
    expect(code).toBe(1);
    expect(err).toContain("The database did not answer for 1");
    expect(await readdir(join(folder, "parked"))).toHaveLength(1);
  });

  test("export writes the numbers, and contents and secrets only with --all", async () => {
    const id = park({
      settleSecret: "SECRET",
      conversation: { userMessage: "PRIVATE", assistantMessage: "a" },
    });
    const numbers = await run(["export"]);
    expect(JSON.parse(numbers.out)).toMatchObject({
      code: "rejected",
      row: { requestId: id, costUsd: 0.00012 },
    });
    expect(numbers.out).not.toMatch(/SECRET|PRIVATE/);
    const whole = await run(["export", "--all"]);
    expect(JSON.parse(whole.out)).toMatchObject({
      row: { settleSecret: "SECRET", conversation: { userMessage: "PRIVATE" } },
    });
  });

  test.each([
    [[], /^What is to be done\?/],
    [["drop"], /^There is no "drop"\./],
    [["list", "more"], /^"more" is too much\./],
    [["list", "--all"], /^--all belongs to export\./],
    [["list", "--force"], /^Unknown option '--force'\./],
  ])("%j is refused in one line that says how it goes", async (args, says) => {
    const { code, err } = await run(args);
    expect(code).toBe(1);
    expect(err).toMatch(says);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toContain("npm run ledger -- --help");
  });

  test("--help says what there is", async () => {
    const { code, out } = await run(["--help"]);
    expect(code).toBe(0);
    for (const word of ["list", "retry", "export", "--all", "SARMALINK_DATA_DIR/parked"])
      expect(out).toContain(word);
  });
});
