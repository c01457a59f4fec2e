import { userInfo } from "node:os";
import { createLogger } from "#lib/adapters/logger.ts";
import type { EmbeddedConnection } from "#lib/local-supabase/connect.ts";

/** Where the Supabase CLI serves as well: a free port is taken while that one runs. */
const PORT = 54_321;

export type LocalSupabase = {
  /** What the gateway must be told of it. */
  variables: Record<string, string>;
  /** Where the data API and sign-in answer. */
  url: string;
  key: string;
  keyFile: string;
  /** Who can sign in, and the file that holds the password. */
  demo: { email: string; passwordFile: string };
  stop(): Promise<void>;
};

/**
 * Starts the embedded Supabase; its packages are loaded only here. Throws `not_configured` when the data
 * folder cannot be used. Development as root, in root's own home, gets another folder: Postgres cannot
 * enter that home, and a newcomer in a container has no other user.
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
    },
    url: supabase.url,
    key: supabase.gatewayKey,
    keyFile: `${supabase.dataDir}/dev-key`,
    demo: { email: supabase.demo.email, passwordFile: `${supabase.dataDir}/demo-password` },
    stop: () => supabase.stop(),
  };
}

/**
 * The embedded Supabase for a command: that of a gateway that runs, else one for as long as it is needed.
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
    // What development uses there; `npm start` refuses.
    replaceUnder: homeOfRoot(),
    migrationsDir: "supabase/migrations",
    log: (line) => console.error(line),
  });
}

function homeOfRoot(): string | undefined {
  return process.getuid?.() === 0 ? userInfo().homedir : undefined;
}
