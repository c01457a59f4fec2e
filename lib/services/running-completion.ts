import type { ModeId } from "#lib/ai-models.ts";
import type { AnswerEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import { sumUsage, type TokenUsage } from "#lib/chat/usage.ts";
import type { ChatRun, RunEvent, RunOptions, RunRecord } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { CompletionRounds } from "#lib/services/completion-tools.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { Chain } from "#lib/services/engines/resolve-chain.ts";
import { NAMED_MODE } from "#lib/services/identity/caller.ts";
import type { TurnLedger } from "#lib/services/ledger/releasing-ledger.ts";
import { settleRun } from "#lib/services/ledger/settle-run.ts";
import type { BilledContext } from "#lib/services/run/billed-run.ts";
import { TrackedRun, unstartedRecord } from "#lib/services/run/tracked-run.ts";
import { type GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { hash32 } from "#lib/shared/text.ts";

export type CompletionContext = BilledContext;

/** What came of an answer at once. */
export type AnswerBatch = {
  events: readonly AnswerEvent[];
  /** The answer is complete with this batch. */
  isLast: boolean;
};

/** A completion whose first content is there, or that has run tools before and come to nothing. */
export type Completion = {
  /** The engine that answers; another one may take over later. Undefined if none does. */
  engine: Engine | undefined;
  /** Upstream calls so far, this one included. */
  attempts: number;
  /** The mode whose chain answers; undefined for an engine that the client named. */
  mode: ModeId | undefined;
  /** The client's own name for a mode, or the named engine as `provider/model`. */
  model: string;
  /** Fields of the request that the engine could not take, in OpenAI's names. */
  dropped: readonly string[];
  /**
   * The next stretch of the answer; undefined behind the last. To be read to the end, or until `abandon`.
   * Throws `GatewayError` when the answer breaks off.
   */
  next(): Promise<AnswerBatch | undefined>;
  /** What has been used, complete once `next` has come to its end. */
  usage(): TokenUsage;
  /** The client is gone: stops the engines and writes the turn down. Harmless when repeated. */
  abandon(): void;
};

/** A completion from its start on: to be opened, and then read. */
export class RunningCompletion implements Completion {
  readonly #chain: Chain;
  readonly #run: ChatRun;
  readonly #tracked: TrackedRun<RunEvent[], RunRecord>;
  /** What is told before the run. */
  #opening: readonly AnswerEvent[];
  /** The batch with which an engine has committed, behind tools that ran before, until it is read. */
  #head: readonly RunEvent[] | undefined;
  #opened: { engine: Engine; dropped: readonly string[]; attempts: number } | undefined;
  /** Why no engine has committed behind tools that ran before. */
  #failure: GatewayError | undefined;

  constructor(
    chat: ChatRequest,
    chain: Chain,
    { requestId, route, caller, signal, waitUntil }: CompletionContext,
    dependencies: EngineDependencies & { ledger: TurnLedger },
    rounds: CompletionRounds | undefined,
  ) {
    this.#chain = chain;
    this.#opening = rounds?.opening ?? [];
    const { effects, run, logger, ledger } = dependencies;
    const turn = ledger.begin({ requestId, route, caller, tier: chain.mode ?? NAMED_MODE });
    this.#tracked = new TrackedRun({
      clientSignal: signal,
      waitUntil,
      logger,
      logFields: { requestId },
      save: (record, unstarted) =>
        settleRun(turn, record ?? unstartedRecord(unstarted), dependencies, { tier: this.#tier }),
    });
    const options: RunOptions = {
      engines: chain.engines,
      request: chat,
      signal: this.#tracked.signal,
      keySeed: hash32(chat.conversationId ?? ""),
      named: chain.named,
      ...run,
    };
    this.#run =
      rounds === undefined
        ? runChat(options, effects)
        : rounds.start(options, (call) => turn.noteToolCall(call));
    this.#tracked.start(this.#run);
  }

  get engine(): Engine | undefined {
    return this.#opened?.engine;
  }

  get attempts(): number {
    return this.#opened?.attempts ?? this.#run.record.calls;
  }

  get dropped(): readonly string[] {
    return this.#opened?.dropped ?? [];
  }

  get mode(): ModeId | undefined {
    return this.engine === undefined ? this.#chain.mode : this.#chain.origins.get(this.engine.id)?.mode;
  }

  get model(): string {
    const [first] = this.#chain.origins.values();
    if (this.engine === undefined) return first?.name ?? "";
    return this.#chain.origins.get(this.engine.id)?.name ?? this.engine.id;
  }

  /** What the turn counts as, where it was open at the start which engine answers. */
  get #tier(): string | undefined {
    return this.#opened === undefined ? undefined : (this.mode ?? NAMED_MODE);
  }

  /**
   * Runs up to the first content. If that does not come, but tools have run before, as the client has allowed, it is
   * open all the same: that they have run is told, and only then why there is no answer.
   */
  async open(): Promise<void> {
    const before: RunEvent[] = [];
    try {
      while (this.#opened === undefined) {
        const batch = await this.#tracked.next();
        // A run does not complete before an engine has committed.
        if (batch === undefined) throw new Error("The run has completed without an engine.");
        const [first] = batch;
        if (first?.type !== "engine") {
          for (const event of batch) if (event.type === "tool_run") before.push(event);
          continue;
        }
        this.#opened = { engine: first.engine, dropped: first.dropped, attempts: first.calls };
        this.#head = before.length === 0 ? batch : [...before, ...batch];
      }
    } catch (thrown) {
      if (before.length === 0 || this.#tracked.signal.aborted) throw thrown;
      this.#failure = toGatewayError(thrown);
      this.#head = before;
    }
  }

  async next(): Promise<AnswerBatch | undefined> {
    if (this.#opening.length > 0) {
      const events = this.#opening;
      this.#opening = [];
      return { events, isLast: false };
    }
    const head = this.#head;
    if (head !== undefined) {
      this.#head = undefined;
      return answerIn(head);
    }
    if (this.#failure !== undefined) throw this.#failure;
    const batch = await this.#tracked.next();
    return batch === undefined ? undefined : answerIn(batch);
  }

  usage(): TokenUsage {
    return sumUsage(this.#run.record.usages.map(({ usage }) => usage));
  }

  abandon(): void {
    this.#tracked.abandon();
  }
}

function answerIn(batch: readonly RunEvent[]): AnswerBatch {
  const [only] = batch;
  if (batch.length === 1 && only?.type === "answer") return { events: only.events, isLast: false };
  return {
    events: batch.flatMap((event): readonly AnswerEvent[] => {
      if (event.type === "answer") return event.events;
      return event.type === "tool_run" ? [event] : [];
    }),
    isLast: batch.at(-1)?.type === "completed",
  };
}
