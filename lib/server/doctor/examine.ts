import type { Upstream } from "#lib/providers/call/upstream.ts";
import { checkDatabase } from "#lib/server/doctor/database-checks.ts";
import type { DoctorEffects } from "#lib/server/doctor/effects.ts";
import { type Finding, skipped } from "#lib/server/doctor/finding.ts";
import {
  checkBuild,
  checkClock,
  checkDataFolder,
  checkPort,
  checkProxy,
} from "#lib/server/doctor/machine-checks.ts";
import { checkEngines, checkProviders, providersNotAsked } from "#lib/server/doctor/provider-checks.ts";
import { checkFiles, checkNode, checkVariables, type Settings } from "#lib/server/doctor/settings-checks.ts";
import { checkStorage } from "#lib/server/doctor/storage-checks.ts";
import { realProviders, secretsOf } from "#lib/server/wiring/providers.ts";

export type Examination = {
  findings: Finding[];
  /** What must not be shown. */
  secrets: string[];
};

/** The time that a server told, and when it told it: milliseconds since the epoch. */
type ToldTime = { date: string; at: number };

/**
 * Examines this installation: settings, providers, database, machine. Changes nothing.
 * @param isOffline makes no call.
 */
export async function examine(isOffline: boolean, effects: DoctorEffects): Promise<Examination> {
  const first = [checkNode(effects), checkFiles(effects)];
  const { findings, settings } = await checkVariables(effects);
  if (settings === undefined) {
    const rest = skipped("engines", "The rest was not examined: the variables come first.");
    return { findings: [...first, ...findings, rest], secrets: [] };
  }
  const { env, providers } = settings;
  const [outside, storage, port, data, build] = await Promise.all([
    examineOutside(settings, isOffline, effects),
    checkStorage(env, isOffline, effects),
    checkPort(env, effects),
    checkDataFolder(env, effects),
    checkBuild(effects),
  ]);
  return {
    findings: [
      ...[...first, ...findings, checkEngines(settings), ...outside, ...storage],
      ...[port, data, build, checkProxy(env)],
    ],
    secrets: secretsOf(env, providers),
  };
}

/** What others must be asked for. */
async function examineOutside(
  settings: Settings,
  isOffline: boolean,
  effects: DoctorEffects,
): Promise<Finding[]> {
  const told: ToldTime[] = [];
  const { upstream, clock, random } = effects.call;
  const asking = {
    upstream: notingTime(upstream, (date) => told.push({ date, at: clock.wallNow() })),
    clock,
    random,
    signal: new AbortController().signal,
  };
  const asksProviders = !isOffline && realProviders(settings.providers).length > 0;
  const [providers, database] = await Promise.all([
    asksProviders ? checkProviders(settings, asking) : isOffline ? providersNotAsked() : [],
    checkDatabase(settings, isOffline, effects),
  ]);
  if (database.date !== undefined) told.push({ date: database.date, at: clock.wallNow() });
  return [...providers, ...database.findings, checkClock(told)];
}

/** The same upstream; `note` gets what each answer says of the time. */
function notingTime(upstream: Upstream, note: (date: string) => void): Upstream {
  return {
    async send(request, options) {
      const response = await upstream.send(request, options);
      const date = response.header("date");
      if (date !== undefined && date !== null) note(date);
      return response;
    },
  };
}
