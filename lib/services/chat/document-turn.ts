import {
  type ChatContext,
  type ChatDependencies,
  type ChatTurn,
  startChatTurn,
} from "#lib/services/chat/start-turn.ts";
import type { ChatInput } from "#lib/services/chat/turn.ts";
import { keepFiles } from "#lib/services/documents/keep-files.ts";
import { imageFile } from "#lib/services/documents/read-file.ts";
import {
  type FileDependencies,
  type FileInput,
  readTurnFiles,
} from "#lib/services/documents/read-turn-files.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { othersTurn } from "#lib/shared/event-loop.ts";

/** A message with its files as the client sends them. */
export type DocumentChatInput = Omit<ChatInput, "attached"> & { files: readonly FileInput[] };

/** The end of a stream waits this long for the files to be kept, milliseconds; the rest happens behind it. */
const KEEP_TIMEOUT_MS = 1_500;

/**
 * Begins a turn of native chat as `startChatTurn` does, with the files of its message: they are read before the turn
 * begins, so that one that cannot be read costs nothing, and are given to the session once something of the answer
 * is on its way. Throws also what `readTurnFiles` does.
 */
export async function startTurnWithFiles(
  { files, ...input }: DocumentChatInput,
  context: ChatContext,
  dependencies: ChatDependencies,
  fileDependencies: () => FileDependencies,
): Promise<ChatTurn> {
  const { image } = input;
  if (files.length === 0 && image === undefined) return startChatTurn(input, context, dependencies);
  const { attachments, reader } = fileDependencies();
  const attached =
    files.length === 0 ? undefined : await readTurnFiles(files, context, { attachments, reader });
  const turn = await startChatTurn({ ...input, attached }, context, dependencies);
  const keep = (sessionId: string): Promise<void> => {
    const owner = { caller: context.caller, sessionId, logFields: { requestId: context.requestId } };
    const kept = (async () => {
      // The first content goes out before the work on megabytes begins.
      await othersTurn();
      const ownImage = image === undefined ? undefined : await imageFile(image);
      const all = [...(attached?.files ?? []), ...(ownImage === undefined ? [] : [ownImage])];
      await keepFiles(all, owner, { attachments, logger: dependencies.logger });
    })();
    context.waitUntil(kept);
    return kept;
  };
  return { ...turn, events: keepingFiles(turn.events, input.sessionId, keep, dependencies.clock) };
}

/**
 * The events of a turn. With the first content the files are kept: a turn that delivers none is not stored either.
 * The last event comes when they are there, so that the next message finds them.
 */
async function* keepingFiles(
  events: ChatTurn["events"],
  givenSession: string | undefined,
  keep: (sessionId: string) => Promise<void>,
  clock: Clock,
): ChatTurn["events"] {
  let sessionId = givenSession;
  let kept: Promise<void> | undefined;
  for await (const batch of events) {
    for (const event of batch) {
      if (event.type === "session") sessionId = event.id;
      const isContent = event.type === "token" || event.type === "thinking";
      if (isContent && kept === undefined && sessionId !== undefined) kept = keep(sessionId);
    }
    const isLast = batch.some(({ type }) => type === "done" || type === "error");
    if (isLast && kept !== undefined) await within(KEEP_TIMEOUT_MS, kept, clock);
    yield batch;
  }
}

async function within(milliseconds: number, work: Promise<void>, clock: Clock): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(milliseconds, resolve);
  await Promise.race([work, promise]);
  timer.cancel();
}
