import type { Contribution, Contributor, ContributorContext } from "#lib/services/chat/contributor.ts";
import { documentBudget } from "#lib/services/chat/document-budget.ts";
import { attachedText, notesOn } from "#lib/services/chat/document-text.ts";
import { showFiles, shownPart } from "#lib/services/chat/shown-files.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
import {
  type AttachedFile,
  type AttachedFiles,
  isDrawn,
  NO_FILES,
  type UnreadFile,
} from "#lib/services/documents/attached-file.ts";
import type { AttachmentStore } from "#lib/services/documents/attachment-store.ts";
import { type FittedFile, fitFiles } from "#lib/services/documents/fit-files.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { Logger } from "#lib/services/ports.ts";
import { truncate } from "#lib/shared/text.ts";

const NAME = "document";
const NONCE_BYTES = 8;
const MAX_DETAIL = 400;
/** Characters of the names of files that are not loaded. */
const MAX_NAMES = 4_000;
/** Longer than the store's own timeout. */
const TIMEOUT_MS = 15_000;

export type DocumentContributorOptions = Pick<EngineDependencies, "enginesOf" | "overrides"> & {
  attachments: AttachmentStore;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
  logger: Pick<Logger, "error">;
};

/**
 * The files of a message, and those that its session has from before: their text as far as there is room, beside the
 * message. A turn without files waits for nothing.
 */
export function documentContributor(options: DocumentContributorOptions): Contributor {
  return {
    name: NAME,
    timeoutMs: TIMEOUT_MS,
    wants: ({ input, begun }) => input.attached !== undefined || begun.hasFiles === true,
    run: (turn, context) => contribute(turn, context, options),
  };
}

async function contribute(
  turn: Turn,
  context: ContributorContext,
  options: DocumentContributorOptions,
): Promise<Contribution> {
  const { input, begun } = turn;
  const own = input.attached ?? NO_FILES;
  for (const { name } of own.files) emit(context, "running", name);
  const earlier = begun.hasFiles === true ? await earlierFiles(turn, context, options) : NO_FILES;
  const shown = await showFiles(turn, earlier.files, options);
  const fitted = await fitAll(turn, own.files, earlier.files);
  const unread = [...own.unread, ...shown.unread, ...earlier.unread];
  tellClient(context, { fitted, shown: shown.files, unread });
  if (fitted.length + shown.files.length + unread.length === 0) return {};
  const isAlone = input.message.trim() === "";
  const nonce = options.randomHex(NONCE_BYTES);
  const unseen = [...unread, ...shown.passedOver];
  const text = attachedText({ fitted, shown: shown.files, unread: unseen, isAlone, nonce });
  const beside = [{ type: "text", text } as const, ...shown.files.map(shownPart)];
  return shown.engines === undefined ? { beside } : { beside, engines: shown.engines };
}

/** Those of the session that are not in the message again. */
async function earlierFiles(
  { caller, begun, input, requestId }: Turn,
  { signal }: ContributorContext,
  { attachments, logger }: DocumentContributorOptions,
): Promise<AttachedFiles> {
  try {
    const { files, unloaded } = await attachments.ofSession(caller, begun.sessionId, signal);
    const known = new Set(input.attached?.files.map(({ digest }) => digest));
    return {
      files: files.filter((file) => !isDrawn(file) && !known.has(file.digest)),
      unread: unloaded.length === 0 ? [] : [{ name: namesOf(unloaded), reason: TOO_MUCH }],
    };
  } catch (error) {
    signal.throwIfAborted();
    logger.error("The files of a session could not be loaded.", error, { requestId });
    return { files: [], unread: [{ name: "Earlier files", reason: NOT_LOADED }] };
  }
}

/** Of files that are only named, by one line: their names, as far as there is room. */
function namesOf(files: readonly { name: string }[]): string {
  return truncate(files.map(({ name }) => name).join(", "), MAX_NAMES);
}

const TOO_MUCH =
  "The files of the conversation are too much to load together. Send what you ask about again.";
const NOT_LOADED = "The files of the conversation could not be loaded this time.";

/** The files of the message come first; the session's get the room that they leave. */
async function fitAll(
  turn: Turn,
  own: readonly AttachedFile[],
  earlier: readonly AttachedFile[],
): Promise<FittedFile[]> {
  const { message } = turn.input;
  const hasText = ({ document }: AttachedFile): boolean => document !== undefined;
  const budget = documentBudget(turn);
  const first = await fitFiles(own.filter(hasText), message, budget);
  const used = first.reduce((sum, { tokens }) => sum + tokens, 0);
  return [...first, ...(await fitFiles(earlier.filter(hasText), message, budget - used))];
}

type Told = { fitted: readonly FittedFile[]; shown: readonly AttachedFile[]; unread: readonly UnreadFile[] };

function tellClient(context: ContributorContext, { fitted, shown, unread }: Told): void {
  for (const one of fitted) {
    const notes = notesOn(one).join(" ");
    emit(context, "done", notes === "" ? one.file.name : `${one.file.name}: ${notes}`);
  }
  for (const { name } of shown) emit(context, "done", name);
  for (const { name, reason } of unread) emit(context, "failed", `${name}: ${reason}`);
}

function emit(context: ContributorContext, status: "running" | "done" | "failed", detail: string): void {
  context.emit({ type: "tool", name: NAME, status, detail: truncate(detail, MAX_DETAIL) });
}
