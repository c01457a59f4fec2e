import { readDrawnMark } from "#lib/router/image-intent/drawn-marker.ts";
import type { TurnRoute } from "#lib/router/turn-route.ts";
import { historyOf, type PreparedTurn } from "#lib/services/chat/turn.ts";
import type { AttachmentStore } from "#lib/services/documents/attachment-store.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { decodeBase64 } from "#lib/shared/base64.ts";

export type ImageRoute = Extract<TurnRoute, { kind: "image" }> & { prompt: string };

/** What is to be drawn: from these images if there are some, else from the prompt alone. */
export type ImageTask = { prompt: string; inputs: readonly Uint8Array[] };

export type ImageInputDependencies = {
  attachments: Pick<AttachmentStore, "find">;
  logger: Pick<Logger, "error">;
};

/**
 * What an image turn draws from: the images of the message; where the message changes the image before, that image.
 * If that cannot be loaded, the whole prompt is drawn anew.
 */
export async function imageTask(
  turn: PreparedTurn,
  route: ImageRoute,
  signal: AbortSignal,
  { attachments, logger }: ImageInputDependencies,
): Promise<ImageTask> {
  const { prompt, change } = route;
  const sent = imagesOf(turn);
  if (sent.length > 0) return { prompt, inputs: sent };
  const mark = change === undefined ? undefined : lastDrawn(turn);
  if (mark === undefined || change === undefined) return { prompt, inputs: [] };
  const logFields: LogFields = { requestId: turn.requestId };
  try {
    const { files } = await attachments.find(turn.caller, [mark.id], signal);
    const url = files.find(({ id }) => id === mark.id)?.dataUrl;
    if (url !== undefined) return { prompt: change, inputs: [decodeBase64(url)] };
  } catch (error) {
    signal.throwIfAborted();
    logger.error("The image before could not be loaded; it is drawn anew.", error, logFields);
  }
  return { prompt, inputs: [] };
}

function imagesOf({ input }: PreparedTurn): Uint8Array[] {
  const attached = input.attached?.files.flatMap(({ type, dataUrl }) =>
    type === "image" && dataUrl !== undefined ? [dataUrl] : [],
  );
  return [...(input.image === undefined ? [] : [input.image]), ...(attached ?? [])].map(decodeBase64);
}

function lastDrawn(turn: PreparedTurn): ReturnType<typeof readDrawnMark> {
  const answer = historyOf(turn).findLast(({ role }) => role === "assistant");
  return answer === undefined ? undefined : readDrawnMark(answer.content);
}
