import type { Capability } from "#lib/chat/capabilities.ts";
import type { ContentPart } from "#lib/chat/request.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { allCan, enginesThatCan, NO_READER } from "#lib/services/chat/document-engines.ts";
import { hasImage } from "#lib/services/chat/document-input.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
import { type AttachedFile, isScan, type UnreadFile } from "#lib/services/documents/attached-file.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";

/** Files that engines get as they are, and the engines that take them. */
export type ShownFiles = {
  files: readonly AttachedFile[];
  unread: readonly UnreadFile[];
  /** Files of earlier messages for which there are too many newer ones. */
  passedOver: readonly UnreadFile[];
  /** Undefined if all engines of the turn take them. */
  engines: readonly Engine[] | undefined;
};

/** Files of earlier messages that are sent again as they are. */
const MAX_EARLIER = 4;
const NO_EYES = "It is an image, and no engine that sees images is configured.";
const TOO_MANY =
  "It is not sent again, because later files of the conversation are. Send it again to ask about it.";

/**
 * The images and PDFs without text of a turn. The engines of the turn take those of the message; those of earlier
 * messages are added as far as some engine takes all together.
 */
export async function showFiles(
  turn: Turn,
  earlier: readonly AttachedFile[],
  dependencies: Pick<EngineDependencies, "enginesOf" | "overrides">,
): Promise<ShownFiles> {
  const { input, caller, decision } = turn;
  const own = (input.attached?.files ?? []).filter(isShown);
  const readsScans = allCan(decision.engines, ["documents"]);
  const files = own.filter((file) => !isScan(file) || readsScans);
  const unread = own
    .filter((file) => isScan(file) && !readsScans)
    .map(({ name }) => ({ name, reason: NO_READER }));
  const passedOver: UnreadFile[] = [];
  const needs = new Set<Capability>(files.map(needOf));
  if (hasImage(input)) needs.add("images");
  let engines: readonly Engine[] | undefined;
  for (const [index, file] of earlier.filter(isShown).entries()) {
    if (index >= MAX_EARLIER) {
      passedOver.push({ name: file.name, reason: TOO_MANY });
      continue;
    }
    const able = await enginesThatCan([...needs, needOf(file)], engines ?? decision.engines, {
      caller,
      mode: decision.wanted,
      ...dependencies,
    });
    if (able.length === 0) unread.push({ name: file.name, reason: isScan(file) ? NO_READER : NO_EYES });
    else {
      needs.add(needOf(file));
      files.push(file);
      engines = able;
    }
  }
  return { files, unread, passedOver, engines };
}

/** The part by which an engine gets a file as it is. */
export function shownPart({ type, name, dataUrl = "" }: AttachedFile): ContentPart {
  return type === "image"
    ? { type: "image", url: dataUrl }
    : { type: "document", source: { kind: "url", url: dataUrl, mediaType: "application/pdf" }, name };
}

function isShown({ document, dataUrl }: AttachedFile): boolean {
  return document === undefined && dataUrl !== undefined;
}

function needOf(file: AttachedFile): Capability {
  return isScan(file) ? "documents" : "images";
}
