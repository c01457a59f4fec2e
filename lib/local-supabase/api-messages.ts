/** The one message to the thread that serves the Supabase API. */
export type ApiRequest = {
  /** The database, as superuser. */
  databaseUrl: string;
  /** Folder of `*.sql` files, applied in the order of their names. */
  migrationsDir: string;
  publishableKey: string;
  secretKey: string;
  jwtSecret: string;
  /** Port to listen on; a free one if 0 or in use. */
  port: number;
  seed: ApiSeed | undefined;
};

/** A user who can sign in, and a gateway key of theirs. */
export type ApiSeed = { email: string; password: string; keyHash: string; keyPrefix: string };

/** The one reply of the thread. */
export type ApiReply =
  | { type: "listening"; port: number; applied: string[] }
  | { type: "missing"; reason: string }
  | { type: "failed"; message: string; stack: string | undefined };
