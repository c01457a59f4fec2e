import type { FileContext, FileDependencies } from "#lib/services/documents/read-turn-files.ts";
import { decodeBase64 } from "#lib/shared/base64.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/**
 * The bytes of images that the caller has uploaded, in the order of the ids. Throws `not_found` for one that is not
 * theirs, and `unsupported_media_type` for a file of another kind.
 */
export async function uploadedImages(
  ids: readonly string[],
  { caller, signal }: FileContext,
  { attachments }: Pick<FileDependencies, "attachments">,
): Promise<Uint8Array[]> {
  const { files } = await attachments.find(caller, [...new Set(ids)], signal);
  return ids.map((id) => {
    const file = files.find((one) => one.id === id);
    if (file === undefined) {
      throw new GatewayError("not_found", `You have no file ${id}. Upload it again.`, {
        details: { param: "images", id },
      });
    }
    if (file.type === "image" && file.dataUrl !== undefined) return decodeBase64(file.dataUrl);
    throw new GatewayError("unsupported_media_type", `${file.name} is not an image.`);
  });
}
