import type { ImageFile } from "#lib/images/image-file.ts";

/** Where an image is kept: for its user, and with a conversation if it belongs to one. */
export type ImageOwner = { userId: string; sessionId?: string | undefined };

/**
 * Keeps images in the object storage. Returns the address of one, which is valid for a week, or for good in a public
 * bucket. Throws as the storage does.
 */
export type ImageShelf = {
  put(image: ImageFile, owner: ImageOwner, signal: AbortSignal): Promise<string>;
};
