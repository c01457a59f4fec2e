import type { ChatRun, RunEffects, RunEvents, RunOptions } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import type { Answerer, Answering } from "#lib/services/chat/answerer.ts";
import { EventQueue } from "#lib/services/chat/event-queue.ts";
import { EventsBetween } from "#lib/services/chat/events-between.ts";
import { runEvents } from "#lib/services/chat/native-events.ts";
import { type TurnSearchOptions, turnSearch } from "#lib/services/chat/turn-search.ts";
import { hash32 } from "#lib/shared/text.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

export type EngineAnswererOptions = {
  run: Pick<RunOptions, "timeouts" | "recovery" | "promptCache">;
  effects: RunEffects;
  /** Web search for engines that do not search by themselves. */
  web: Pick<TurnSearchOptions, "tool" | "randomHex">;
};

/** The mode's chain of engines: the answerer that takes every turn. */
export function engineAnswerer({ run, effects, web }: EngineAnswererOptions): Answerer {
  return {
    name: "engines",
    answer(turn, signal) {
      const { decision, begun, request } = turn;
      const { engines } = decision;
      const options: RunOptions = { engines, request, signal, keySeed: hash32(begun.sessionId), ...run };
      if (request.webSearch !== true) return answering(runChat(options, effects));
      const told = new EventQueue<NativeEvent>();
      const webResults = turnSearch(turn, { ...web, clock: effects.clock, told });
      const { events, record } = answering(runChat({ ...options, webResults }, effects));
      return { events: new EventsBetween(events, told), record };
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
