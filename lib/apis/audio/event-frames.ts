import { z } from "zod";

/** The events of an answer with `stream`. */
export const transcriptionEventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("transcript.text.delta"), delta: z.string() }),
  z.object({ type: z.literal("transcript.text.done"), text: z.string() }),
]);

type TranscriptEvent = z.input<typeof transcriptionEventSchema>;

/** The events of a streamed transcript as text. Engines answer at once, so one has all of it. */
export function transcriptFrames(text: string): string {
  const done: TranscriptEvent = { type: "transcript.text.done", text };
  const events: TranscriptEvent[] =
    text === "" ? [done] : [{ type: "transcript.text.delta", delta: text }, done];
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
}
