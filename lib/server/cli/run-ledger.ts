import { parseArgs } from "node:util";
import { ParkedFiles } from "#lib/adapters/journal/parked-files.ts";
import { createLogger } from "#lib/adapters/logger.ts";
import { createSupabaseClients, type SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseLedgerStore } from "#lib/adapters/supabase/ledger-store.ts";
import { loadSettings } from "#lib/server/cli/command.ts";
import { connectLocalSupabase } from "#lib/server/cli/local-supabase.ts";
import type { Env } from "#lib/server/env/env.ts";
import { isSupabaseConfigured } from "#lib/server/env/supabase-settings.ts";
import { parkedFolder } from "#lib/server/wiring/ledger.ts";
import type { ParkedTurn } from "#lib/services/ledger/ledger-ports.ts";
import { retryParked } from "#lib/services/ledger/retry-parked.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Longer than for a request, milliseconds. */
const TIMEOUT_MS = 15_000;

const LEDGER_HELP = `Shows and retries the turns that the database has refused: they are parked in
SARMALINK_DATA_DIR/parked.

  npm run ledger -- list            what is parked, the oldest first
  npm run ledger -- retry           tries all of them again; 0 if none is left
  npm run ledger -- export          a JSON line each: ids, tokens and costs
  npm run ledger -- export --all    as they are kept, with messages and the secrets that settle them

A running gateway tries them again by itself, at its start and once an hour. To give one up, delete its
file. The command needs the gateway's settings: SARMALINK_DATA_DIR, and for retry its database.`;

const ACTIONS = ["list", "retry", "export"] as const;
type Action = (typeof ACTIONS)[number];

/** `npm run ledger`. Returns the exit code. */
export async function runLedger(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    console.log(LEDGER_HELP);
    return 0;
  }
  const env = await loadSettings(false);
  const parked = new ParkedFiles(parkedFolder(env));
  switch (options.action) {
    case "list":
      return list(parked);
    case "export":
      return await exportAll(parked, options.all);
    case "retry":
      return await retry(parked, env);
  }
}

/** Undefined for --help. Throws `invalid_request` in one line. */
function readOptions(args: readonly string[]): { action: Action; all: boolean } | undefined {
  const { values, positionals } = parse(args);
  if (values.help === true) return undefined;
  const [name, ...more] = positionals;
  const action = ACTIONS.find((known) => known === name);
  if (action === undefined)
    throw wrong(name === undefined ? "What is to be done?" : `There is no "${name}".`);
  if (more.length > 0) throw wrong(`"${more[0]}" is too much.`);
  if (values.all === true && action !== "export") throw wrong("--all belongs to export.");
  return { action, all: values.all === true };
}

function parse(args: readonly string[]) {
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { all: flag, help: { ...flag, short: "h" } },
    });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Node's message goes on with advice about its own syntax.
    throw wrong(`${error.message.split(/[.\n]/)[0]}.`);
  }
}

function wrong(message: string): GatewayError {
  const hint = "One of list, retry and export; `npm run ledger -- --help` shows more.";
  return new GatewayError("invalid_request", `${message} ${hint}`);
}

async function list(parked: ParkedFiles): Promise<number> {
  let listed = 0;
  for await (const turns of parked.read()) {
    listed += turns.length;
    for (const turn of turns) console.log(describe(turn));
  }
  const unreadable = parked.kept.turns - listed;
  if (unreadable > 0) console.error(`${unreadable} more cannot be read.`);
  console.error(listed === 0 && unreadable === 0 ? "No turn is parked." : `${listed} parked.`);
  return 0;
}

function describe({ row, code, reason, parkedAt }: ParkedTurn): string {
  const engine = row.backend === null ? "no engine" : `${row.backend}/${row.model}`;
  const cost = row.costUsd === null ? "cost unknown" : `${row.costUsd} USD`;
  const tokens = `${row.promptTokens} + ${row.completionTokens} tokens`;
  return [
    new Date(row.startedAt).toISOString(),
    row.requestId,
    row.tier,
    row.status,
    engine,
    tokens,
    cost,
    `${code} at ${new Date(parkedAt).toISOString()}: ${oneLine(reason)}`,
  ].join("  ");
}

/** A reason is a database's text: it must not move the terminal's cursor. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, " ");
}

async function exportAll(parked: ParkedFiles, whole: boolean): Promise<number> {
  for await (const turns of parked.read()) {
    for (const turn of turns) console.log(JSON.stringify(whole ? turn : withoutContents(turn)));
  }
  return 0;
}

function withoutContents({ row, ...turn }: ParkedTurn): unknown {
  const { conversation: _, settleSecret: __, ...numbers } = row;
  return { ...turn, row: numbers };
}

async function retry(parked: ParkedFiles, env: Env): Promise<number> {
  if (parked.kept.turns === 0) {
    console.error("No turn is parked.");
    return 0;
  }
  const database = await openDatabase(env);
  try {
    const { stored, refused, failed } = await retryParked({
      parked,
      store: createSupabaseLedgerStore({ clients: database.clients, timeoutMs: TIMEOUT_MS }),
      logger: createLogger([]),
    });
    console.error(`${stored} stored, ${refused} refused.`);
    if (failed > 0) console.error(`The database did not answer for ${failed}, or failed with them.`);
    return parked.kept.turns === 0 ? 0 : 1;
  } finally {
    await database.close();
  }
}

async function openDatabase(env: Env): Promise<{ clients: SupabaseClients; close(): Promise<void> }> {
  const { NEXT_PUBLIC_SUPABASE_URL: url = "", NEXT_PUBLIC_SUPABASE_ANON_KEY: publishableKey = "" } = env;
  if (isSupabaseConfigured(env)) {
    const serviceRoleKey = env.SUPABASE_SERVICE_ROLE_KEY;
    if (serviceRoleKey === undefined) {
      throw new GatewayError("not_configured", "This needs the service role: set SUPABASE_SERVICE_ROLE_KEY.");
    }
    const clients = createSupabaseClients({ url, publishableKey, serviceRoleKey, timeoutMs: TIMEOUT_MS });
    return { clients, close: () => Promise.resolve() };
  }
  const local = await connectLocalSupabase(env.SARMALINK_DATA_DIR, false);
  if (local === undefined) {
    throw new GatewayError("not_found", `There is no local database in ${env.SARMALINK_DATA_DIR}.`);
  }
  const { secretKey: serviceRoleKey } = local;
  const settings = { url: local.url, publishableKey: local.publishableKey, serviceRoleKey };
  return {
    clients: createSupabaseClients({ ...settings, timeoutMs: TIMEOUT_MS }),
    close: () => local.close(),
  };
}
