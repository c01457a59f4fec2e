import type { ChatEvent, FinishReason } from "#lib/chat/events.ts";
import { type ChatRequest, requestCharacters } from "#lib/chat/request.ts";
import { completeUsage, estimatedUsage, type TokenUsage } from "#lib/chat/usage.ts";
import {
  type AttemptEffects,
  type AttemptTimes,
  type OpenedChat,
  openChat,
} from "#lib/providers/chat-attempt.ts";
import { ContinuationTrimmer, continueRequest, isUsedUp, type Manner } from "#lib/providers/continuation.ts";
import type { EngineHealth, Lease } from "#lib/providers/engine-health.ts";
import {
  type AttemptReport,
  clientClosed,
  newProgress,
  type Target,
  type WalkOptions,
  type WalkResult,
  walk,
} from "#lib/providers/failover.ts";
import { EngineFailure, type Failure } from "#lib/providers/failure.ts";
import { PROTOCOLS } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** An answer longer than this, in characters, is not handed to another engine to be continued. */
const LONGEST_CONTINUED = 200_000;

const ANOTHER_ANSWER: Failure = {
  kind: "truncated",
  reason: "The engine began another answer instead of continuing.",
};

/** What a run yields: the answer's events, and what happens to the engines. */
export type RunEvent =
  | ChatEvent
  /** An upstream call has ended without a complete answer. */
  | { type: "attempt"; report: AttemptReport }
  /** An engine has committed: what follows is its answer. */
  | { type: "engine"; engine: Engine; dropped: string[]; calls: number }
  /**
   * The answer is complete, with the finish of its first choice. Always the last event of a run that does
   * not throw.
   */
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

export type RunEvents = AsyncIterableIterator<RunEvent[], void> & {
  return(): Promise<IteratorResult<RunEvent[], void>>;
};

export type ChatRun = {
  /**
   * The events, in batches: what arrived together comes together. To be read once, one batch at a time,
   * to its end or to `return()`. Throws `GatewayError`: before the first content as `walk` does, after it with
   * `stream_interrupted`.
   */
  events: RunEvents;
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
  return { events: new Runner(options, effects, record), record };
}

/** What of the answer decides whether it can be continued elsewhere. */
type Sent = { reasoning: string; onlyText: boolean };
type Finish = { reason: FinishReason; native: string };
/** An engine whose answer is being handed through. */
type Relay = {
  target: Target;
  lease: Lease;
  startedAt: number;
  chat: OpenedChat;
  filter: AnswerFilter;
  /** Its first events, until they have been handed out. */
  head: ChatEvent[] | undefined;
};
type Step = IteratorResult<RunEvent[], void>;

const END: Step = { done: true, value: undefined };

/**
 * The run as an iterator of its own rather than as nested generators: one await a batch is all that
 * stands between an engine's chunk and the reader.
 */
class Runner implements RunEvents {
  readonly #options: RunOptions;
  readonly #effects: RunEffects;
  readonly #record: RunRecord;
  readonly #startedAt: number;
  readonly #progress = newProgress();
  readonly #sent: Sent = { reasoning: "", onlyText: true };
  /** Exactly one of these is at work; both are undefined between two engines. */
  #walking: AsyncGenerator<AttemptReport, WalkResult<OpenedChat>> | undefined;
  #relay: Relay | undefined;
  /** Thrown once what came before it has been handed out. */
  #error: GatewayError | undefined;
  #pending: Promise<unknown> | undefined;
  #ended = false;

  constructor(options: RunOptions, effects: RunEffects, record: RunRecord) {
    this.#options = options;
    this.#effects = effects;
    this.#record = record;
    this.#startedAt = effects.clock.now();
  }

  [Symbol.asyncIterator](): RunEvents {
    return this;
  }

  next(): Promise<Step> {
    const step = this.#step();
    this.#pending = step;
    return step;
  }

  /** The reader is gone. A step that is under way ends first: by its own means, or by the signal. */
  async return(): Promise<Step> {
    await Promise.allSettled([this.#pending]);
    if (!this.#ended) await this.#end("cancelled");
    return END;
  }

  async #step(): Promise<Step> {
    if (this.#ended) return END;
    try {
      while (true) {
        if (this.#error !== undefined) throw this.#error;
        const events = this.#relay === undefined ? await this.#walk() : await this.#read(this.#relay);
        if (events.length > 0) return { done: false, value: events };
      }
    } catch (error) {
      const { aborted } = this.#options.signal;
      await this.#end(aborted ? "cancelled" : "failed");
      throw aborted ? clientClosed(error) : error;
    }
  }

  async #end(state: RunRecord["state"]): Promise<void> {
    this.#ended = true;
    this.#record.state = state;
    if (this.#relay !== undefined) this.#endRelay(this.#relay, "cancelled", undefined);
    // Between two of its reports: its lease has been given back.
    await this.#walking?.return({ ok: false, error: clientClosed() });
  }

  /** Goes on along the chain until a call has failed or an engine answers. */
  async #walk(): Promise<RunEvent[]> {
    const record = this.#record;
    this.#walking ??= this.#startWalk();
    const step = await this.#walking.next();
    record.calls = this.#progress.calls;
    if (!step.done) {
      record.attempts.push(step.value);
      return [{ type: "attempt", report: step.value }];
    }
    this.#walking = undefined;
    const result = step.value;
    if (!result.ok) {
      // After the commit point no failure of another engine is the client's business.
      const { aborted } = this.#options.signal;
      throw record.committed && !aborted ? interrupted(result.error) : result.error;
    }
    const { value: chat, target, lease, startedAt } = result;
    const filter = new AnswerFilter(record, this.#sent, this.#mannerOf(target));
    record.engine = target.engine;
    record.firstContentMs ??= this.#effects.clock.now() - this.#startedAt;
    // An engine takes the request: what others say of its continuation is not about the request.
    this.#progress.refusals.length = 0;
    this.#relay = { target, lease, startedAt, chat, filter, head: chat.head };
    return [];
  }

  #startWalk(): AsyncGenerator<AttemptReport, WalkResult<OpenedChat>> {
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
    return walk(engines, (target) => this.#attempt(target), options);
  }

  async #attempt(target: Target): ReturnType<typeof openChat> {
    const { request, signal, times, promptCache } = this.#options;
    const manner = this.#mannerOf(target);
    const call = {
      request: continueRequest(request, this.#record.text, manner),
      prefilled: manner !== "asked" && this.#record.text !== "",
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

  /** How this engine is given the beginning of the answer, should there be one. */
  #mannerOf({ engine, withoutAdditions }: Target): Manner {
    const { protocol, dialect } = engine.provider;
    const { reasoningEffort } = this.#options.request;
    // Who is to think first cannot be in the middle of an answer.
    const thinks = reasoningEffort !== undefined && reasoningEffort !== "none";
    if (withoutAdditions || thinks || !PROTOCOLS[protocol].takesPrefill(engine)) return "asked";
    return protocol === "openai-compatible" && dialect.prefill === "prefix" ? "echoed" : "prefilled";
  }

  async #read(relay: Relay): Promise<RunEvent[]> {
    const { filter, chat, target } = relay;
    if (relay.head !== undefined) {
      const { head } = relay;
      relay.head = undefined;
      this.#record.committed = true;
      const { engine } = target;
      const announced: RunEvent = {
        type: "engine",
        engine,
        dropped: chat.dropped,
        calls: this.#record.calls,
      };
      return [announced, ...this.#passOn(relay, filter.pass(head))];
    }
    let batch: ChatEvent[] | null;
    try {
      batch = await chat.stream.next();
    } catch (error) {
      if (!(error instanceof EngineFailure)) throw error;
      return this.#broken(relay, error.failure.kind, error.failure);
    }
    return batch === null ? this.#complete(relay) : this.#passOn(relay, filter.pass(batch));
  }

  #passOn(relay: Relay, events: RunEvent[]): RunEvent[] {
    return relay.filter.diverged ? [...events, ...this.#broken(relay, "diverged", ANOTHER_ANSWER)] : events;
  }

  #complete(relay: Relay): RunEvent[] {
    const rest = relay.filter.end();
    if (relay.filter.diverged) return this.#passOn(relay, rest);
    relay.lease.succeeded();
    this.#endRelay(relay, "answered", undefined);
    return [...rest, this.#completed(relay.filter.finish ?? { reason: "stop", native: "stop" })];
  }

  #completed({ reason, native }: Finish): RunEvent {
    this.#ended = true;
    this.#record.state = "completed";
    return { type: "completed", reason, native };
  }

  /** The answer broke off. The next step continues it on another engine, or ends the run. */
  #broken(relay: Relay, outcome: AttemptReport["outcome"], failure: Failure): RunEvent[] {
    // An engine that begins another answer is none the worse for it.
    if (outcome === "diverged") relay.lease.succeeded();
    else relay.lease.failed(failure);
    // What was held in case it was a repetition is as good as what came before it.
    const rest = outcome === "diverged" ? [] : relay.filter.end();
    const report = this.#endRelay(relay, outcome, failure);
    const events: RunEvent[] = [...rest, { type: "attempt", report }];
    if (!this.#canContinue(failure)) this.#error = interrupted(new EngineFailure(failure));
    else if (isUsedUp(this.#options.request, this.#record.text)) {
      events.push(this.#completed({ reason: "length", native: "length" }));
    } else this.#progress.spent.add(relay.target.engine.id);
    return events;
  }

  #endRelay(relay: Relay, outcome: AttemptReport["outcome"], failure: Failure | undefined): AttemptReport {
    const { chat, lease, filter, target, startedAt } = relay;
    const record = this.#record;
    this.#relay = undefined;
    chat.stream.close();
    lease.abandoned();
    const usage = this.#usage(chat, filter);
    record.usages.push({ engine: target.engine, usage });
    record.malformedFrames += chat.stream.malformed;
    const report: AttemptReport = {
      engine: target.engine,
      keyIndex: target.keyIndex,
      outcome,
      status: failure?.status,
      reason: failure?.reason,
      latencyMs: this.#effects.clock.now() - startedAt,
      completionTokens: usage.completionTokens,
    };
    record.attempts.push(report);
    return report;
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
    if (usage !== undefined && stream.finished && usage.missing === undefined) return usage;
    const estimate = estimatedUsage(
      requestCharacters(this.#options.request) + filter.before,
      filter.characters,
    );
    if (usage === undefined) return estimate;
    if (stream.finished) return completeUsage(usage, estimate);
    const completionTokens = Math.max(usage.completionTokens, estimate.completionTokens);
    return { ...usage, completionTokens, source: "estimated" };
  }
}

/** Passes one engine's events on, without what a continuation repeats; keeps the record of what went out. */
class AnswerFilter {
  readonly #record: RunRecord;
  readonly #sent: Sent;
  readonly #text: ContinuationTrimmer;
  readonly #reasoning: ContinuationTrimmer;
  /** Text had been sent before this engine: its reasoning would come too late. */
  readonly #muteReasoning: boolean;
  #thinkingAltered = false;
  /** Characters of the answer that this engine was given to continue. */
  readonly before: number;
  /** Characters that this engine wrote, passed on or not. */
  characters = 0;
  finish: Finish | undefined;
  diverged = false;

  constructor(record: RunRecord, sent: Sent, manner: Manner) {
    this.#record = record;
    this.#sent = sent;
    this.#text = new ContinuationTrimmer(record.text, manner);
    // It was never shown the earlier thinking: it can only think the same from the beginning.
    this.#reasoning = new ContinuationTrimmer(sent.reasoning, "echoed");
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
        // A signature is for all of the thinking: for a part of it, it would not hold.
        if (text !== event.text) this.#thinkingAltered = true;
        const { signature, ...unsigned } = event;
        const isSigned = signature !== undefined && !this.#thinkingAltered;
        if (text === "" && !isSigned) return;
        this.#sent.reasoning += text;
        passed.push(isSigned ? { ...event, text } : { ...unsigned, text });
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
        passed.push(event);
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
