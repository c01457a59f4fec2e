import { extensionOf, type ImageFile, mediaTypeOf } from "#lib/images/image-file.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import type { ObjectOwner } from "#lib/services/storage/object-register.ts";
import { type StorageDependencies, storeObject } from "#lib/services/storage/store-object.ts";

export type KeepImageDependencies = {
  /** Undefined where there is no object storage. */
  storage(): StorageDependencies | undefined;
  logger: Pick<Logger, "error">;
};

export type KeepContext = { signal: AbortSignal; logFields: LogFields };

/** The longest for which an address can be signed. */
const WEEK_SECONDS = 7 * 24 * 60 * 60;

/**
 * Stores an image and returns its address, which is valid for a week, or for good in a public bucket. Undefined where
 * there is no storage, and if it fails: an image that has been drawn is delivered all the same. Throws only if the
 * signal aborts.
 */
export async function keepImage(
  image: ImageFile,
  owner: ObjectOwner,
  { signal, logFields }: KeepContext,
  { storage: storageIfAny, logger }: KeepImageDependencies,
): Promise<string | undefined> {
  try {
    const dependencies = storageIfAny();
    if (dependencies === undefined) return undefined;
    const extension = extensionOf(image);
    const file = { name: `image.${extension}`, extension, mediaType: mediaTypeOf(image), bytes: image.bytes };
    const key = await storeObject({ kind: "images", owner, ...file }, signal, dependencies);
    const { storage } = dependencies;
    return (
      storage.publicUrl(key) ?? (await storage.signedGetUrl(key, { expiresInSeconds: WEEK_SECONDS })).url
    );
  } catch (error) {
    signal.throwIfAborted();
    logger.error("An image could not be stored; it is delivered without an address.", error, logFields);
    return undefined;
  }
}
