import type { Env } from "#lib/server/env/env.ts";
import { editDistance } from "#lib/shared/edit-distance.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const URL_NAME = "NEXT_PUBLIC_SUPABASE_URL";
const ANON_NAME = "NEXT_PUBLIC_SUPABASE_ANON_KEY";
const VARIABLES = [URL_NAME, ANON_NAME, "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_JWT_SECRET"] as const;
type SupabaseName = (typeof VARIABLES)[number];
/** Names of the same settings in other tools and older documentation. */
const ALIASES: Readonly<Record<SupabaseName, readonly string[]>> = {
  [URL_NAME]: [
    "SUPABASE_URL",
    "SUPABASE_API_URL",
    "SUPABASE_PROJECT_URL",
    "NEXT_PUBLIC_SUPABASE_PROJECT_URL",
  ],
  [ANON_NAME]: [
    "SUPABASE_ANON_KEY",
    "SUPABASE_KEY",
    "NEXT_PUBLIC_SUPABASE_KEY",
    "SUPABASE_PUBLISHABLE_KEY",
    "NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY",
    "NEXT_PUBLIC_SUPABASE_PUBLISHABLE_DEFAULT_KEY",
  ],
  SUPABASE_SERVICE_ROLE_KEY: [
    "SUPABASE_SERVICE_KEY",
    "SUPABASE_SERVICE_ROLE",
    "SERVICE_ROLE_KEY",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_ADMIN_KEY",
  ],
  SUPABASE_JWT_SECRET: ["SUPABASE_JWT_KEY"],
};
const MAX_TYPOS = 2;
/** How other frameworks mark a variable as public. */
const FOREIGN_PREFIX = /^(?:VITE|REACT_APP|EXPO_PUBLIC|PUBLIC|NUXT_PUBLIC|NUXT|GATSBY)_/;

/**
 * Whether a Supabase is configured; false means that the embedded one is used. Throws `not_configured` for
 * half a configuration: a gateway on a new, empty database would accept any bearer. A name that looks like a
 * misspelt one counts as set.
 */
export function isSupabaseConfigured(env: Env): boolean {
  const set = VARIABLES.filter((name) => env.setting(name) !== undefined);
  const hasUrl = set.includes(URL_NAME);
  if (hasUrl && set.includes(ANON_NAME)) return true;
  const meant = attempts(env.names);
  if (set.length === 0 && meant.length === 0) return false;
  const missing = hasUrl ? ANON_NAME : URL_NAME;
  const misspelt = meant.find(({ meant }) => meant === missing);
  const found = [...set, ...meant.map(({ name }) => name)].join(", ");
  throw new GatewayError(
    "not_configured",
    misspelt === undefined
      ? `${found} ${found.includes(",") ? "are" : "is"} set, but ${missing} is not: set it as well, or none of ` +
          "them for the embedded database."
      : `${misspelt.name} is set, but this gateway calls it ${missing}: rename it.`,
  );
}

/** Variables with other names that mean Supabase's settings. */
function attempts(names: readonly string[]): { name: string; meant: SupabaseName }[] {
  return names.flatMap((name) => {
    const meant = meantSupabaseName(name);
    return meant === undefined ? [] : [{ name, meant }];
  });
}

/** The setting that a name is a misspelling or an alias of; undefined for correct names and all others. */
export function meantSupabaseName(name: string): SupabaseName | undefined {
  if ((VARIABLES as readonly string[]).includes(name)) return undefined;
  const plain = name.toUpperCase().replace(FOREIGN_PREFIX, "");
  return VARIABLES.find((variable) =>
    [variable, ...ALIASES[variable]].some((known) => editDistance(plain, known, MAX_TYPOS) <= MAX_TYPOS),
  );
}
