import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
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
  const turn = gateway.ledger.begin(entry);
  expect(journalFiles()).toHaveLength(1);
  await turn.end(entry);
  expect(await statusOf(entry.requestId)).toBe("completed");
  await gateways.pop()?.stop();
  expect(journalFiles()).toEqual([]);
});

test("closing writes what is waiting", async () => {
  const { gateway } = await start();
  const entries = Array.from({ length: 300 }, () => aLedgerEntry());
  for (const entry of entries) void gateway.ledger.begin(entry).end(entry);
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
  const turn = gateway.ledger.begin(entry);
  gateway.ledger.begin(cut);
  void turn.end(entry);
  await gateways.pop()?.stop();
  expect(await statusOf(entry.requestId)).toBeUndefined();
  expect(journalFiles()).toHaveLength(1);
  await start();
  await eventually("both are stored", async () => (await statusOf(cut.requestId)) !== undefined);
  expect(await statusOf(entry.requestId)).toBe("completed");
  expect(await statusOf(cut.requestId)).toBe("interrupted");
  await eventually("the file is gone", () => journalFiles().length === 0);
  await door.stop();
});

test("a folder that cannot be written means a warning and no journal", async () => {
  writeFileSync(join(folder, "file"), "");
  const { gateway } = await start({ SARMALINK_DATA_DIR: join(folder, "file") });
  expect(logs.join()).toContain("journal cannot be written");
  const entry = aLedgerEntry();
  await gateway.ledger.begin(entry).end(entry);
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

describe("what providers may bill is in the ledger", () => {
  let paid: FakeUpstream;
  let proxy: ProxyGateway;
  let script: Script;
  beforeEach(async () => {
    paid = await startFakeUpstream((exchange) => script(exchange));
    proxy = await startProxyGateway(database, {
      OPENAI_API_KEY: "openai-key",
      OPENAI_BASE_URL: `${paid.origin}/v1`,
    });
  });
  afterEach(async () => {
    await proxy.stop();
    await paid.stop();
  });

  /** Asks, leaves once the engine has been asked if told to, and answers the turn's row. */
  async function rowOf(path: string, body: object, leave = false): Promise<Record<string, unknown>> {
    const client = new AbortController();
    const leaving: Script = () => client.abort();
    if (leave) script = proxy.first.script = leaving;
    const answer = await proxy.fetch(`${proxy.baseUrl}/${path}`, {
      method: "POST",
      headers: { authorization: "Bearer any", "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: client.signal,
    });
    await answer.text();
    await proxy.settled();
    const [row] = await database.sql`
      select status, tier, usage_source as source, prompt_tokens::integer as prompt,
             completion_tokens::integer as completion, cost_usd::float8 as cost
      from ai_chat_usage where id = ${answer.headers.get("x-request-id")}`;
    return row ?? {};
  }
  const ask = (model: string) => ({ model, messages: [{ role: "user", content: "x".repeat(4_000) }] });

  test.each<[string, Script]>([
    ["cuts the connection", (exchange) => void exchange.socket.destroy()],
    ["says nothing", (exchange) => exchange.json(200, { choices: [{ message: {}, finish_reason: "stop" }] })],
    ["answers with a web page", (exchange) => exchange.respond(200, "<html>")],
  ])("a paid engine that %s: its prompt, estimated", async (_, ends) => {
    script = ends;
    const row = await rowOf("chat/completions", ask("openai/gpt-5.5"));
    expect(row).toMatchObject({ status: "failed", source: "estimated", completion: 0 });
    expect(row["prompt"]).toBeGreaterThanOrEqual(1_000);
    expect(row["cost"]).toBeGreaterThanOrEqual((1_000 * 5) / 1e6);
  });

  test("a paid engine that the client leaves: its prompt, estimated", async () => {
    const row = await rowOf("chat/completions", ask("openai/gpt-5.5"), true);
    expect(row).toMatchObject({ status: "cancelled", source: "estimated", completion: 0 });
    expect(row["cost"]).toBeCloseTo((Number(row["prompt"]) * 5) / 1e6, 9);
    expect(row["prompt"]).toBeGreaterThanOrEqual(1_000);
  });

  test("embeddings of a paid engine that the client leaves: their texts, estimated", async () => {
    const body = { model: "openai/text-embedding-3-small", input: "x".repeat(4_000) };
    const row = await rowOf("embeddings", body, true);
    expect(row).toMatchObject({ status: "cancelled", source: "estimated", prompt: 1_000 });
    expect(row["cost"]).toBeGreaterThan(0);
  });

  test.each([
    ["an error", 500],
    ["a refusal", 400],
  ])("a paid engine that answers with %s: nothing", async (_, status) => {
    script = (exchange) => exchange.json(status, { error: { message: "no" } });
    const row = await rowOf("chat/completions", ask("openai/gpt-5.5"));
    expect(row).toMatchObject({ status: "failed", prompt: 0, cost: 0, source: "estimated" });
  });

  test("a free engine that the client leaves: nothing, and nobody knows exactly", async () => {
    const row = await rowOf("chat/completions", ask("first/m"), true);
    expect(row).toMatchObject({ status: "cancelled", prompt: 0, cost: 0, source: "estimated" });
  });

  test("a turn of engines and modes mixed is in the tier that answered", async () => {
    const [named, mode] = ["second/m", "smart"];
    expect((await rowOf("chat/completions", { ...ask(named), models: [mode] }))["tier"]).toBe("named");
    proxy.second.script = (exchange) => exchange.json(500, {});
    expect((await rowOf("chat/completions", { ...ask(named), models: [mode] }))["tier"]).toBe("smart");
  });
});
