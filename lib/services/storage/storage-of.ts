import type { StorageDependencies } from "#lib/services/storage/store-object.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** The object storage. Throws `not_configured` where there is none. */
export function storageOf({ storage }: { storage(): StorageDependencies | undefined }): StorageDependencies {
  const found = storage();
  if (found !== undefined) return found;
  throw new GatewayError("not_configured", "This gateway has no object storage: R2_BUCKET_NAME is not set.");
}
