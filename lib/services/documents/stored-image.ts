import type { AttachmentStore } from "#lib/services/documents/attachment-store.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { decodeBase64 } from "#lib/shared/base64.ts";
import { parseDataUrl } from "#lib/shared/data-url.ts";

/** An image of the caller whose bytes are in the database; undefined for any other file, and for none. */
export async function storedImage(
  caller: Caller,
  id: string | undefined,
  signal: AbortSignal,
  { attachments }: { attachments: Pick<AttachmentStore, "find"> },
): Promise<{ bytes: Buffer<ArrayBuffer>; mediaType: string } | undefined> {
  if (id === undefined) return undefined;
  const { files } = await attachments.find(caller, [id], signal);
  const url = files.find((file) => file.id === id && file.type === "image")?.dataUrl;
  const mediaType = url === undefined ? undefined : parseDataUrl(url)?.mediaType;
  return url === undefined || mediaType === undefined ? undefined : { bytes: decodeBase64(url), mediaType };
}
