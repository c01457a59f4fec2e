import { toEngineFailure } from "#lib/providers/call/engine-call.ts";
import type { UpstreamBody } from "#lib/providers/call/upstream.ts";
import type { AnswerFrames } from "#lib/providers/chat/answer-frames.ts";
import type { Decoder } from "#lib/providers/protocols/protocol.ts";
import type { LinkedAbort } from "#lib/shared/abort.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type OpenAnswer = {
  body: UpstreamBody;
  /** The read that is under way. */
  pending: Promise<Uint8Array | null>;
  frames: AnswerFrames;
  decoder: Decoder;
  clock: Clock;
  abort: LinkedAbort;
};

/**
 * Reads on behind a complete answer until its usage or the end has come, for at most so many milliseconds. A
 * fault ends it too: it says nothing against the answer. Rejects only on a bug.
 */
export async function readLateUsage(answer: OpenAnswer, milliseconds: number): Promise<void> {
  const { body, frames, decoder, clock, abort } = answer;
  const { signal } = abort.controller;
  const timer = clock.after(milliseconds, () => body.cancel());
  let reading: Promise<Uint8Array | null> | undefined = answer.pending;
  try {
    while (decoder.usage === undefined && !decoder.done) {
      const bytes = await (reading ?? body.read());
      reading = undefined;
      for (const { data, event } of bytes === null ? frames.end() : frames.push(bytes)) {
        decoder.push(data, event, []);
      }
      if (bytes === null) break;
    }
  } catch (error) {
    if (!signal.aborted) toEngineFailure(error, signal);
  } finally {
    timer.cancel();
    abort.unlink();
    body.cancel();
  }
}
