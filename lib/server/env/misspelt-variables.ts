import { credentialVariables } from "#lib/providers/vendors/credentials.ts";
import { PROVIDERS } from "#lib/providers/vendors/providers.ts";
import { envSchema } from "#lib/server/env/env-schema.ts";
import { meantSupabaseName } from "#lib/server/env/supabase-settings.ts";
import { editDistance } from "#lib/shared/edit-distance.ts";

/** Shorter names are close to too many others: PORT to PATH, HOST to HOME. */
const MIN_LENGTH = 9;
const MAX_TYPOS = 2;
const POOLS = PROVIDERS.flatMap(({ credentials }) => credentialVariables(credentials));
const KNOWN = [
  ...Object.keys(envSchema.shape),
  ...POOLS,
  ...PROVIDERS.flatMap(({ baseUrlEnv }) => baseUrlEnv ?? []),
  "ANTHROPIC_VERSION",
  "PAID_PROVIDERS",
  "NEXT_PUBLIC_APP_NAME",
  "NEXT_PUBLIC_COMPANY_NAME",
  "NEXT_PUBLIC_ACCENT_COLOR",
  "NEXT_PUBLIC_LOGO_PATH",
  "NEXT_PUBLIC_MANUS_INVITE_CODE",
];

/** What other tools call the same thing. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  GEMINI_API_KEY: "GOOGLE_GEMINI_API_KEY",
  GOOGLE_API_KEY: "GOOGLE_GEMINI_API_KEY",
  GOOGLE_GENERATIVE_AI_API_KEY: "GOOGLE_GEMINI_API_KEY",
  GROQ_KEY: "GROQ_API_KEY",
  OPENAI_KEY: "OPENAI_API_KEY",
  ANTHROPIC_KEY: "ANTHROPIC_API_KEY",
  CLAUDE_API_KEY: "ANTHROPIC_API_KEY",
  MISTRAL_KEY: "MISTRAL_API_KEY",
  CO_API_KEY: "COHERE_API_KEY",
  OLLAMA_BASE_URL: "OLLAMA_URL",
  CORS_ORIGINS: "CORS_ALLOWED_ORIGINS",
  CORS_ORIGIN: "CORS_ALLOWED_ORIGINS",
  SHUTDOWN_GRACE: "SHUTDOWN_GRACE_MS",
};

/** Variables that are set and unknown, each with the known one that it looks like. */
export function misspeltVariables(names: readonly string[]): { name: string; meant: string }[] {
  return names.flatMap((name) => {
    const pool = /^(.+)_\d+$/.exec(name)?.[1];
    if (KNOWN.includes(name) || (pool !== undefined && POOLS.includes(pool))) return [];
    const other = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined;
    // Harmless if the right name is set, too.
    if (other !== undefined) return names.includes(other) ? [] : [{ name, meant: other }];
    const supabase = meantSupabaseName(name);
    if (supabase !== undefined) return names.includes(supabase) ? [] : [{ name, meant: supabase }];
    const meant = KNOWN.find(
      (known) =>
        known.length >= MIN_LENGTH && editDistance(name.toUpperCase(), known, MAX_TYPOS) <= MAX_TYPOS,
    );
    return meant === undefined ? [] : [{ name, meant }];
  });
}
