import { randomUUID } from "node:crypto";
import type { StorageTimeouts } from "#lib/adapters/object-storage/s3-client.ts";
import { createS3ObjectStorage } from "#lib/adapters/object-storage/s3-object-storage.ts";
import type { SupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseObjectRegister } from "#lib/adapters/supabase/object-register.ts";
import type { StorageSettings } from "#lib/server/env/storage-settings.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { DeletionQueue } from "#lib/services/storage/object-register.ts";
import type { ObjectStorage } from "#lib/services/storage/object-storage.ts";
import { ObjectSweeper } from "#lib/services/storage/object-sweeper.ts";
import type { StorageDependencies } from "#lib/services/storage/store-object.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type StorageParts = {
  settings: StorageSettings;
  clients: SupabaseClients;
  clock: Clock;
  logger: Logger;
  /** The adapter's own by default. */
  timeouts?: StorageTimeouts | undefined;
};

/** Where files and images are kept, and what takes them from there when they are deleted. */
export type StoragePart = StorageDependencies & { sweeper: ObjectSweeper };

/** Objects of users. No call is made, and the SDK is loaded with the first object. */
export function createStorage({ settings, clients, clock, logger, timeouts }: StorageParts): StoragePart {
  const storage = createObjectStorage(settings, clock, timeouts);
  const register = createSupabaseObjectRegister({ clients });
  const queue: DeletionQueue = register;
  const sweeper = new ObjectSweeper({ storage, queue, clock, random: Math.random, logger });
  return { storage, objects: register, clock, newId: randomUUID, sweeper };
}

/** The bucket alone. */
export function createObjectStorage(
  { publicUrl, ...settings }: StorageSettings,
  clock: Pick<Clock, "wallNow">,
  timeouts?: StorageTimeouts,
): ObjectStorage {
  return createS3ObjectStorage({ settings, publicBaseUrl: publicUrl, clock, timeouts });
}
