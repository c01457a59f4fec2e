import { createHash } from "node:crypto";
import { extensionOf, type ImageFile, mediaTypeOf } from "#lib/images/image-file.ts";
import { type AttachedFile, MAX_FILE_BYTES } from "#lib/services/documents/attached-file.ts";
import type { AttachmentStore } from "#lib/services/documents/attachment-store.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { type KeepContext, type KeepImageDependencies, keepImage } from "#lib/services/images/keep-image.ts";
import { asBuffer } from "#lib/shared/bytes.ts";

export type KeepDrawnDependencies = KeepImageDependencies & { attachments: Pick<AttachmentStore, "add"> };

/** Whose image it is, and the turn that drew it. */
type DrawnFor = KeepContext & { caller: Caller; sessionId: string; requestId: string };

/** `id`: the file of the session; undefined if it could not be kept. `url`: where everybody who has it can see it. */
export type KeptImage = { id: string | undefined; url: string };

/**
 * Keeps an image with its session, so that a later message can change it, and returns an address: in the object
 * storage if there is one, else one that holds the image itself. What cannot be kept is shown all the same.
 */
export async function keepDrawn(
  { image, prompt }: { image: ImageFile; prompt: string },
  { caller, sessionId, requestId, ...context }: DrawnFor,
  { attachments, ...dependencies }: KeepDrawnDependencies,
): Promise<KeptImage> {
  const file = fileOf(image, prompt, requestId);
  let id: string | undefined;
  try {
    id = file.bytes > MAX_FILE_BYTES ? undefined : await attachments.add(caller, file, sessionId);
  } catch (error) {
    context.signal.throwIfAborted();
    dependencies.logger.error("An image could not be kept with its session.", error, context.logFields);
  }
  // The object goes with the file, and so with the session.
  const owner = { userId: caller.userId, attachmentId: id };
  const url = id === undefined ? undefined : await keepImage(image, owner, context, dependencies);
  return { id, url: url ?? file.dataUrl };
}

/**
 * Its text is what it shows: that tells it from images that users attach. A session has each file once; an engine that
 * draws the same image again draws one of another turn, which has a reference and an object of its own.
 */
function fileOf(image: ImageFile, prompt: string, requestId: string): AttachedFile & { dataUrl: string } {
  const bytes = asBuffer(image.bytes);
  return {
    name: `drawn.${extensionOf(image)}`,
    type: "image",
    bytes: bytes.length,
    digest: createHash("sha256").update(requestId).update(bytes).digest("hex"),
    document: { sections: [{ text: prompt }], notes: [] },
    dataUrl: `data:${mediaTypeOf(image)};base64,${bytes.toString("base64")}`,
  };
}
