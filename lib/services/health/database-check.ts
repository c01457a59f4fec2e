/** The schema that this gateway was written for: the number of the newest file in supabase/migrations. */
export const SCHEMA_VERSION = 27;

/** The result of a check of the database. */
export type DatabaseCheck =
  | { state: "ready"; version: number }
  /** Native chat works as the user; everything else needs the key. The database was not called. */
  | { state: "service_key_missing" }
  /** The database rejects the key, or it is another role's. */
  | { state: "service_key_rejected" }
  /** None of the gateway's tables exists. */
  | { state: "migrations_missing"; expected: number }
  /** An older schema; its version may be unknown. */
  | { state: "schema_outdated"; version: number | undefined; expected: number }
  /** No answer, or one that is not Supabase's. */
  | { state: "unreachable"; reason: string };

/** The result in one line for the operator: what is wrong, and what to do. */
export function describeDatabaseCheck(check: DatabaseCheck): string {
  switch (check.state) {
    case "ready":
      return `The database is ready: schema version ${check.version}.`;
    case "service_key_missing":
      return (
        "SUPABASE_SERVICE_ROLE_KEY is not set: native chat works for signed-in users, but gateway keys and the " +
        "OpenAI-compatible routes do not. Set it to the project's secret key."
      );
    case "service_key_rejected":
      return (
        "SUPABASE_SERVICE_ROLE_KEY was rejected by the database: it is not the secret (service role) key of the " +
        "project at NEXT_PUBLIC_SUPABASE_URL. Copy it again from the project's API keys."
      );
    case "migrations_missing":
      return (
        "The database has none of the gateway's tables: apply all files in supabase/migrations, in order " +
        `(expected schema version ${check.expected}).`
      );
    case "schema_outdated": {
      const found = check.version === undefined ? "an older version" : `version ${check.version}`;
      const from = check.version === undefined ? "all files" : `the files after ${number(check.version)}`;
      return (
        `The database has schema ${found}, and this gateway expects version ${check.expected}: ` +
        `apply ${from} in supabase/migrations, in order.`
      );
    }
    case "unreachable":
      return `The database at NEXT_PUBLIC_SUPABASE_URL cannot be reached: ${check.reason}`;
  }
}

/** As in file names: 3 is `003`. */
function number(version: number): string {
  return String(version).padStart(3, "0");
}
