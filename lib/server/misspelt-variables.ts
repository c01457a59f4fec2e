import { PROVIDERS } from "#lib/providers/providers.ts";
import { envSchema } from "#lib/server/env-schema.ts";
import { meantSupabaseName } from "#lib/server/supabase-settings.ts";
import { editDistance } from "#lib/shared/edit-distance.ts";

/** Shorter names are close to too many others: PORT to PATH, HOST to HOME. */
const MIN_LENGTH = 9;
const MAX_TYPOS = 2;
const POOLS = PROVIDERS.flatMap(({ keyEnv }) => keyEnv ?? []);
const KNOWN = [
  ...Object.keys(envSchema.shape),
  ...POOLS,
  ...PROVIDERS.flatMap(({ baseUrlEnv }) => baseUrlEnv ?? []),
  "ANTHROPIC_VERSION",
  "PAID_PROVIDERS",
  "NEXT_PUBLIC_APP_NAME",
];

/** Variables that are set but not ours, each with the one of ours that it looks like. */
export function misspeltVariables(names: readonly string[]): { name: string; meant: string }[] {
  return names.flatMap((name) => {
    const pool = /^(.+)_\d+$/.exec(name)?.[1];
    if (KNOWN.includes(name) || (pool !== undefined && POOLS.includes(pool))) return [];
    const supabase = meantSupabaseName(name);
    // Beside the right name, another tool's does no harm.
    if (supabase !== undefined) return names.includes(supabase) ? [] : [{ name, meant: supabase }];
    const meant = KNOWN.find(
      (known) =>
        known.length >= MIN_LENGTH && editDistance(name.toUpperCase(), known, MAX_TYPOS) <= MAX_TYPOS,
    );
    return meant === undefined ? [] : [{ name, meant }];
  });
}
