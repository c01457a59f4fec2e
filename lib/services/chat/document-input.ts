import type { ContentPart } from "#lib/chat/request.ts";
import type { ChatInput } from "#lib/services/chat/turn.ts";
import type { AttachedFile } from "#lib/services/documents/attached-file.ts";

type Attached = Pick<ChatInput, "image" | "attached">;

/** Whether an engine must see to answer the message. */
export function hasImage({ image, attached }: Attached): boolean {
  return image !== undefined || attached?.files.some(({ type }) => type === "image") === true;
}

/** Whether the message is about files with text. */
export function hasDocument({ attached }: Attached): boolean {
  return attached?.files.some(({ type }) => type !== "image") === true;
}

/** The images among the files of a message, as an engine gets them. */
export function imageParts({ attached }: Attached): ContentPart[] {
  return (attached?.files ?? []).flatMap(imagePart);
}

/** For those who take one image only. */
export function firstImage({ image, attached }: Attached): string | undefined {
  return image ?? attached?.files.find(({ type }) => type === "image")?.dataUrl;
}

function imagePart({ type, dataUrl }: AttachedFile): ContentPart[] {
  return type === "image" && dataUrl !== undefined ? [{ type: "image", url: dataUrl }] : [];
}
