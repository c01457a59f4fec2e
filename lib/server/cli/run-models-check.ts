import { systemClock } from "#lib/adapters/clock.ts";
import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import { loadSettings } from "#lib/server/cli/command.ts";
import { loadProviders, secretsOf } from "#lib/server/wiring/providers.ts";
import { askModelLists } from "#lib/services/model-check/ask-lists.ts";
import { chainEntries } from "#lib/services/model-check/chain-entries.ts";
import {
  type GoneModel,
  type ModelLists,
  type ModelReport,
  modelReport,
  type UncheckedModels,
} from "#lib/services/model-check/model-report.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { redact } from "#lib/shared/redact.ts";

const HELP = `Asks each configured provider which models it has, and names the entries of the chains that it has not.

  npm run models:check             in words
  npm run models:check -- --json   as JSON

It makes one or a few GET requests to each provider, which cost nothing. Exit code: 0 if all entries that could be
checked are there, 1 if some are gone, 2 if no provider could be asked.`;

const ALL_THERE = 0;
const SOME_GONE = 1;
const NOTHING_ASKED = 2;

/** `npm run models:check`. Returns the exit code. */
export async function runModelsCheck(args: readonly string[]): Promise<number> {
  try {
    return await check(args);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    // Not 1, which says that something is gone.
    console.error(error.message);
    return NOTHING_ASKED;
  }
}

async function check(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => !["--json", "--help", "-h"].includes(arg));
  if (unknown !== undefined) {
    throw new GatewayError("invalid_request", `There is no option ${unknown}.\n\n${HELP}`);
  }
  if (args.length > 0 && !args.includes("--json")) {
    console.log(HELP);
    return ALL_THERE;
  }
  const env = await loadSettings(false);
  const providers = await loadProviders(env);
  const entries = chainEntries(providers.catalogue.modes, providers.registry);
  const upstream = createHttpUpstream();
  const signal = new AbortController().signal;
  const lists = await askModelLists(entries, { upstream, clock: systemClock, random: Math.random, signal });
  const report = await modelReport(entries, lists);
  const exitCode = exitCodeOf(lists, report);
  const text = args.includes("--json") ? asJson(report, exitCode) : asText(report, exitCode);
  console.log(redact(text, secretsOf(env, providers)));
  return exitCode;
}

function exitCodeOf(lists: ModelLists, { gone }: ModelReport): number {
  if (![...lists.values()].some(({ ok }) => ok)) return NOTHING_ASKED;
  return gone.length > 0 ? SOME_GONE : ALL_THERE;
}

function asJson(report: ModelReport, exitCode: number): string {
  return JSON.stringify({ checkedAt: new Date().toISOString(), exitCode, ...report }, undefined, 2);
}

function asText({ present, gone, unchecked }: ModelReport, exitCode: number): string {
  return [
    ...(gone.length === 0 ? [] : ["Gone:", ...gone.map(goneLine), ""]),
    ...(unchecked.length === 0 ? [] : ["Not checked:", ...unchecked.map(uncheckedLine), ""]),
    exitCode === NOTHING_ASKED
      ? "No provider could be asked for its models."
      : `${count(present, "entry is", "entries are")} there, ${count(gone.length, "is", "are")} gone.`,
  ].join("\n");
}

function goneLine({ mode, engine, near }: GoneModel): string {
  return `  ${mode.padEnd(8)} ${engine}${near.length === 0 ? "" : `   (there is ${near.join(", ")})`}`;
}

function uncheckedLine({ provider, engines, message }: UncheckedModels): string {
  const which = engines.length === 1 ? engines.join() : `${provider} (${engines.length} entries)`;
  return `  ${which}: ${message}`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
