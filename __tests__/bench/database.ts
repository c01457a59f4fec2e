import { startEmbeddedSupabase } from "#lib/local-supabase/start.ts";
import { answerParent } from "./child.ts";

export type BenchDatabase = { settings: Record<string, string>; key: string };

/** The gateway's database, in a process of its own, so that its CPU is not counted as the gateway's. */
answerParent(async (dataDir: string): Promise<BenchDatabase> => {
  const supabase = await startEmbeddedSupabase({
    dataDir,
    migrationsDir: "supabase/migrations",
    log: () => undefined,
  });
  process.once("SIGTERM", () => void supabase.stop().then(() => process.exit(0)));
  return {
    settings: {
      NEXT_PUBLIC_SUPABASE_URL: supabase.url,
      NEXT_PUBLIC_SUPABASE_ANON_KEY: supabase.publishableKey,
      SUPABASE_SERVICE_ROLE_KEY: supabase.secretKey,
      SUPABASE_JWT_SECRET: supabase.jwtSecret,
    },
    key: supabase.gatewayKey,
  };
});
