import { createHmac } from "node:crypto";

/** The login role of the data API. As on hosted Supabase, it may do nothing but become one of the three roles. */
const AUTHENTICATOR = "authenticator";

/** The database's address for this role. Its password follows from the superuser's, so that it needs no storage. */
export function authenticatorUrl(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  const password = passwordOf(url);
  url.username = AUTHENTICATOR;
  url.password = password;
  return url.href;
}

/** SQL that creates it, once the three roles exist; nothing if it does. */
export function createAuthenticator(databaseUrl: string): string {
  return `
do $$ begin
  if not exists (select from pg_roles where rolname = '${AUTHENTICATOR}') then
    create role ${AUTHENTICATOR} login noinherit password '${passwordOf(new URL(databaseUrl))}';
    grant anon, authenticated, service_role to ${AUTHENTICATOR};
  end if;
end $$;`;
}

/** Hexadecimal, so that it needs no quoting. */
function passwordOf({ password }: URL): string {
  return createHmac("sha256", password).update(AUTHENTICATOR).digest("hex");
}
