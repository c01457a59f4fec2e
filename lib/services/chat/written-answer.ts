import { newRecord, type RunRecord } from "#lib/providers/chat/run.ts";
import type { Answering } from "#lib/services/chat/answerer.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

/** An answer that the gateway has written itself: complete at once, recorded without an engine and without usage. */
export function writtenAnswer(text: string): Answering {
  const record = newRecord();
  return { record, events: tokens(text, record) };
}

async function* tokens(text: string, record: RunRecord): AsyncGenerator<readonly NativeEvent[], void> {
  Object.assign(record, { text, committed: true, firstContentMs: 0, state: "completed" });
  yield [{ type: "token", text }];
}
