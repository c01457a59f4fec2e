import { userInfo } from "node:os";
import { createLogger } from "#lib/adapters/logger.ts";
import type { EmbeddedConnection } from "#lib/local-supabase/connect.ts";

/** The port that the Supabase CLI uses, too; a free one is used while that runs. */
const PORT = 54_321;

export type LocalSupabase = {
  /** The variables that the gateway needs for it. */
  variables: Record<string, string>;
  /** The URL of the data API and of sign-in. */
  url: string;
  key: string;
  keyFile: string;
  /** The user who can sign in, and the file that holds the password. */
  demo: { email: string; passwordFile: string };
  stop(): Promise<void>;
};

/**
 * Starts the embedded Supabase; its packages are loaded only here. Throws `not_configured` if the data folder
 * cannot be used. Development as root in root's home gets another folder, because Postgres cannot enter that
 * home, and a newcomer in a container has no other user.
 */
export async function startLocalSupabase(dataDir: string, isDevelopment: boolean): Promise<LocalSupabase> {
  const { startEmbeddedSupabase } = await import("#lib/local-supabase/start.ts");
  const supabase = await startEmbeddedSupabase({
    dataDir,
    port: PORT,
    replaceUnder: isDevelopment ? homeOfRoot() : undefined,
    migrationsDir: "supabase/migrations",
    log: (line) => console.log(line),
    logger: createLogger([]),
  });
  return {
    variables: {
      NEXT_PUBLIC_SUPABASE_URL: supabase.url,
      NEXT_PUBLIC_SUPABASE_ANON_KEY: supabase.publishableKey,
      SUPABASE_SERVICE_ROLE_KEY: supabase.secretKey,
      SUPABASE_JWT_SECRET: supabase.jwtSecret,
      DEMO_PASSWORD: supabase.demo.password,
    },
    url: supabase.url,
    key: supabase.gatewayKey,
    keyFile: `${supabase.dataDir}/dev-key`,
    demo: { email: supabase.demo.email, passwordFile: `${supabase.dataDir}/demo-password` },
    stop: () => supabase.stop(),
  };
}

/**
 * The embedded Supabase for a command: that of a running gateway, else one that is started until it is closed.
 * Undefined if the folder has none and `mayCreate` is false.
 */
export async function connectLocalSupabase(
  dataDir: string,
  mayCreate: boolean,
): Promise<EmbeddedConnection | undefined> {
  const { connectEmbeddedSupabase } = await import("#lib/local-supabase/connect.ts");
  return await connectEmbeddedSupabase({
    dataDir,
    mayCreate,
    // The same as development; `npm start` refuses such a folder.
    replaceUnder: homeOfRoot(),
    migrationsDir: "supabase/migrations",
    log: (line) => console.error(line),
  });
}

function homeOfRoot(): string | undefined {
  return process.getuid?.() === 0 ? userInfo().homedir : undefined;
}
