import type { Env } from "#lib/server/env.ts";
import { editDistance } from "#lib/shared/edit-distance.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const URL_NAME = "NEXT_PUBLIC_SUPABASE_URL";
const ANON_NAME = "NEXT_PUBLIC_SUPABASE_ANON_KEY";
const OURS = [URL_NAME, ANON_NAME, "SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_JWT_SECRET"] as const;
/** What other tools and older pages call the same things. */
const ALIASES: Readonly<Record<(typeof OURS)[number], readonly string[]>> = {
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
 * Whether a Supabase is configured; false means that the embedded one is wanted. Half a configuration is
 * neither: it throws `not_configured`, since a gateway on an empty database of its own would let in whoever
 * asks. A name that looks like a misspelt one of ours counts as an attempt at it.
 */
export function isSupabaseConfigured(env: Env): boolean {
  const set = OURS.filter((name) => env.setting(name) !== undefined);
  const hasUrl = set.includes(URL_NAME);
  if (hasUrl && set.includes(ANON_NAME)) return true;
  const meant = attempts(env.names);
  if (set.length === 0 && meant.length === 0) return false;
  const missing = hasUrl ? ANON_NAME : URL_NAME;
  const misspelt = meant.find(({ ours }) => ours === missing);
  const found = [...set, ...meant.map(({ name }) => name)].join(", ");
  throw new GatewayError(
    "not_configured",
    misspelt === undefined
      ? `${found} ${found.includes(",") ? "are" : "is"} set, but ${missing} is not: set it as well, or none of ` +
          "them for the embedded database."
      : `${misspelt.name} is set, but it is called ${missing} here: rename it.`,
  );
}

/** Variables under names that are not ours but mean what ours mean. */
function attempts(names: readonly string[]): { name: string; ours: (typeof OURS)[number] }[] {
  return names.flatMap((name) => {
    if ((OURS as readonly string[]).includes(name)) return [];
    const plain = name.toUpperCase().replace(FOREIGN_PREFIX, "");
    const ours = OURS.find((own) => isAttemptAt(own, plain));
    return ours === undefined ? [] : [{ name, ours }];
  });
}

function isAttemptAt(ours: (typeof OURS)[number], name: string): boolean {
  return [ours, ...ALIASES[ours]].some((known) => editDistance(name, known, MAX_TYPOS) <= MAX_TYPOS);
}
