import type { ChatRun, RunEffects, RunEvents, RunOptions } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import type { Answerer, Answering } from "#lib/services/chat/answerer.ts";
import { runEvents } from "#lib/services/chat/native-events.ts";
import { hash32 } from "#lib/shared/text.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

export type EngineAnswererOptions = {
  run: Pick<RunOptions, "timeouts" | "recovery" | "promptCache">;
  effects: RunEffects;
};

/** The mode's chain of engines: the answerer that takes every turn. */
export function engineAnswerer({ run, effects }: EngineAnswererOptions): Answerer {
  return {
    name: "engines",
    answer({ decision, begun, request }, signal) {
      const { engines } = decision;
      const keySeed = hash32(begun.sessionId);
      return answering(runChat({ engines, request, signal, keySeed, ...run }, effects));
    },
  };
}

function answering({ events, record }: ChatRun): Answering {
  return { events: new NativeEvents(events), record };
}

/** A run's events as native events. A batch without any is empty. */
class NativeEvents {
  readonly #events: RunEvents;

  constructor(events: RunEvents) {
    this.#events = events;
  }

  async next(): Promise<IteratorResult<readonly NativeEvent[], void>> {
    const step = await this.#events.next();
    return step.done === true ? step : { done: false, value: runEvents(step.value) };
  }

  return(): Promise<unknown> {
    return this.#events.return();
  }
}
