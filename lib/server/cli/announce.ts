import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseGatewayKeyStore } from "#lib/adapters/supabase/gateway-key-store.ts";
import type { LocalSupabase } from "#lib/server/cli/local-supabase.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { EngineSource } from "#lib/server/wiring/providers.ts";

/** The URL of a server for a browser on this machine. */
export function addressOf(host: string | undefined, port: number): string {
  if (host === undefined || host === "127.0.0.1") return `http://localhost:${port}`;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * Shows a newcomer the local database, the local key and a command that works. The key itself is printed on a
 * terminal only, because a service's output goes to logs that others can read.
 */
export function announceLocal(
  port: number,
  local: LocalSupabase,
  engines: EngineSource,
  isDevelopment: boolean,
): void {
  const { key, keyFile, url, demo } = local;
  const isTerminal = process.stdout.isTTY === true;
  console.log(`
  Open http://localhost:${port}: the chat, the dashboard, keys and docs.
  ${isDevelopment ? "The page signs you in as" : "Sign in as"} ${demo.email}; the password is in ${demo.passwordFile}
  No Supabase is configured: a local one is running at ${url}.
  Your local gateway key ${isTerminal ? `(also in ${keyFile}):\n\n    ${key}` : `is in ${keyFile}`}
`);
  if (engines === "none") return;
  console.log(`  Or ask it something here:

    curl -N http://localhost:${port}/api/ai-chat \\
      -H "Authorization: Bearer $(cat ${keyFile})" \\
      -H "Content-Type: application/json" \\
      -d '{"message": "Hello! Who are you?"}'
`);
}

/** Says what to configure if no engine can answer. */
export function announceMissingEngines(engines: EngineSource): void {
  if (engines !== "none") return;
  console.log(
    "No provider is configured, so every chat is answered with 503. Put a provider's key into .env.local, " +
      "for example GROQ_API_KEY=gsk_…, or set ENABLE_SANDBOX=on for the built-in sandbox engine.",
  );
}

/** Warns at start that everybody who can reach the gateway can use the provider keys. */
export async function warnOfOpenAccess(env: Env): Promise<void> {
  const { NEXT_PUBLIC_SUPABASE_URL: url, NEXT_PUBLIC_SUPABASE_ANON_KEY: publishableKey } = env;
  const serviceRoleKey = env.SUPABASE_SERVICE_ROLE_KEY;
  if (!env.ENABLE_OPENAI_PROXY || serviceRoleKey === undefined) return;
  if (url === undefined || publishableKey === undefined) return;
  const clients = createSupabaseClients({ url, publishableKey, serviceRoleKey });
  try {
    if (await createSupabaseGatewayKeyStore({ clients }).anyEverCreated()) return;
    console.log(
      "Warning: the OpenAI-compatible routes accept any bearer until the first gateway key is created. " +
        "Create one: npm run key -- --name my-laptop",
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    console.log(`It is not known whether a gateway key has been created: ${reason}`);
  }
}
