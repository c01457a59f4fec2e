import type { ProbeAnswer } from "#lib/adapters/http/probe.ts";
import type { CallEffects } from "#lib/providers/call/engine-call.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { StorageSettings } from "#lib/server/env/storage-settings.ts";
import type { DatabaseSettings } from "#lib/server/wiring/database.ts";
import type { DatabaseCheck } from "#lib/services/health/database-check.ts";
import type { ObjectStorage } from "#lib/services/storage/object-storage.ts";

export type FolderState = {
  /** The system's reason why nothing can be written there; undefined if it can. */
  problem: string | undefined;
  freeBytes: number;
};

/** What the doctor does to the world, as arguments, so that tests can examine any machine. */
export type DoctorEffects = {
  nodeVersion: string;
  /** Paths of the `.env` files that were read. */
  envFiles: readonly string[];
  /** What is wrong with the variables: a sentence each. */
  environmentProblems(): string[];
  /** Throws as `environmentProblems` tells. */
  readEnv(): Env;
  /** For calls of providers. */
  call: CallEffects;
  /** Rejects if there is no answer in time. */
  get(url: string, headers: Readonly<Record<string, string>>): Promise<ProbeAnswer>;
  checkDatabase(settings: DatabaseSettings): Promise<DatabaseCheck>;
  /** Whether a gateway key has ever been created. Rejects if the database does not say. */
  hasKeys(settings: DatabaseSettings): Promise<boolean>;
  /** The bucket of these settings. */
  storage(settings: StorageSettings): ObjectStorage;
  /** A random UUID. */
  randomId(): string;
  /** Rejects if it is not possible to listen there. */
  assertCanListen(env: Env): Promise<void>;
  isBuilt(): Promise<boolean>;
  folder(path: string): Promise<FolderState>;
  /** Whether the packages of the embedded Supabase are installed. */
  hasEmbeddedSupabase(): boolean;
};
