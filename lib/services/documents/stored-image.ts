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
): Promise<{ bytes: Buffer<ArrayBuffer>; type: string; name: string } | undefined> {
  if (id === undefined) return undefined;
  const { files } = await attachments.find(caller, [id], signal);
  const file = files.find((one) => one.id === id && one.type === "image");
  const type = parseDataUrl(file?.dataUrl ?? "")?.mediaType;
  if (file?.dataUrl === undefined || type === undefined) return undefined;
  return { bytes: decodeBase64(file.dataUrl), type, name: file.name };
}
