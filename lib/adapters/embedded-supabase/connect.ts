import { readAddress } from "#lib/adapters/embedded-supabase/address-file.ts";
import { openDataFolder } from "#lib/adapters/embedded-supabase/data-folder.ts";
import { databaseUrl } from "#lib/adapters/embedded-supabase/postgres-process.ts";
import { readPostmaster } from "#lib/adapters/embedded-supabase/postmaster.ts";
import { loadSecrets } from "#lib/adapters/embedded-supabase/secrets.ts";
import {
  DEMO_EMAIL,
  type EmbeddedSupabase,
  type EmbeddedSupabaseOptions,
  startEmbeddedSupabase,
} from "#lib/adapters/embedded-supabase/start.ts";

export type EmbeddedConnection = Pick<EmbeddedSupabase, "url" | "publishableKey" | "secretKey"> & {
  /** The id of the user with this e-mail address, by default the demo user; undefined when there is none. */
  findUser(email?: string): Promise<string | undefined>;
  close(): Promise<void>;
};

/** The embedded Supabase of a data folder: the one that runs, or one that is started for as long as it is needed. */
export async function connectEmbeddedSupabase(options: EmbeddedSupabaseOptions): Promise<EmbeddedConnection> {
  const folder = await openDataFolder(options.dataDir, options);
  const [address, postmaster] = await Promise.all([readAddress(folder.path), readPostmaster(folder.cluster)]);
  if (address === undefined || postmaster === undefined) {
    const started = await startEmbeddedSupabase(options);
    const { url, publishableKey, secretKey } = started;
    return {
      url,
      publishableKey,
      secretKey,
      findUser: (email) => findUser(started.databaseUrl, email),
      close: () => started.stop(),
    };
  }
  const secrets = await loadSecrets(folder.path);
  const database = databaseUrl(postmaster.port, secrets.postgresPassword);
  return {
    url: address.url,
    publishableKey: secrets.publishableKey,
    secretKey: secrets.secretKey,
    findUser: (email) => findUser(database, email),
    close: () => Promise.resolve(),
  };
}

async function findUser(database: string, email = DEMO_EMAIL): Promise<string | undefined> {
  const { default: postgres } = await import("postgres");
  const sql = postgres(database, { max: 1, onnotice: () => undefined });
  try {
    const rows = await sql<{ id: string }[]>`
      select id from auth.users where lower(email) = ${email.toLowerCase()}`;
    return rows[0]?.id;
  } finally {
    await sql.end();
  }
}
