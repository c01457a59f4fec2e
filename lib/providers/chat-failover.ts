import type { ChatEvent, FinishReason } from "#lib/chat/events.ts";
import { type ChatRequest, requestCharacters } from "#lib/chat/request.ts";
import { estimatedUsage, type TokenUsage } from "#lib/chat/usage.ts";
import {
  type AttemptEffects,
  type AttemptTimes,
  type OpenedChat,
  openChat,
} from "#lib/providers/chat-attempt.ts";
import { ContinuationTrimmer, continueRequest } from "#lib/providers/continuation.ts";
import type { EngineHealth, Lease } from "#lib/providers/engine-health.ts";
import {
  type AttemptReport,
  clientClosed,
  newProgress,
  type Target,
  type WalkOptions,
  walk,
} from "#lib/providers/failover.ts";
import { EngineFailure, type Failure } from "#lib/providers/failure.ts";
import { PROTOCOLS } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** An answer longer than this, in characters, is not handed to another engine to be continued. */
const LONGEST_CONTINUED = 200_000;

const DIVERGED = "The engine began another answer instead of continuing.";

/** What a run yields: the answer's events, and what happens to the engines. */
export type RunEvent =
  | Exclude<ChatEvent, { type: "finish" }>
  /** An upstream call has ended without a complete answer. */
  | { type: "attempt"; report: AttemptReport }
  /** An engine has committed: what follows is its answer. */
  | { type: "engine"; engine: Engine; dropped: string[]; calls: number }
  /** The answer is complete. Always the last event of a run that does not throw. */
  | { type: "completed"; reason: FinishReason; native: string };

export type EngineUsage = { engine: Engine; usage: TokenUsage };

/** What is known of a run at any moment, also after it was abandoned: the ledger is written from it. */
export type RunRecord = {
  state: "running" | "completed" | "failed" | "cancelled";
  /** Every upstream call, in order. */
  attempts: AttemptReport[];
  /** Every engine that committed, with what it used. */
  usages: EngineUsage[];
  /** The engine that committed last. */
  engine: Engine | undefined;
  calls: number;
  /** The visible answer as it was handed out. */
  text: string;
  /** Something was handed out. */
  committed: boolean;
  /** Milliseconds from the start to the first content. */
  firstContentMs: number | undefined;
  malformedFrames: number;
};

export type RunOptions = {
  engines: readonly Engine[];
  request: ChatRequest;
  signal: AbortSignal;
  times: AttemptTimes & { deadlineMs: number };
  /** Chooses the first key of each pool. */
  keySeed: number;
  /** The caller named these engines. */
  named?: boolean;
  /** Continue a broken text answer on the next engine. */
  recovery: boolean;
  promptCache: boolean;
};

export type RunEffects = AttemptEffects & { health: EngineHealth; random: () => number };

export type ChatRun = {
  /**
   * The events, in batches: what arrived together comes together. To be read once, to its end or to
   * `return()`. Throws `GatewayError`: before the first content as `walk` does, after it with
   * `stream_interrupted`.
   */
  events: AsyncGenerator<RunEvent[], void>;
  record: RunRecord;
};

/**
 * Answers a chat request from a chain of engines: walks it to the first content, then hands the answer
 * through; an answer that breaks is continued on the next engine where that is safe.
 */
export function runChat(options: RunOptions, effects: RunEffects): ChatRun {
  const record: RunRecord = {
    state: "running",
    attempts: [],
    usages: [],
    engine: undefined,
    calls: 0,
    text: "",
    committed: false,
    firstContentMs: undefined,
    malformedFrames: 0,
  };
  return { events: new Runner(options, effects, record).run(), record };
}

/** What of the answer decides whether it can be continued elsewhere. */
type Sent = { reasoning: string; onlyText: boolean };

class Runner {
  readonly #options: RunOptions;
  readonly #effects: RunEffects;
  readonly #record: RunRecord;
  readonly #startedAt: number;
  readonly #progress = newProgress();
  readonly #sent: Sent = { reasoning: "", onlyText: true };

  constructor(options: RunOptions, effects: RunEffects, record: RunRecord) {
    this.#options = options;
    this.#effects = effects;
    this.#record = record;
    this.#startedAt = effects.clock.now();
  }

  async *run(): AsyncGenerator<RunEvent[], void> {
    const record = this.#record;
    try {
      while (true) {
        const opened = yield* this.#open();
        const finish = yield* this.#relay(opened);
        if (finish === undefined) continue;
        record.state = "completed";
        yield [{ type: "completed", reason: finish.reason, native: finish.native }];
        return;
      }
    } catch (error) {
      const { aborted } = this.#options.signal;
      record.state = aborted ? "cancelled" : "failed";
      throw aborted ? clientClosed(error) : error;
    } finally {
      // Left by `return()`: the reader is gone.
      if (record.state === "running") record.state = "cancelled";
    }
  }

  /** Walks the chain until an engine answers. */
  async *#open(): AsyncGenerator<RunEvent[], Opened> {
    const { clock, health, random } = this.#effects;
    const { engines, signal, times, keySeed, named } = this.#options;
    const options: WalkOptions = {
      health,
      clock,
      random,
      signal,
      // The deadline runs to the commit point; a continuation has a new one.
      deadline: (this.#record.committed ? clock.now() : this.#startedAt) + times.deadlineMs,
      keySeed,
      named: named === true && !this.#record.committed,
      progress: this.#progress,
    };
    const reports = walk(engines, (target) => this.#attempt(target), options);
    while (true) {
      const step = await reports.next();
      this.#record.calls = this.#progress.calls;
      if (!step.done) {
        this.#record.attempts.push(step.value);
        yield [{ type: "attempt", report: step.value }];
        continue;
      }
      if (step.value.ok) return step.value;
      // After the commit point no failure of another engine is the client's business.
      throw this.#record.committed && !signal.aborted ? interrupted(step.value.error) : step.value.error;
    }
  }

  async #attempt(target: Target): ReturnType<typeof openChat> {
    const { request, signal, times, promptCache } = this.#options;
    const prefilled = this.#isPrefilled(target);
    const call = {
      request: continueRequest(request, this.#record.text, prefilled),
      prefilled,
      promptCache,
      signal,
      times,
    };
    const outcome = await openChat(target, call, this.#effects);
    // A call that failed before its first content may have been billed all the same.
    if (!outcome.ok && outcome.usage !== undefined) {
      this.#record.usages.push({ engine: target.engine, usage: outcome.usage });
    }
    return outcome;
  }

  #isPrefilled({ engine, withoutAdditions }: Target): boolean {
    const { takesPrefill } = PROTOCOLS[engine.provider.protocol];
    return this.#record.text.trim() !== "" && !withoutAdditions && takesPrefill(engine);
  }

  /** Hands one engine's answer through. Undefined when it broke and can be continued elsewhere. */
  async *#relay(opened: Opened): AsyncGenerator<RunEvent[], Finish | undefined> {
    const { value: chat, target, lease, startedAt } = opened;
    const record = this.#record;
    const filter = new AnswerFilter(record, this.#sent, this.#isPrefilled(target));
    record.engine = target.engine;
    // An engine takes the request: what others say of its continuation is not about the request.
    this.#progress.refusals.length = 0;
    record.firstContentMs ??= this.#effects.clock.now() - this.#startedAt;
    // Until the engine says what it used, its row must not be empty: the stream may be left at any time.
    const usage: EngineUsage = { engine: target.engine, usage: this.#estimate(filter) };
    record.usages.push(usage);
    let outcome: AttemptReport["outcome"] = "cancelled";
    let failure: Failure | undefined;
    try {
      const announced: RunEvent = {
        type: "engine",
        engine: target.engine,
        dropped: chat.dropped,
        calls: record.calls,
      };
      let batch: ChatEvent[] | null = chat.head;
      let first = true;
      while (batch !== null) {
        const events = filter.pass(batch);
        record.committed = true;
        if (first) yield [announced, ...events];
        else if (events.length > 0) yield events;
        first = false;
        if (filter.diverged) break;
        batch = await chat.stream.next();
      }
      outcome = filter.diverged ? "diverged" : "answered";
      lease.succeeded();
      const rest = filter.diverged ? [] : filter.end();
      if (rest.length > 0) yield rest;
      if (filter.diverged) failure = { kind: "truncated", reason: DIVERGED };
    } catch (error) {
      if (!(error instanceof EngineFailure)) throw error;
      failure = error.failure;
      outcome = failure.kind;
      lease.failed(failure);
    } finally {
      chat.stream.close();
      lease.abandoned();
      usage.usage = this.#usage(chat, filter);
      record.malformedFrames += chat.stream.malformed;
      const report = this.#report(target, outcome, failure, startedAt);
      record.attempts.push({ ...report, completionTokens: usage.usage.completionTokens });
    }
    if (failure === undefined) return filter.finish ?? { reason: "stop", native: "stop" };
    const report = record.attempts.at(-1);
    if (report !== undefined) yield [{ type: "attempt", report }];
    if (!this.#canContinue(failure)) throw interrupted(new EngineFailure(failure));
    this.#progress.spent.add(target.engine.id);
    return undefined;
  }

  #canContinue(failure: Failure): boolean {
    const { request, recovery } = this.#options;
    const isJson = request.responseFormat !== undefined && request.responseFormat.type !== "text";
    return (
      recovery &&
      this.#sent.onlyText &&
      !isJson &&
      (request.n ?? 1) === 1 &&
      failure.kind !== "content_policy" &&
      this.#record.text.length <= LONGEST_CONTINUED
    );
  }

  /** As reported; what was reported of an answer that broke off may not be all of it. */
  #usage({ stream }: OpenedChat, filter: AnswerFilter): TokenUsage {
    const { usage } = stream;
    if (usage !== undefined && stream.finished) return usage;
    const estimate = this.#estimate(filter);
    if (usage === undefined) return estimate;
    const completionTokens = Math.max(usage.completionTokens, estimate.completionTokens);
    return { ...usage, completionTokens, source: "estimated" };
  }

  /** What an attempt that reported nothing has probably used. */
  #estimate(filter: AnswerFilter): TokenUsage {
    return estimatedUsage(requestCharacters(this.#options.request) + filter.before, filter.characters);
  }

  #report(
    target: Target,
    outcome: AttemptReport["outcome"],
    failure: Failure | undefined,
    startedAt: number,
  ): AttemptReport {
    return {
      engine: target.engine,
      keyIndex: target.keyIndex,
      outcome,
      status: failure?.status,
      reason: failure?.reason,
      latencyMs: this.#effects.clock.now() - startedAt,
    };
  }
}

type Opened = { value: OpenedChat; target: Target; lease: Lease; startedAt: number };
type Finish = { reason: FinishReason; native: string };

/** Passes one engine's events on, without what a continuation repeats; keeps the record of what went out. */
class AnswerFilter {
  readonly #record: RunRecord;
  readonly #sent: Sent;
  readonly #text: ContinuationTrimmer;
  readonly #reasoning: ContinuationTrimmer;
  /** Text had been sent before this engine: its reasoning would come too late. */
  readonly #muteReasoning: boolean;
  /** Characters of the answer that this engine was given to continue. */
  readonly before: number;
  /** Characters that this engine wrote, passed on or not. */
  characters = 0;
  finish: Finish | undefined;
  diverged = false;

  constructor(record: RunRecord, sent: Sent, prefilled: boolean) {
    this.#record = record;
    this.#sent = sent;
    this.#text = new ContinuationTrimmer(record.text, prefilled);
    this.#reasoning = new ContinuationTrimmer(sent.reasoning);
    this.#muteReasoning = record.text !== "";
    this.before = record.text.length;
  }

  pass(batch: readonly ChatEvent[]): RunEvent[] {
    const passed: RunEvent[] = [];
    for (const event of batch) {
      this.#passOne(event, passed);
      if (this.diverged) break;
    }
    return passed;
  }

  /** What was held back in case it was a repetition. */
  end(): RunEvent[] {
    const rest: RunEvent[] = [];
    this.#emitText(this.#text.end(), { type: "text", text: "" }, rest);
    return rest;
  }

  #passOne(event: ChatEvent, passed: RunEvent[]): void {
    switch (event.type) {
      case "text":
        this.characters += event.text.length;
        return this.#emitText(
          (event.choice ?? 0) === 0 ? this.#text.push(event.text) : event.text,
          event,
          passed,
        );
      case "reasoning": {
        this.characters += event.text.length;
        if (this.#muteReasoning) return;
        // Thinking that differs from what was thought before is new, whatever it begins with.
        const fresh = this.#reasoning.push(event.text);
        const text = fresh === "diverged" ? this.#reasoning.divergence : fresh;
        if (text === "" && event.signature === undefined) return;
        this.#sent.reasoning += text;
        passed.push({ ...event, text });
        return;
      }
      case "refusal":
        this.#sent.onlyText = false;
        this.characters += event.text.length;
        passed.push(event);
        return;
      case "tool_call":
        this.#sent.onlyText = false;
        this.characters += event.arguments.length + (event.name?.length ?? 0);
        passed.push(event);
        return;
      case "sources":
        passed.push(event);
        return;
      case "finish":
        if ((event.choice ?? 0) === 0) this.finish = { reason: event.reason, native: event.native };
        return;
    }
  }

  #emitText(fresh: string, event: ChatEvent & { type: "text" }, passed: RunEvent[]): void {
    if (fresh === "diverged") {
      this.diverged = true;
      return;
    }
    if (fresh === "") return;
    if ((event.choice ?? 0) === 0) this.#record.text += fresh;
    passed.push(fresh === event.text ? event : { ...event, text: fresh });
  }
}

function interrupted(cause: GatewayError): GatewayError {
  const message =
    "The answer was interrupted and could not be continued. What has arrived so far is incomplete.";
  return new GatewayError("stream_interrupted", message, {
    cause,
    retryAfterSeconds: cause.retryAfterSeconds,
  });
}
