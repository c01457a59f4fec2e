import { chmod, mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import postgres from "postgres";
import { openApiThread } from "#lib/local-supabase/api.ts";
import { preparePostgresBinaries } from "#lib/local-supabase/postgres-binaries.ts";
import { databaseUrl, startPostgres } from "#lib/local-supabase/postgres-process.ts";
import { generateSecrets } from "#lib/local-supabase/secrets.ts";
import { postgresUser } from "#lib/local-supabase/system-user.ts";
import { monotonicMs, percentile } from "./statistics.ts";

/**
 * The operator's questions on a million events and 100,000 turns of 30 days: how long each takes, its plans with
 * `--explain`, what the figures cost a ledger row, and what retention costs the turns that run meanwhile.
 */
const TURNS = 100_000;
const EVENTS_A_TURN = 10;
const ROUNDS = 5;
/** Days that are kept when a million events are pruned; and the pause between batches, milliseconds. */
const KEPT_DAYS = 3;
const PRUNE_PAUSE_MS = 100;

const FILL = `
  insert into ai_chat_usage (id, tier, quota_day, model, backend, prompt_tokens, completion_tokens, cached_tokens,
    cost_usd, status, usage_source, delivered, settle_hash, created_at, settled_at, route, attempts)
  select gen_random_uuid(), (array['smart','fast','coder','reasoner','live','vision'])[1 + i % 6], current_date,
    'model-' || i % 40, 'provider-' || i % 10, 1000, 200, 100, case when i % 50 > 0 then 0.001 end,
    (array['completed','completed','completed','completed','failed','cancelled'])[1 + i % 6], 'exact', true,
    sha256('x'), now() - random() * interval '30 days', now(), '/api/v1/chat/completions',
    (select jsonb_agg(jsonb_build_object('model_id', 'model-' || (i + k) % 40, 'backend', 'provider-' || (i + k) % 10,
      'status', case k when 2 then 'ok' else 'rate_limited' end, 'latency_ms', 100, 'meta', '{}'::jsonb)
      || case k when 2 then '{"prompt_tokens":1000,"cached_tokens":100,"completion_tokens":200,"usage_source":"exact",
        "billed":true,"cost_usd":0.001,"list_usd":0.001,"cached_savings_usd":0.0001}'::jsonb else '{}' end)
      from generate_series(1, 2) k)
  from generate_series(1, ${TURNS}) i;
  insert into ai_events (request_id, event_type, model_id, backend, status, latency_ms, first_token_ms, created_at)
  select id, 'attempt', 'model-' || (k * 7 + i) % 40, 'provider-' || (k * 7 + i) % 10,
    (array['ok','ok','ok','rate_limited','server_error','timeout'])[1 + (i + k) % 6], exp(5 + random() * 4)::integer,
    case when (i + k) % 6 < 3 then exp(4 + random() * 3)::integer end, created_at
  from (select id, created_at, row_number() over () as i from ai_chat_usage) u
  cross join generate_series(1, ${EVENTS_A_TURN}) k;`;

const QUESTIONS: readonly [string, string][] = [
  ["health, one hour", "select admin_health(3600)"],
  ["health, 24 hours", "select admin_health()"],
  ["health, 7 days", "select admin_health(604800)"],
  ["health, 30 days", "select admin_health(2592000)"],
  ["series, one hour", "select admin_series(3600, 300)"],
  ["series, 24 hours", "select admin_series(86400, 3600)"],
  ["series, 7 days", "select admin_series(604800, 21600)"],
  ["series, 30 days", "select admin_series(2592000, 86400)"],
  ["the newest 50 requests", "select admin_requests()"],
  ["the newest 50 that failed", `select admin_requests('{"status": "failed"}')`],
  ["50 of one engine", `select admin_requests('{"provider": "provider-3", "model": "model-3"}')`],
  ["unknown cost", `select admin_requests('{"unknownCost": true}')`],
  ["a model that nobody called", `select admin_requests('{"model": "none"}')`],
  ["one request", "select admin_request((select id from ai_chat_usage order by created_at desc limit 1))"],
];

const A_BATCH = `
  select jsonb_agg(jsonb_build_object('id', gen_random_uuid(), 'tier', 'smart', 'status', 'completed',
    'started_at', (extract(epoch from clock_timestamp()) * 1000)::bigint, 'delivered', true, 'model', 'm',
    'backend', 'groq', 'prompt_tokens', 100, 'completion_tokens', 50, 'cached_tokens', 0, 'cost_usd', 0,
    'usage_source', 'exact', 'attempts', '[{"model_id":"m","backend":"groq","key_index":0,"status":"ok",
      "latency_ms":100,"first_token_ms":50,"tokens_out":50,"meta":{"attempt":1},"started_ms":1,"prompt_tokens":100,
      "cached_tokens":0,"cache_write_tokens":0,"completion_tokens":50,"reasoning_tokens":0,"usage_source":"exact",
      "billed":false,"cost_usd":0,"list_usd":0.0001,"cached_savings_usd":0}]'::jsonb)) as turns
  from generate_series(1, $1::integer)`;

const TRIGGERS: readonly [string, string][] = [
  ["ai_events", "ai_events_note"],
  ["ai_chat_usage", "ai_chat_usage_note"],
  ["ai_chat_usage", "ai_chat_usage_note_change"],
];

/** Milliseconds of each of so many settles of so many turns, one after the other. */
async function settles(sql: postgres.Sql, batch: number, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let time = 0; time < times; time++) {
    const [row] = await sql.unsafe(A_BATCH, [batch]);
    const from = monotonicMs();
    await sql`select settle_turns(${sql.json(row?.["turns"])})`;
    taken.push(monotonicMs() - from);
  }
  return taken;
}

async function askQuestions(sql: postgres.Sql): Promise<void> {
  console.log("| | ms, median | ms, worst |\n|---|---:|---:|");
  for (const [what, question] of QUESTIONS) {
    const taken: number[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const from = monotonicMs();
      await sql.unsafe(question);
      // The first one reads from disk and plans.
      if (round > 0) taken.push(monotonicMs() - from);
    }
    console.log(`| ${what} | ${percentile(taken, 0.5).toFixed(0)} | ${Math.max(...taken).toFixed(0)} |`);
  }
}

/** The plan of every statement within each question, as auto_explain logs it. */
async function explainQuestions(url: string): Promise<void> {
  const notices: string[] = [];
  const sql = postgres(url, { max: 1, onnotice: (notice) => notices.push(String(notice["message"])) });
  await sql.unsafe(`load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on;
    set auto_explain.log_buffers = on; set auto_explain.log_nested_statements = on;
    set client_min_messages = 'log'`);
  for (const [what, question] of QUESTIONS) {
    notices.length = 0;
    await sql.unsafe(question);
    console.log(`\n## ${what}\n\n${notices.join("\n\n")}`);
  }
  await sql.end();
}

async function compareSettles(sql: postgres.Sql): Promise<void> {
  const rounds: Record<string, number[]> = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const state of ["enable", "disable"]) {
      for (const [table, trigger] of TRIGGERS)
        await sql.unsafe(`alter table ${table} ${state} trigger ${trigger}`);
      for (const batch of [200, 1]) {
        const taken = percentile(await settles(sql, batch, batch === 1 ? 50 : 5), 0.5);
        const name = `${state === "enable" ? "with" : "without"} figures, batches of ${batch}`;
        if (round > 0) rounds[name] = [...(rounds[name] ?? []), (taken * 1000) / batch];
      }
    }
  }
  for (const [table, trigger] of TRIGGERS) await sql.unsafe(`alter table ${table} enable trigger ${trigger}`);
  console.log("\n| a ledger row | µs, median |\n|---|---:|");
  for (const [name, taken] of Object.entries(rounds))
    console.log(`| ${name} | ${percentile(taken, 0.5).toFixed(0)} |`);
}

async function pruneBesideTurns(sql: postgres.Sql, other: postgres.Sql): Promise<void> {
  const alone = await settles(sql, 1, 1_000);
  let pruned = 0;
  let isPruning = true;
  const pruning = (async () => {
    for (let more = true; more; ) {
      const [row] = await other`select prune_ledger(${KEPT_DAYS}, ${KEPT_DAYS}) as answer`;
      pruned += row?.["answer"].events + row?.["answer"].usage;
      more = row?.["answer"].more;
      await pause(PRUNE_PAUSE_MS);
    }
    isPruning = false;
  })();
  const beside: number[] = [];
  while (isPruning) beside.push(...(await settles(sql, 1, 10)));
  await pruning;
  const row = (what: string, taken: number[]): string =>
    `| ${what} | ${[0.5, 0.95, 0.99].map((part) => percentile(taken, part).toFixed(1)).join(" | ")} |`;
  console.log(`\n${pruned} rows pruned.\n\n| a turn settled | p50, ms | p95 | p99 |\n|---|---:|---:|---:|`);
  console.log(`${row("alone", alone)}\n${row("while rows are pruned", beside)}`);
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "sarmalink-admin-"));
  await chmod(folder, 0o711);
  const cluster = join(folder, "postgres");
  const user = await postgresUser(cluster);
  const secrets = generateSecrets();
  const binaries = await preparePostgresBinaries(user, folder);
  const server = await startPostgres({ binaries, cluster, user, password: secrets.postgresPassword });
  const url = databaseUrl(server.port, secrets.postgresPassword, "postgres");
  const api = await openApiThread(undefined).serve({
    ...{ databaseUrl: url, publishableKey: secrets.publishableKey, secretKey: secrets.secretKey, port: 0 },
    ...{ jwtSecret: secrets.jwtSecret, seed: undefined },
    migrationsDir: fileURLToPath(new URL("../../supabase/migrations", import.meta.url)),
  });
  await api.stop();
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const other = postgres(url, { max: 1, onnotice: () => undefined });
  console.log(
    `Node ${process.version}, ${cpus().length} cores, ${cpus()[0]?.model ?? "unknown processor"}\n`,
  );
  await sql.unsafe(FILL);
  const from = monotonicMs();
  for (let more = true; more; ) more = (await sql`select fold_figures() as answer`)[0]?.["answer"].more;
  console.log(
    `${TURNS * EVENTS_A_TURN} events of ${TURNS} turns; folded in ${(monotonicMs() - from).toFixed(0)} ms.\n`,
  );
  await sql.unsafe("vacuum analyze");
  await askQuestions(sql);
  if (process.argv.includes("--explain")) await explainQuestions(url);
  await compareSettles(sql);
  await pruneBesideTurns(sql, other);
  await Promise.all([sql.end(), other.end()]);
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

await main();
process.exit(0);
