import { z } from "zod";
import { MANUS_VARIABLE_RULES, manusShape } from "#lib/server/env/manus-variables.ts";
import { PLUGIN_VARIABLE_RULES, pluginShape } from "#lib/server/env/plugin-variables.ts";
import { RETENTION_VARIABLE_RULES, retentionShape } from "#lib/server/env/retention-variables.ts";
import { supabaseKeyKind } from "#lib/server/env/secret-shapes.ts";
import { STORAGE_VARIABLE_RULES, storageShape } from "#lib/server/env/storage-variables.ts";
import { TELEMETRY_VARIABLE_RULES, telemetryShape } from "#lib/server/env/telemetry-variables.ts";
import {
  emails,
  FLAG,
  flag,
  folder,
  host,
  ids,
  MAX_TIMER_MS,
  MILLISECONDS,
  milliseconds,
  optionalFlag,
  origin,
  origins,
  type Rule,
  supabaseUrl,
  url,
  whole,
} from "#lib/server/env/variable-types.ts";

const anonKey = z.string().superRefine((key, context) => {
  if (supabaseKeyKind(key) !== "secret") return;
  const message =
    "holds the secret (service role) key, which would be public there. Put it into " +
    "SUPABASE_SERVICE_ROLE_KEY and the publishable (anon) key here; replace the key if pages were built with it";
  context.addIssue({ code: "custom", message });
});
const serviceRoleKey = z.string().superRefine((key, context) => {
  const kind = supabaseKeyKind(key);
  if (kind !== "publishable" && kind !== "user") return;
  const what = kind === "user" ? "a user's access token" : "the publishable (anon) key";
  context.addIssue({ code: "custom", message: `holds ${what}; it must be the secret (service role) key` });
});
const jwtSecret = z.string().superRefine((key, context) => {
  if (supabaseKeyKind(key) === undefined) return;
  const message = "holds a key; it must be the JWT secret of the project, which signs tokens";
  context.addIssue({ code: "custom", message });
});

/** Other instances believe for a minute that a process runs. */
const MAX_REFRESH_MS = 20_000;

/** A body of the largest size must fit into one caller's half. */
const MIN_BODY_MEMORY_MB = 64;

/** Visible ASCII, since it travels in a header, and too long to be guessed. */
const INTERNAL_KEY = /^[\x21-\x7e]{16,}$/;

const shape = {
  NODE_ENV: z.string().default("production"),
  VERCEL: flag(false),
  PORT: whole(0, 65_535).default(3_000),
  HOST: host.optional(),
  WORKERS: z.union([z.literal("auto"), whole(1, 1_024)]).default(1),
  SHUTDOWN_GRACE_MS: whole(0, MAX_TIMER_MS).default(15_000),
  NEXT_PUBLIC_SUPABASE_URL: supabaseUrl.optional(),
  NEXT_PUBLIC_SUPABASE_ANON_KEY: anonKey.optional(),
  SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey.optional(),
  SUPABASE_JWT_SECRET: jwtSecret.optional(),
  NEXT_PUBLIC_APP_URL: url.optional(),
  SARMALINK_DATA_DIR: folder.default(".data"),
  MODELS_CONFIG: z.string().optional(),
  MCP_CONFIG: z.string().optional(),
  MODELS_CHECK: flag(true),
  PRICES_CONFIG: z.string().optional(),
  OLLAMA_URL: url.optional(),
  ENABLE_LIVE_TOOLS: flag(true),
  ENABLE_MEMORY: flag(true),
  FRANKFURTER_BASE_URL: origin.default("https://api.frankfurter.dev"),
  OPEN_METEO_BASE_URL: origin.default("https://api.open-meteo.com"),
  OPEN_METEO_GEOCODING_BASE_URL: origin.default("https://geocoding-api.open-meteo.com"),
  HACKER_NEWS_BASE_URL: origin.default("https://hn.algolia.com"),
  ACCESS_LOG: flag(true),
  LEDGER_MAINTENANCE: flag(true),
  STATE_REFRESH_MS: whole(0, MAX_REFRESH_MS).default(1_000),
  ENABLE_AUTO_ROUTE: flag(false),
  ENABLE_PROMPT_CACHE: flag(true),
  ENABLE_SANDBOX: flag(false),
  ENABLE_OPENAI_PROXY: flag(false),
  ENABLE_PLUGIN_AUTOROUTE: flag(false),
  MIDSTREAM_RECOVERY: flag(true),
  CORS_ALLOWED_ORIGINS: origins.default([]),
  TRUST_PROXY: flag(false),
  ADMIN_USER_IDS: ids.default([]),
  ADMIN_EMAILS: emails.default([]),
  BODY_MEMORY_MB: whole(MIN_BODY_MEMORY_MB, 1_048_576).optional(),
  AUTH_FAILURES_PER_MINUTE: whole(0, 1_000_000_000).default(300),
  MCP_INTERNAL_KEY: z.string().regex(INTERNAL_KEY).optional(),
  ENABLE_SIGN_UP: optionalFlag,
  ENABLE_DEMO_SIGN_IN: optionalFlag,
  DEMO_PASSWORD: z.string().optional(),
  CONNECT_TIMEOUT_MS: milliseconds(3_000),
  FIRST_TOKEN_TIMEOUT_MS: milliseconds(12_000),
  ANSWER_TIMEOUT_MS: milliseconds(60_000),
  PROVIDER_TIMEOUT_MS: milliseconds(30_000).transform((value) => Math.min(300_000, Math.max(1_000, value))),
  REQUEST_DEADLINE_MS: milliseconds(120_000),
  ...retentionShape,
  ...storageShape,
  ...manusShape,
  ...pluginShape,
  ...telemetryShape,
};

export const envSchema = z.object(shape);

type Name = keyof typeof shape;

const TEXT: Rule = { allowed: "text", example: "…", isPrivate: true };
/** The address of a source of live data. Like that of Ollama it is not shown to clients. */
const source = (example: string): Rule => ({
  allowed: "a URL that begins with https:// or http://, without a query or a fragment",
  example,
  isPrivate: true,
});
const RULES: Readonly<Record<Name, Rule>> = {
  NODE_ENV: { allowed: "development or production", example: "production" },
  VERCEL: FLAG,
  PORT: { allowed: "a port from 0 to 65535", example: "3000" },
  HOST: { allowed: "an address or a host name, without scheme and port", example: "127.0.0.1" },
  WORKERS: { allowed: "auto or a number from 1 to 1024", example: "4" },
  SHUTDOWN_GRACE_MS: { allowed: `whole milliseconds from 0 to ${MAX_TIMER_MS}`, example: "15000" },
  NEXT_PUBLIC_SUPABASE_URL: {
    allowed: "the project's URL, with https:// or http:// and without a path",
    example: "https://abcdefgh.supabase.co",
  },
  NEXT_PUBLIC_SUPABASE_ANON_KEY: TEXT,
  SUPABASE_SERVICE_ROLE_KEY: TEXT,
  SUPABASE_JWT_SECRET: TEXT,
  NEXT_PUBLIC_APP_URL: {
    allowed: "a URL that begins with https:// or http://",
    example: "https://ai.example.com",
  },
  SARMALINK_DATA_DIR: {
    allowed: "the path of a folder (of the forms with ~ only ~/…)",
    example: "/var/lib/sarmalink",
  },
  MODELS_CONFIG: TEXT,
  MCP_CONFIG: TEXT,
  MODELS_CHECK: FLAG,
  PRICES_CONFIG: TEXT,
  OLLAMA_URL: {
    allowed: "the address of Ollama, with http:// or https://",
    example: "http://localhost:11434",
    // Not shown to clients, which this text may reach.
    isPrivate: true,
  },
  ENABLE_LIVE_TOOLS: FLAG,
  ENABLE_MEMORY: FLAG,
  FRANKFURTER_BASE_URL: source("https://api.frankfurter.dev"),
  OPEN_METEO_BASE_URL: source("https://api.open-meteo.com"),
  OPEN_METEO_GEOCODING_BASE_URL: source("https://geocoding-api.open-meteo.com"),
  HACKER_NEWS_BASE_URL: source("https://hn.algolia.com"),
  ACCESS_LOG: FLAG,
  LEDGER_MAINTENANCE: FLAG,
  STATE_REFRESH_MS: {
    allowed: `whole milliseconds from 0 (off) to ${MAX_REFRESH_MS}`,
    example: "1000",
  },
  ENABLE_AUTO_ROUTE: FLAG,
  ENABLE_PROMPT_CACHE: FLAG,
  ENABLE_SANDBOX: FLAG,
  ENABLE_OPENAI_PROXY: FLAG,
  ENABLE_PLUGIN_AUTOROUTE: FLAG,
  MIDSTREAM_RECOVERY: FLAG,
  CORS_ALLOWED_ORIGINS: {
    allowed: "origins (scheme and host, no path), separated by commas, or *",
    example: "https://app.example.com,http://localhost:5173",
  },
  TRUST_PROXY: FLAG,
  ADMIN_USER_IDS: {
    allowed: "ids of users (UUIDs), separated by commas",
    example: "5f0c7e5e-3c1b-4d5a-9b8e-0d9f5c1a2b3c",
  },
  ADMIN_EMAILS: {
    allowed: "e-mail addresses, separated by commas",
    example: "ops@example.com",
    isPrivate: true,
  },
  BODY_MEMORY_MB: { allowed: `a number of megabytes from ${MIN_BODY_MEMORY_MB}`, example: "192" },
  AUTH_FAILURES_PER_MINUTE: { allowed: "a whole number from 0 (no limit)", example: "300" },
  MCP_INTERNAL_KEY: {
    allowed: "16 letters, digits and signs or more, without spaces",
    example: "…",
    isPrivate: true,
  },
  ENABLE_SIGN_UP: FLAG,
  ENABLE_DEMO_SIGN_IN: FLAG,
  DEMO_PASSWORD: TEXT,
  CONNECT_TIMEOUT_MS: MILLISECONDS,
  FIRST_TOKEN_TIMEOUT_MS: MILLISECONDS,
  ANSWER_TIMEOUT_MS: MILLISECONDS,
  PROVIDER_TIMEOUT_MS: MILLISECONDS,
  REQUEST_DEADLINE_MS: MILLISECONDS,
  ...RETENTION_VARIABLE_RULES,
  ...STORAGE_VARIABLE_RULES,
  ...MANUS_VARIABLE_RULES,
  ...PLUGIN_VARIABLE_RULES,
  ...TELEMETRY_VARIABLE_RULES,
};

/** The problem of a variable in one sentence: its name, its value, what is allowed, an example. */
export function describeProblem(name: string, given: string, issue: z.core.$ZodIssue | undefined): string {
  const rule = RULES[name as Name];
  const own = issue?.code === "custom" && issue.message !== "Invalid input" ? issue.message : undefined;
  if (own !== undefined && rule.isPrivate) return `${name} ${own}.`;
  const has = own ?? (rule.isPrivate ? "is not valid" : `is ${quoted(given)}`);
  return `${name} ${has}: it must be ${rule.allowed}, for example ${name}=${rule.example}`;
}

const MAX_QUOTED = 100;

/** A given value, unless it looks like a secret. */
function quoted(text: string): string {
  if (supabaseKeyKind(text) !== undefined || /\w:\/\/[^/]*@|(?:sk|key|secret|token)[-_=]\w{8}/i.test(text)) {
    return "something that looks like a secret";
  }
  return `"${text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text}"`;
}
