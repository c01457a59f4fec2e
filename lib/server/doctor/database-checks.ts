import type { ProbeAnswer } from "#lib/adapters/http/probe.ts";
import type { DoctorEffects } from "#lib/server/doctor/effects.ts";
import { type Finding, fail, ok, skipped, warn } from "#lib/server/doctor/finding.ts";
import type { Settings } from "#lib/server/doctor/settings-checks.ts";
import { type DatabaseSettings, readDatabaseSettings } from "#lib/server/wiring/database.ts";
import { type DatabaseCheck, describeDatabaseCheck } from "#lib/services/health/database-check.ts";

type DatabaseEffects = Pick<DoctorEffects, "get" | "checkDatabase" | "hasKeys" | "hasEmbeddedSupabase">;

/** What was found, and the value of the `Date` header of the project's answer. */
export type DatabaseFindings = { findings: Finding[]; date: string | undefined };

const COPY_ANON =
  "Copy the publishable (anon) key of the project at NEXT_PUBLIC_SUPABASE_URL into NEXT_PUBLIC_SUPABASE_ANON_KEY.";

/** The database: reachable, with our tables, closed to strangers, and whether anybody may call without a key. */
export async function checkDatabase(
  { env, isHosted }: Pick<Settings, "env" | "isHosted">,
  isOffline: boolean,
  effects: DatabaseEffects,
): Promise<DatabaseFindings> {
  if (!isHosted) return { findings: [embedded(env, effects)], date: undefined };
  if (isOffline) {
    const findings = [skipped("database", "Not asked, because of --offline.")];
    return { findings, date: undefined };
  }
  const settings = readDatabaseSettings(env);
  const [publicSide, service] = await Promise.all([
    checkPublicSide(settings, effects),
    effects.checkDatabase(settings),
  ]);
  const access = await checkAccess(env, settings, service, effects);
  return { findings: [...publicSide.findings, serviceFinding(service), ...access], date: publicSide.date };
}

function embedded(
  { VERCEL, SARMALINK_DATA_DIR }: Pick<Settings["env"], "VERCEL" | "SARMALINK_DATA_DIR">,
  effects: DatabaseEffects,
): Finding {
  const advice =
    "Set NEXT_PUBLIC_SUPABASE_URL, NEXT_PUBLIC_SUPABASE_ANON_KEY and SUPABASE_SERVICE_ROLE_KEY of a project.";
  if (VERCEL) return fail("database", "No Supabase project is set, and there is no other on Vercel.", advice);
  return effects.hasEmbeddedSupabase()
    ? ok(
        "database",
        `No Supabase project is set: the embedded one in ${SARMALINK_DATA_DIR} is used, for trying out.`,
      )
    : fail(
        "database",
        "No Supabase project is set, and the packages of the embedded one are not installed.",
        `${advice} For the embedded one, run \`npm ci\` without leaving out dev dependencies.`,
      );
}

/** What strangers get: with the publishable key, but without a user. */
async function checkPublicSide(
  { url, publishableKey }: DatabaseSettings,
  { get }: Pick<DatabaseEffects, "get">,
): Promise<DatabaseFindings> {
  const headers = { apikey: publishableKey };
  try {
    const [auth, rows] = await Promise.all([
      get(`${url}/auth/v1/settings`, headers),
      get(`${url}/rest/v1/ai_chat_sessions?select=id&limit=1`, headers),
    ]);
    return { findings: [authFinding(auth), ...rowsFinding(rows)], date: auth.date ?? rows.date };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      findings: [
        fail(
          "database",
          `The project at NEXT_PUBLIC_SUPABASE_URL does not answer: ${reason}`,
          "Check the address and the network; a free project that was not used for a week is paused.",
        ),
      ],
      date: undefined,
    };
  }
}

function authFinding({ status }: ProbeAnswer): Finding {
  if (status === 401 || status === 403) {
    return fail("database", "The project refuses NEXT_PUBLIC_SUPABASE_ANON_KEY.", COPY_ANON);
  }
  return status === 200
    ? ok("database", "The project answers, and knows the publishable key.")
    : fail(
        "database",
        `What answers at NEXT_PUBLIC_SUPABASE_URL is not Supabase, or not well (status ${status}).`,
        "Copy the project's URL again, without a path.",
      );
}

/** Strangers see no rows. An error is as good: they may not even ask. */
function rowsFinding({ status, body }: ProbeAnswer): Finding[] {
  const isOpen = status === 200 && Array.isArray(body) && body.length > 0;
  if (!isOpen) return [];
  return [
    fail(
      "database",
      "Anybody with the publishable key can read conversations: row level security is off.",
      "Apply all files of supabase/migrations again, and look for policies that you have added.",
    ),
  ];
}

function serviceFinding(check: DatabaseCheck): Finding {
  const message = describeDatabaseCheck(check);
  switch (check.state) {
    case "ready":
      return ok("database", message);
    case "service_key_missing":
      return warn("database", message, "Copy the secret (service role) key into SUPABASE_SERVICE_ROLE_KEY.");
    case "service_key_rejected":
      return fail("database", message, "Copy the secret (service role) key into SUPABASE_SERVICE_ROLE_KEY.");
    case "migrations_missing":
    case "schema_outdated":
      return fail("database", message, "Run `npx supabase link`, then `npx supabase db push`.");
    case "unreachable":
      return fail("database", message, "Check NEXT_PUBLIC_SUPABASE_URL and the network.");
  }
}

/** Before the first gateway key the OpenAI-compatible routes are open to all. */
async function checkAccess(
  env: Settings["env"],
  settings: DatabaseSettings,
  { state }: DatabaseCheck,
  effects: Pick<DatabaseEffects, "hasKeys">,
): Promise<Finding[]> {
  if (!env.ENABLE_OPENAI_PROXY || state !== "ready") return [];
  if (await effects.hasKeys(settings)) return [ok("access", "Programs need a gateway key.")];
  return [
    warn(
      "access",
      "The OpenAI-compatible routes accept any bearer until the first gateway key is created.",
      "Create one: `npm run key -- --name my-laptop --user you@example.com`.",
    ),
  ];
}
