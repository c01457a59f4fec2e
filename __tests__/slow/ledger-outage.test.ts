import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSupabaseClients, type SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { type EmbeddedSupabase, startEmbeddedSupabase } from "#lib/local-supabase/start.ts";
import { type Script, textChunk } from "../support/fake-upstream.ts";
import { type NativeAnswer, readNative } from "../support/native-client.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { aHost, aRequest, eventually } from "../support/test-gateway.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";

/** How long the database is unavailable, milliseconds. */
const OUTAGE_MS = 20_000;
/** After its return every turn is in the ledger within this time, milliseconds. */
const NOTICED_MS = 6_000;
const TURNS = 20;

let folder: string;
let supabase: EmbeddedSupabase;
let clients: SupabaseClients;
let proxy: ProxyGateway;
let log: string[];
let release: () => void;
/** Begins an answer, and ends it when it is released. */
let held: Script;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sarmalink-outage-"));
  await chmod(folder, 0o755);
  const dataDir = join(folder, "data");
  supabase = await startEmbeddedSupabase({ dataDir, migrationsDir: MIGRATIONS, log: () => undefined });
  const { url, publishableKey, secretKey } = supabase;
  clients = createSupabaseClients({ url, publishableKey, serviceRoleKey: secretKey });
  log = [];
  const unused = { sql: undefined as never, signUp: undefined as never, stop: async () => undefined };
  const database = { ...supabase, ...unused, clients };
  proxy = await startProxyGateway(database, { SARMALINK_DATA_DIR: join(folder, "gateway") }, (line) =>
    log.push(line),
  );
  const { promise, resolve } = Promise.withResolvers<void>();
  release = resolve;
  held = async (exchange) => {
    await exchange.startStream();
    await exchange.event(textChunk("first "));
    await promise;
    await exchange.event(textChunk("last", "stop"));
    await exchange.event("[DONE]");
    await exchange.endStream();
  };
});
afterEach(async () => {
  await proxy.stop();
  await supabase.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The postmaster and its children. */
function postgresProcesses(): number[] {
  const children = execFileSync("ps", ["-o", "pid=", "--ppid", String(supabase.postgresPid)], {
    encoding: "utf8",
  });
  return [supabase.postgresPid, ...children.split("\n").map(Number).filter(Boolean)];
}

function signal(name: NodeJS.Signals): void {
  for (const pid of postgresProcesses()) process.kill(pid, name);
}

/** Whether the database's API answers. */
async function isBack(): Promise<boolean> {
  const answer = await clients.asService().rpc("sarmalink_schema_version");
  return answer.error === null;
}

const askNative = (): Promise<NativeAnswer> =>
  proxy.gateway
    .aiChat(aRequest(supabase.gatewayKey, { message: "Hi", model: "smart" }), aHost())
    .then(readNative);

const askCompatible = (): Promise<string> =>
  proxy
    .fetch(`${proxy.baseUrl}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${supabase.gatewayKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Hi" }], stream: true }),
    })
    .then((answer) => answer.text());

const OUTAGES: Record<string, () => Promise<void>> = {
  async "does not move"() {
    signal("SIGSTOP");
    await pause(OUTAGE_MS);
    signal("SIGCONT");
  },
  async "dies again and again"() {
    for (const until = performance.now() + OUTAGE_MS; performance.now() < until; await pause(200)) {
      try {
        process.kill(supabase.postgresPid, "SIGKILL");
      } catch {
        // It is dead and not yet started again.
      }
    }
  },
};

test.each(Object.keys(OUTAGES))(
  "a database that %s for 20 s while turns end costs none of them",
  async (what) => {
    proxy.first.script = held;
    const native: Promise<NativeAnswer>[] = [];
    const compatible: Promise<string>[] = [];
    // A few at a time: this is about how turns end, not about how many can begin at once.
    for (let turn = 0; turn < TURNS; turn++) {
      native.push(askNative());
      compatible.push(askCompatible());
      await eventually("it has begun", () => proxy.first.requests.length === 2 * (turn + 1), 20_000);
    }
    const outage = OUTAGES[what]?.();
    await pause(300);
    release();
    const answers = await Promise.all(native);
    expect(answers.map(({ events }) => events.at(-1)?.type)).toEqual(Array(TURNS).fill("done"));
    await Promise.all(compatible);
    await outage;
    await eventually("the database answers", isBack, 60_000);
    const from = performance.now();
    const sql = postgres(supabase.databaseUrl, { max: 1, onnotice: () => undefined });
    const rows = () => sql`
      select status, session_id is not null as native, count(*)::int as turns,
             min(completion_tokens)::int > 0 as counted
      from public.ai_chat_usage group by 1, 2 order by 2`;
    const expected = [
      { status: "completed", native: false, turns: TURNS, counted: true },
      { status: "completed", native: true, turns: TURNS, counted: true },
    ];
    while (
      performance.now() - from < NOTICED_MS &&
      JSON.stringify(await rows()) !== JSON.stringify(expected)
    ) {
      await pause(100);
    }
    expect(await rows()).toEqual(expected);
    await sql.end();
    expect(log.filter((line) => line.includes("could not be saved"))).toEqual([]);
  },
  120_000,
);
