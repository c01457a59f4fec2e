import type { ToolRun } from "#lib/chat/events.ts";
import type { ChatRun, RunEffects, RunEvents, RunOptions } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import { runToolRounds } from "#lib/providers/chat/tool-rounds.ts";
import type { Answerer, Answering } from "#lib/services/chat/answerer.ts";
import { EventQueue } from "#lib/services/chat/event-queue.ts";
import { EventsBetween } from "#lib/services/chat/events-between.ts";
import { runEvents } from "#lib/services/chat/native-events.ts";
import type { PreparedTurn } from "#lib/services/chat/turn.ts";
import { type TurnSearchOptions, turnSearch } from "#lib/services/chat/turn-search.ts";
import type { Logger } from "#lib/services/ports.ts";
import { offeredRounds, TOOL_ROUND_LIMITS } from "#lib/services/tools/offered-rounds.ts";
import { hash32 } from "#lib/shared/text.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

const NONCE_BYTES = 8;

export type EngineAnswererOptions = {
  run: Pick<RunOptions, "timeouts" | "recovery" | "promptCache">;
  effects: RunEffects;
  /** Web search for engines that do not search by themselves. */
  web: Pick<TurnSearchOptions, "tool" | "randomHex">;
  logger: Pick<Logger, "error">;
};

/** The mode's chain of engines: the answerer that takes every turn. */
export function engineAnswerer({ run, effects, web, logger }: EngineAnswererOptions): Answerer {
  return {
    name: "engines",
    answer(turn, signal) {
      const { decision, begun, request } = turn;
      const { engines } = decision;
      const options: RunOptions = { engines, request, signal, keySeed: hash32(begun.sessionId), ...run };
      const start = (more: Pick<RunOptions, "webResults">): ChatRun =>
        hasTools(turn)
          ? startRounds({ ...options, ...more }, turn, { effects, logger, randomHex: web.randomHex })
          : runChat({ ...options, ...more }, effects);
      if (request.webSearch !== true) return answering(start({}));
      const told = new EventQueue<NativeEvent>();
      const webResults = turnSearch(turn, { ...web, clock: effects.clock, told });
      const { events, record } = answering(start({ webResults }));
      return { events: new EventsBetween(events, told), record };
    },
  };
}

function hasTools({ offered, input }: PreparedTurn): boolean {
  return offered.length > 0 || (input.approvals ?? []).length > 0;
}

type RoundEffects = Pick<EngineAnswererOptions, "effects" | "logger"> & Pick<TurnSearchOptions, "randomHex">;

function startRounds(
  options: RunOptions,
  { offered, requestId, input, onToolCall }: PreparedTurn,
  { effects, logger, randomHex }: RoundEffects,
): ChatRun {
  const { functions, ...tools } = offeredRounds(offered, {
    clock: effects.clock,
    logger,
    logFields: { requestId },
    nonce: randomHex(NONCE_BYTES),
    onToolCall,
  });
  const request = functions.length === 0 ? options.request : { ...options.request, tools: functions };
  const decisions = (input.approvals ?? []).map(({ id, approve, reason }) => ({
    id,
    approved: approve,
    reason,
  }));
  return runToolRounds(
    {
      ...options,
      ...tools,
      request,
      decisions,
      limits: TOOL_ROUND_LIMITS,
      askInWords: consentWanted,
      randomHex,
    },
    effects,
  );
}

/** For clients that do not know the event, and for the saved conversation. */
function consentWanted({ name, origin }: ToolRun): string {
  const tool = origin === undefined ? name : `${origin.tool} of ${origin.server}`;
  return `[This needs your consent: a call of ${withoutMarkdown(tool)}.]`;
}

/** A server names its tools as it likes: as a link, the sentence would be its own. */
function withoutMarkdown(name: string): string {
  return name.replace(/[^\p{L}\p{N}\p{M} _./:-]/gu, "_");
}

function answering({ events, record }: ChatRun): Answering {
  return { events: new NativeEvents(events), record };
}

/** A run's events as native events. A batch without any is empty. */
class NativeEvents {
  readonly #events: RunEvents;
  /** Text behind a call of a tool is a new paragraph, as in the record. */
  readonly #paragraphs = new Paragraphs();

  constructor(events: RunEvents) {
    this.#events = events;
  }

  async next(): Promise<IteratorResult<readonly NativeEvent[], void>> {
    const step = await this.#events.next();
    return step.done === true ? step : { done: false, value: this.#paragraphs.pass(runEvents(step.value)) };
  }

  return(): Promise<unknown> {
    return this.#events.return();
  }
}

class Paragraphs {
  #hasText = false;
  #isApart = false;

  pass(events: NativeEvent[]): NativeEvent[] {
    const isPlain = !this.#isApart && events.every(({ type }) => type !== "tool" && type !== "approval");
    if (isPlain) {
      this.#hasText ||= events.some(({ type }) => type === "token");
      return events;
    }
    return events.map((event) => this.#one(event));
  }

  #one(event: NativeEvent): NativeEvent {
    if (event.type === "tool" || event.type === "approval") this.#isApart = this.#hasText;
    if (event.type !== "token" || event.text === "") return event;
    const separator = this.#isApart ? "\n\n" : "";
    this.#isApart = false;
    this.#hasText = true;
    return separator === "" ? event : { type: "token", text: separator + event.text };
  }
}
