import type { z } from "zod";
import type { Setting } from "#lib/providers/vendors/settings.ts";
import { describeProblem, envSchema } from "#lib/server/env/env-schema.ts";
import { publicSecret } from "#lib/server/env/secret-shapes.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Sets variables of this process that are only known while it runs. */
export function setEnvironment(variables: Readonly<Record<string, string>>): void {
  Object.assign(process.env, variables);
}

/** The environment for a child process: this process's, with additions. */
export function childEnvironment(additions: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...process.env, ...additions };
}

/** Variables that every process needs: places of programs and temporary files, time zone and language. */
const SYSTEM_VARIABLES = /^(?:PATH|HOME|TMPDIR|TEMP|TMP|TZ|LANG|LC_\w+|SYSTEMROOT|WINDIR)$/i;

/** Where pictures of answers are stored: part of every address that a reader gets, so it is no secret. */
const STORAGE_VARIABLES = /^R2_(?:ACCOUNT_ID|BUCKET_NAME|ENDPOINT|PUBLIC_URL)$/;

/**
 * The environment of the process that serves pages: public variables, and no key. It makes Next.js believe that
 * the `.env` files have been read, so that it does not read keys from there.
 */
export function pagesEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {
    NODE_ENV: "production",
    NEXT_TELEMETRY_DISABLED: "1",
    __NEXT_PROCESSED_ENV: "true",
    // Node reads next.config.ts by itself. Next.js would load its compiler for that, and download one if there is none.
    __NEXT_NODE_NATIVE_TS_LOADER_ENABLED: "true",
  };
  for (const [name, value] of Object.entries(process.env)) {
    const isForPages =
      name.startsWith("NEXT_PUBLIC_") || SYSTEM_VARIABLES.test(name) || STORAGE_VARIABLES.test(name);
    if (isForPages) environment[name] = value;
  }
  return environment;
}

export type Env = z.infer<typeof envSchema> & {
  /** Any variable by name, for key pools and base URLs, whose names are data. */
  setting: Setting;
  /** The names of all variables that are set, also of other programs. */
  names: readonly string[];
};

type Source = Readonly<Record<string, string | undefined>>;

/**
 * The configuration of this process: the only place on the server that reads the environment.
 * Empty variables count as unset. Throws `not_configured` naming the first wrong one.
 */
export function readEnv(source: Source = process.env): Env {
  const { parsed, setting, names, problems } = parseEnv(source);
  const [problem] = problems;
  if (problem !== undefined || !parsed.success) throw new GatewayError("not_configured", problem ?? "");
  return { ...parsed.data, setting, names };
}

/** What is wrong with the variables of this process, a sentence each: all that `readEnv` would refuse, one by one. */
export function environmentProblems(source: Source = process.env): string[] {
  return parseEnv(source).problems;
}

function parseEnv(source: Source) {
  const setting: Setting = (name) => source[name]?.trim() || undefined;
  const names = Object.keys(source).filter((name) => setting(name) !== undefined);
  const present = Object.fromEntries(Object.keys(envSchema.shape).map((name) => [name, setting(name)]));
  const parsed = envSchema.safeParse(present);
  const wrong = (parsed.error?.issues ?? []).map((issue) => {
    const name = String(issue.path[0]);
    return describeProblem(name, setting(name) ?? "", issue);
  });
  const exposed = publicSecret(names, setting);
  const exposure =
    `${exposed} holds a secret, and everybody can read a variable that begins with NEXT_PUBLIC_. ` +
    "Remove it, and replace the secret if pages were built with it.";
  return { parsed, setting, names, problems: exposed === undefined ? wrong : [...wrong, exposure] };
}
