import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { type EmbeddedSupabase, startEmbeddedSupabase } from "#lib/local-supabase/start.ts";
import { type Script, textChunk } from "../support/fake-upstream.ts";
import { readNative } from "../support/native-client.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { aRequest, eventually } from "../support/test-gateway.ts";
import { MIGRATIONS } from "../support/test-postgres.ts";

/** How long the database is unavailable, milliseconds. */
const OUTAGE_MS = 20_000;
/** After its return every turn is in the ledger within this time, milliseconds. */
const NOTICED_MS = 10_000;
const TURNS = 40;

let folder: string;
let supabase: EmbeddedSupabase;
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
  const clients = createSupabaseClients({ url, publishableKey, serviceRoleKey: secretKey });
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
    const authorization = `Bearer ${supabase.gatewayKey}`;
    const native = Array.from({ length: TURNS }, () =>
      proxy.gateway
        .aiChat(aRequest(supabase.gatewayKey, { message: "Hi", model: "smart" }), {
          remoteAddress: "192.0.2.1",
          waitUntil: () => undefined,
        })
        .then(readNative),
    );
    const compatible = Array.from({ length: TURNS }, () =>
      proxy
        .fetch(`${proxy.baseUrl}/chat/completions`, {
          method: "POST",
          headers: { authorization, "content-type": "application/json" },
          body: JSON.stringify({ model: "smart", messages: [{ role: "user", content: "Hi" }], stream: true }),
        })
        .then((answer) => answer.text()),
    );
    await eventually("all have begun", () => proxy.first.requests.length === 2 * TURNS, 20_000);
    const outage = OUTAGES[what]?.();
    await pause(300);
    release();
    const answers = await Promise.all(native);
    expect(answers.map(({ events }) => events.at(-1)?.type)).toEqual(Array(TURNS).fill("done"));
    await Promise.all(compatible);
    await outage;
    const from = performance.now();
    const sql = postgres(supabase.databaseUrl, { max: 1, onnotice: () => undefined });
    const rows = async () => {
      try {
        return await sql`
          select status, session_id is not null as native, count(*)::int as turns,
                 min(completion_tokens)::int > 0 as counted
          from public.ai_chat_usage group by 1, 2 order by 2`;
      } catch {
        return [];
      }
    };
    const expected = [
      { status: "completed", native: false, turns: TURNS, counted: true },
      { status: "completed", native: true, turns: TURNS, counted: true },
    ];
    const bound = what === "does not move" ? NOTICED_MS : 45_000;
    while (performance.now() - from < bound && JSON.stringify(await rows()) !== JSON.stringify(expected))
      await pause(100);
    const seconds = Math.round((performance.now() - from) / 100) / 10;
    console.log(seconds, log.slice(-3));
    expect(await rows()).toEqual(expected);
    await sql.end();
  },
  120_000,
);
