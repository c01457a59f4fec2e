import { startedReply, stateReply } from "#lib/manus/replies.ts";
import type { TaskLanguage } from "#lib/manus/task-wish.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { newRecord, type RunRecord } from "#lib/providers/chat/run.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import type { Answerer, Answering } from "#lib/services/chat/answerer.ts";
import type { PreparedTurn } from "#lib/services/chat/turn.ts";
import type { ManusDependencies } from "#lib/services/manus/manus-dependencies.ts";
import { createTask, getTask } from "#lib/services/manus/tasks.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { publicReason } from "#lib/shared/redact.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

const FALLS_BACK = "The task could not be given to Manus.";
const TOOL = "task:manus";
/** The longest prompt of a task, characters. */
const MAX_PROMPT = 20_000;

export type TaskAnswererOptions = {
  manus: ManusDependencies;
  /** Answers instead if Manus fails. */
  engines: Answerer;
};

type TaskRoute = { id?: string; language: TaskLanguage };

/** Takes the turns that are for Manus: begins a task, or says how one is. What it fails to answer, the engines do. */
export function taskAnswerer(options: TaskAnswererOptions): Answerer {
  return {
    name: "tasks",
    answer(turn, signal) {
      if (turn.route.kind !== "task" || turn.input.message.length > MAX_PROMPT) return undefined;
      return new TaskAnswering(turn, turn.route, signal, options);
    },
  };
}

/** The answer under way; that of the engines, with their record, once Manus has failed. */
class TaskAnswering implements Answering {
  readonly events: AsyncGenerator<readonly NativeEvent[], void>;
  record: RunRecord = newRecord();
  readonly #turn: PreparedTurn;
  readonly #route: TaskRoute;
  readonly #signal: AbortSignal;
  readonly #options: TaskAnswererOptions;

  constructor(turn: PreparedTurn, route: TaskRoute, signal: AbortSignal, options: TaskAnswererOptions) {
    this.#turn = turn;
    this.#route = route;
    this.#signal = signal;
    this.#options = options;
    this.events = this.#answer();
  }

  async *#answer(): AsyncGenerator<readonly NativeEvent[], void> {
    yield [{ type: "tool", name: TOOL, status: "running" }];
    this.#assertWanted();
    const { clock, logger } = this.#options.manus;
    const from = clock.now();
    try {
      const text = await this.#reply();
      const firstContentMs = clock.now() - from;
      Object.assign(this.record, { text, committed: true, firstContentMs, state: "completed" });
    } catch (thrown) {
      const { requestId } = this.#turn;
      const reason = publicReason(thrown instanceof Error ? thrown.message : String(thrown));
      logger.warn("A message could not be given to Manus.", { requestId, reason });
      yield [{ type: "tool", name: TOOL, status: "failed", detail: toGatewayError(thrown).message }];
      yield* this.#fromEngines();
      return;
    }
    yield [
      { type: "tool", name: TOOL, status: "done" },
      { type: "token", text: this.record.text },
    ];
  }

  /** Nothing is begun for a client that has left. */
  #assertWanted(): void {
    if (!this.#signal.aborted) return;
    const error = abortError(this.#signal);
    this.record.state = error.code === "client_closed_request" ? "cancelled" : "interrupted";
    throw error;
  }

  async #reply(): Promise<string> {
    const { caller, input, begun } = this.#turn;
    const { manus } = this.#options;
    const { id, language } = this.#route;
    if (id !== undefined) return stateReply(await getTask(caller, id, manus), language);
    const order = {
      userId: caller.userId,
      prompt: stripInvisible(input.message),
      sessionId: begun.sessionId,
    };
    return startedReply(await createTask(order, manus), language);
  }

  async *#fromEngines(): AsyncGenerator<readonly NativeEvent[], void> {
    const { decision, modes } = this.#turn;
    this.#assertWanted();
    const answering = await this.#options.engines.answer(this.#turn, this.#signal);
    if (answering === undefined) throw new GatewayError("internal_error", "No engine took the turn.");
    this.record = answering.record;
    const { events } = answering;
    try {
      yield [
        { type: "auto_routed", to: decision.mode, label: modes[decision.mode].name, reason: FALLS_BACK },
      ];
      for (let step = await events.next(); step.done !== true; step = await events.next()) yield step.value;
    } finally {
      await events.return();
    }
  }
}
