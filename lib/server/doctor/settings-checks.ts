import type { DoctorEffects } from "#lib/server/doctor/effects.ts";
import { type Finding, fail, ok, skipped, warn } from "#lib/server/doctor/finding.ts";
import type { Env } from "#lib/server/env/env.ts";
import { misspeltVariables } from "#lib/server/env/misspelt-variables.ts";
import { suspiciousPublicNames } from "#lib/server/env/secret-shapes.ts";
import { readStorageSettings } from "#lib/server/env/storage-settings.ts";
import { isSupabaseConfigured } from "#lib/server/env/supabase-settings.ts";
import { readMcpServers } from "#lib/server/wiring/mcp.ts";
import { loadPriceOverrides } from "#lib/server/wiring/prices.ts";
import { loadProviders, type Providers } from "#lib/server/wiring/providers.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const MIN_NODE = { major: 22, minor: 19 };
const BEST_NODE = 24;
/** Shorter tokens can be guessed. */
const MIN_TOKEN = 16;
const EDIT = "Correct it in .env.local, or where the variable is set; docs/ENV-MATRIX.md lists all.";

/** The settings, if they can be used. */
export type Settings = { env: Env; providers: Providers; isHosted: boolean };

/** Whether this Node runs the gateway. */
export function checkNode({ nodeVersion }: Pick<DoctorEffects, "nodeVersion">): Finding {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  if (major < MIN_NODE.major || (major === MIN_NODE.major && minor < MIN_NODE.minor)) {
    return fail(
      "node",
      `Node.js ${nodeVersion} cannot run the gateway.`,
      `Run \`npm ci\`, which brings Node ${BEST_NODE} on most systems, or install ${BEST_NODE} or later.`,
    );
  }
  return ok("node", `Node.js ${nodeVersion}.`);
}

/** Which files the variables come from. */
export function checkFiles({ envFiles }: Pick<DoctorEffects, "envFiles">): Finding {
  return envFiles.length === 0
    ? skipped(
        "files",
        "There is no .env file: all variables are those of the process.",
        "To keep settings in a file, copy .env.example to .env.local.",
      )
    : ok("files", `Read ${envFiles.join(", then ")}; variables of the process come first.`);
}

/** Examines the variables and the files that they name; the settings are missing if they cannot be used. */
export async function checkVariables(
  effects: Pick<DoctorEffects, "environmentProblems" | "readEnv">,
): Promise<{ findings: Finding[]; settings: Settings | undefined }> {
  const problems = effects.environmentProblems();
  if (problems.length > 0) return { findings: problems.map(wrong), settings: undefined };
  const env = effects.readEnv();
  const doubts = doubtfulVariables(env);
  const [providers, hosted, ...others] = await Promise.all([
    attempt(() => loadProviders(env)),
    attempt(async () => isSupabaseConfigured(env)),
    attempt(() => loadPriceOverrides(env)),
    attempt(() => readMcpServers(env)),
    attempt(async () => readStorageSettings(env)),
  ]);
  const failures = [providers, hosted, ...others].flatMap((one) =>
    "problem" in one ? wrong(one.problem) : [],
  );
  if ("problem" in providers || "problem" in hosted || failures.length > 0) {
    return { findings: [...failures, ...doubts], settings: undefined };
  }
  const findings = doubts.length > 0 ? doubts : [ok("variables", "All variables are known and valid.")];
  return { findings, settings: { env, providers: providers.value, isHosted: hosted.value } };
}

function wrong(message: string): Finding {
  return fail("variables", message, EDIT);
}

async function attempt<Value>(read: () => Promise<Value>): Promise<{ value: Value } | { problem: string }> {
  try {
    return { value: await read() };
  } catch (error) {
    // Anything else is a bug, whose stack is needed.
    if (!(error instanceof GatewayError)) throw error;
    return { problem: error.message };
  }
}

function doubtfulVariables({ names, METRICS_TOKEN }: Env): Finding[] {
  const misspelt = misspeltVariables(names).map(({ name, meant }) =>
    warn(
      "variables",
      `${name} is not a variable of this gateway, and is not read.`,
      `If you mean ${meant}, rename it.`,
    ),
  );
  const exposed = suspiciousPublicNames(names).map((name) =>
    warn("variables", `${name} is public: everybody can read it.`, "Remove it if it holds a secret."),
  );
  const isShort = METRICS_TOKEN !== undefined && METRICS_TOKEN.length < MIN_TOKEN;
  const guessable = warn(
    "variables",
    "METRICS_TOKEN is short enough to be guessed.",
    `Use ${MIN_TOKEN} random characters or more.`,
  );
  return [...misspelt, ...exposed, ...(isShort ? [guessable] : [])];
}
