import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import type { StorageSettings } from "#lib/server/env/storage-settings.ts";
import type { createFiles } from "#lib/server/wiring/documents.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { createManus, ManusParts } from "#lib/server/wiring/manus.ts";
import type { createMemories } from "#lib/server/wiring/memory.ts";
import type { createStorage } from "#lib/server/wiring/object-storage.ts";
import type { createQuota } from "#lib/server/wiring/quota.ts";
import type { createSessions } from "#lib/server/wiring/sessions.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { derived, type Lazy, lazy } from "#lib/shared/lazy.ts";

type UserDataMakers = {
  createMemories: typeof createMemories;
  createFiles: typeof createFiles;
  createSessions: typeof createSessions;
  createQuota: typeof createQuota;
  createManus: typeof createManus;
  createStorage: typeof createStorage;
};

export type UserDataSources = Pick<ManusParts, "env" | "clock" | "logger"> & {
  /** Undefined where there is no object storage. */
  storageSettings: StorageSettings | undefined;
  clients(): SupabaseClients;
  callParts: Lazy<{ engines: EngineDependencies }>;
  identity: Lazy<Identity>;
  documents: Lazy<DocumentReader>;
};

/** What is kept of users besides their turns. */
export function userDataParts(sources: UserDataSources, make: UserDataMakers) {
  const { storageSettings: settings, clients, callParts, identity, documents, env, clock, logger } = sources;
  const storage = lazy(() => settings && make.createStorage({ settings, clients: clients(), clock, logger }));
  return {
    storage,
    memories: lazy(() => make.createMemories({ clients: clients() })),
    files: lazy(() =>
      make.createFiles({
        ...{ clients: clients(), reader: () => documents.value, storage: () => storage.value, logger },
      }),
    ),
    sessions: lazy(() => make.createSessions({ clients: clients() })),
    quota: derived(
      () => callParts.value,
      ({ engines }) => make.createQuota({ clients: clients(), engines }),
    ),
    manus: lazy(() => make.createManus({ env, clients: clients(), identity: identity.value, clock, logger })),
  };
}
