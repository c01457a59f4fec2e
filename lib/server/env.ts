import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { Setting } from "#lib/providers/registry.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** `1`, `true` and `on` switch a flag on; everything else, off. */
const flag = (fallback: boolean) =>
  z
    .string()
    .optional()
    .transform((text) => (text === undefined ? fallback : /^(?:1|true|on)$/i.test(text.trim())));
const list = z
  .string()
  .optional()
  .transform((text) => (text ?? "").split(",").flatMap((item) => item.trim() || []));
/** The longest that a timer can wait; it would fire at once on more. */
const LONGEST_TIMER_MS = 2_147_483_647;
const milliseconds = (fallback: number) =>
  z.coerce.number().int().positive().max(LONGEST_TIMER_MS).default(fallback);
const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ""));

/** A folder; a shell that did not see `~` left it to us. */
const folder = z.string().transform((text, context) => {
  if (text === "~" || /^~[/\\]/.test(text)) return join(homedir(), text.slice(1));
  if (text.startsWith("~")) context.addIssue("must be a path; of the forms with ~, only ~/… is known");
  return text;
});

const schema = z.object({
  NODE_ENV: z.string().default("production"),
  VERCEL: flag(false),
  PORT: z.coerce.number().int().min(0).max(65_535).default(3_000),
  HOST: z.string().optional(),
  WORKERS: z.union([z.literal("auto"), z.coerce.number().int().positive().max(1_024)]).default(1),
  SHUTDOWN_GRACE_MS: z.coerce.number().int().nonnegative().max(LONGEST_TIMER_MS).default(15_000),
  NEXT_PUBLIC_SUPABASE_URL: url.optional(),
  NEXT_PUBLIC_SUPABASE_ANON_KEY: z.string().optional(),
  SUPABASE_SERVICE_ROLE_KEY: z.string().optional(),
  SUPABASE_JWT_SECRET: z.string().optional(),
  NEXT_PUBLIC_APP_URL: url.optional(),
  SARMALINK_DATA_DIR: folder.default(".data"),
  MODELS_CONFIG: z.string().optional(),
  OLLAMA_URL: url.optional(),
  ENABLE_PROMPT_CACHE: flag(true),
  ENABLE_SANDBOX: flag(false),
  ENABLE_OPENAI_PROXY: flag(false),
  MIDSTREAM_RECOVERY: flag(true),
  CORS_ALLOWED_ORIGINS: list,
  TRUST_PROXY: flag(false),
  AUTH_FAILURES_PER_MINUTE: z.coerce.number().int().nonnegative().default(300),
  CONNECT_TIMEOUT_MS: milliseconds(3_000),
  FIRST_TOKEN_TIMEOUT_MS: milliseconds(12_000),
  ANSWER_TIMEOUT_MS: milliseconds(60_000),
  PROVIDER_TIMEOUT_MS: milliseconds(30_000).transform((value) => Math.min(300_000, Math.max(1_000, value))),
  REQUEST_DEADLINE_MS: milliseconds(120_000),
});

/** Sets variables of this process: for what is only known once it runs. */
export function setEnvironment(variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, variables);
}

/** The environment of a process that this one starts: its own, and what is added. */
export function childEnvironment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...additions };
}

export type Env = z.infer<typeof schema> & {
  /** Any variable by name, for key pools and base URLs, whose names are data. */
  setting: Setting;
  /** Every variable that is set, ours or not, by name. */
  names: readonly string[];
};

/**
 * The configuration of this process: the only place on the server that reads the environment.
 * Empty variables count as unset. Throws `not_configured` naming the first wrong one.
 */
export function readEnv(source: Readonly<Record<string, string | undefined>> = process.env): Env {
  const setting: Setting = (name) => source[name]?.trim() || undefined;
  const present = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, setting(name)]));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new GatewayError(
      "not_configured",
      `The variable ${String(issue?.path[0])} is wrong: ${issue?.message}.`,
    );
  }
  return {
    ...parsed.data,
    setting,
    names: Object.keys(source).filter((name) => setting(name) !== undefined),
  };
}
