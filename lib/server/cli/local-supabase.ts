export type LocalSupabase = {
  /** What the gateway must be told of it. */
  variables: Record<string, string>;
  key: string;
  keyFile: string;
  stop(): Promise<void>;
};

/** Starts the embedded Supabase; its packages are loaded only here. */
export async function startLocalSupabase(dataDir: string): Promise<LocalSupabase> {
  const { startEmbeddedSupabase } = await import("#lib/adapters/embedded-supabase/start.ts");
  const supabase = await startEmbeddedSupabase({
    dataDir,
    migrationsDir: "supabase/migrations",
    log: (line) => console.log(line),
  });
  return {
    variables: {
      NEXT_PUBLIC_SUPABASE_URL: supabase.url,
      NEXT_PUBLIC_SUPABASE_ANON_KEY: supabase.publishableKey,
      SUPABASE_SERVICE_ROLE_KEY: supabase.secretKey,
      SUPABASE_JWT_SECRET: supabase.jwtSecret,
    },
    key: supabase.gatewayKey,
    keyFile: `${supabase.dataDir}/dev-key`,
    stop: () => supabase.stop(),
  };
}

/** Tells a newcomer the local key and a command that works. */
export function announceKey(port: number, { key, keyFile }: LocalSupabase): void {
  console.log(`
  No Supabase is configured: a local one is running. Your local gateway key (also in ${keyFile}):

    ${key}

  Ask it something:

    curl -N http://localhost:${port}/api/ai-chat \\
      -H "Authorization: Bearer ${key}" \\
      -H "Content-Type: application/json" \\
      -d '{"message": "Hello! Who are you?"}'
`);
}
