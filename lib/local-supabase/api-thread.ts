// The entry of the worker thread that serves the Supabase API (started by api.ts).
import { parentPort } from "node:worker_threads";
import type { Sql } from "postgres";
import type { ApiReply, ApiRequest, ApiSeed } from "#lib/local-supabase/api-messages.ts";
import { serve } from "#lib/local-supabase/api-server.ts";
import { authenticatorUrl, createAuthenticator } from "#lib/local-supabase/function-calls/authenticator.ts";
import { createFunctionFront, type FunctionFront } from "#lib/local-supabase/function-calls/front.ts";
import { applyMigrations, readMigrations, reapplyGrants } from "#lib/local-supabase/migrations.ts";
import { isModuleNotFound } from "#lib/local-supabase/missing-dependencies.ts";

type Handler = { fetch(request: Request): Promise<Response> };

const CREATE_ROLES = `
do $$ begin
  if not exists (select from pg_roles where rolname = 'anon') then create role anon nologin; end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then create role authenticated nologin; end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin bypassrls;
  end if;
end $$;`;

/** The pause before a lost connection is opened again, seconds. */
const RECONNECT_S = 0.1;

type Packages = {
  lite: typeof import("@supabase/lite");
  connection: typeof import("@supabase/lite/postgres");
  postgres: typeof import("postgres");
};

async function load(): Promise<Packages> {
  const [lite, connection, postgres] = await Promise.all([
    import("@supabase/lite"),
    import("@supabase/lite/postgres"),
    import("postgres"),
  ]);
  return { lite, connection, postgres: postgres.default };
}

async function start(packages: Packages, request: ApiRequest): Promise<ApiReply> {
  const { App, splitSqlStatements } = packages.lite;
  const { createPostgresConnection } = packages.connection;
  const { postgres } = packages;
  const quiet = { onnotice: () => undefined };
  const sql = postgres(request.databaseUrl, { max: 1, ...quiet });
  const app = new App({
    connection: createPostgresConnection({ url: request.databaseUrl, postgresOptions: quiet }),
    auth: {
      enabled: true,
      jwt_secret: request.jwtSecret,
      publishable_key: request.publishableKey,
      secret_key: request.secretKey,
    },
  });
  await app.ensureSystemSchema();
  await sql.unsafe(CREATE_ROLES + createAuthenticator(request.databaseUrl)).simple();
  const migrations = await readMigrations(request.migrationsDir);
  const applied = await applyMigrations(sql, migrations);
  await warmUp(app, request.publishableKey);
  await reapplyGrants(sql, migrations, splitSqlStatements);
  if (request.seed) await seed(app, sql, request.publishableKey, request.seed);
  await sql.end();
  const front = functionFront(postgres, request);
  return {
    type: "listening",
    port: await serve((incoming) => app.fetch(incoming), front, request.port),
    applied,
  };
}

/** Connections are never renewed in the middle of a call: they have no greatest age. */
function functionFront(postgres: Packages["postgres"], request: ApiRequest): FunctionFront {
  const url = authenticatorUrl(request.databaseUrl);
  return createFunctionFront({
    credentials: request,
    connect: (max) =>
      postgres(url, {
        max,
        max_lifetime: null,
        fetch_types: false,
        backoff: () => RECONNECT_S,
        connection: { TimeZone: "UTC", application_name: "sarmalink-functions" },
        onnotice: () => undefined,
      }),
  });
}

/** Makes lite grant ALL, which the first request to a table under row level security does, before `reapplyGrants`. */
async function warmUp(app: Handler, publishableKey: string): Promise<void> {
  await app.fetch(
    new Request("http://127.0.0.1/rest/v1/ai_chat_sessions?select=id&limit=1", {
      headers: { apikey: publishableKey },
    }),
  );
}

async function seed(app: Handler, sql: Sql, publishableKey: string, wanted: ApiSeed): Promise<void> {
  const find = (): Promise<{ id: string }[]> =>
    sql<{ id: string }[]>`select id from auth.users where email = ${wanted.email}`;
  if ((await find()).length === 0) {
    await app.fetch(
      new Request("http://127.0.0.1/auth/v1/signup", {
        method: "POST",
        headers: { apikey: publishableKey, "content-type": "application/json" },
        body: JSON.stringify({ email: wanted.email, password: wanted.password }),
      }),
    );
  }
  const [user] = await find();
  if (!user) throw new Error(`Could not sign up ${wanted.email}.`);
  await sql`
    insert into public.gateway_keys (user_id, name, key_hash, prefix, seeded)
    values (${user.id}, 'Local development', ${wanted.keyHash}, ${wanted.keyPrefix}, true)
    on conflict (key_hash) do nothing`;
  // After its file was deleted there is a new key, and the old one must stop working.
  await sql`
    update public.gateway_keys set revoked_at = now()
    where seeded and key_hash <> ${wanted.keyHash} and revoked_at is null`;
}

function failure(error: unknown): ApiReply {
  if (isModuleNotFound(error)) return { type: "missing", reason: "@supabase/lite is not installed" };
  return error instanceof Error
    ? { type: "failed", message: error.message, stack: error.stack }
    : { type: "failed", message: String(error), stack: undefined };
}

// Begins before the request comes: the packages take as long to load as Postgres to start.
const loading = load().then(
  (packages) => ({ packages }),
  (error: unknown) => ({ error }),
);

// Not workerData: in a Turbopack build it arrives as {}.
parentPort?.once("message", (request: ApiRequest) => {
  loading
    .then((loaded) => ("packages" in loaded ? start(loaded.packages, request) : failure(loaded.error)))
    .catch(failure)
    .then((reply) => parentPort?.postMessage(reply));
});
