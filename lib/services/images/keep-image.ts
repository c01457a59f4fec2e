import type { ImageFile } from "#lib/images/image-file.ts";
import type { ImageOwner, ImageShelf } from "#lib/services/images/image-shelf.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";

export type KeepImageDependencies = {
  /** Undefined where there is no object storage. */
  shelf(): ImageShelf | undefined;
  logger: Pick<Logger, "error">;
};

/**
 * The address of an image once it is stored; undefined where there is no storage, and if it fails: an image that has
 * been drawn is delivered all the same. Throws only if the signal aborts.
 */
export async function keepImage(
  image: ImageFile,
  owner: ImageOwner | undefined,
  { signal, logFields }: { signal: AbortSignal; logFields: LogFields },
  { shelf, logger }: KeepImageDependencies,
): Promise<string | undefined> {
  if (owner === undefined) return undefined;
  try {
    return await shelf()?.put(image, owner, signal);
  } catch (error) {
    signal.throwIfAborted();
    logger.error("An image could not be stored; it is delivered without an address.", error, logFields);
    return undefined;
  }
}
