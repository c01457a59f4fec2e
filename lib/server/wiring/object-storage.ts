import { createS3ObjectStorage } from "#lib/adapters/object-storage/s3-object-storage.ts";
import type { StorageSettings } from "#lib/server/env/storage-settings.ts";
import type { ObjectStorage } from "#lib/services/storage/object-storage.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** Where files and images are kept. No call is made, and the SDK is loaded with the first object. */
export function createObjectStorage(
  { publicUrl, ...settings }: StorageSettings,
  clock: Pick<Clock, "wallNow">,
): ObjectStorage {
  return createS3ObjectStorage({ settings, publicBaseUrl: publicUrl, clock });
}
