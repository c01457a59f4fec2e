import type { ChatEvent } from "#lib/chat/events.ts";
import { AnswerFilter, DIVERGED, type Finish, type SentBeside } from "#lib/providers/chat/answer-filter.ts";
import type { OpenedChat } from "#lib/providers/chat/attempt.ts";
import { enginesThatFit } from "#lib/providers/chat/context-fit.ts";
import {
  brokenOff,
  continuationFor,
  isConnectionFault,
  obstacle,
  outputLimitReached,
} from "#lib/providers/chat/continuation.ts";
import { Continuations } from "#lib/providers/chat/continuations.ts";
import { Relay } from "#lib/providers/chat/relay.ts";
import {
  answerEvents,
  type ChatRun,
  newRecord,
  type RunEffects,
  type RunEvent,
  type RunEvents,
  type RunOptions,
  type RunRecord,
} from "#lib/providers/chat/run.ts";
import { attemptOf } from "#lib/providers/chat/run-attempt.ts";
import { WebSupply } from "#lib/providers/chat/web-supply.ts";
import { walk } from "#lib/providers/failover.ts";
import { EngineFailure, type Failure } from "#lib/providers/failures/failure.ts";
import { abortError, clientClosed } from "#lib/providers/failures/run-errors.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { type AttemptReport, newProgress, type WalkResult } from "#lib/providers/walk/walk-types.ts";
import type { GatewayError } from "#lib/shared/errors.ts";

/**
 * Answers a chat request from a chain of engines: walks the chain to the first content, then passes the
 * answer on. An answer that breaks off is continued if that is safe: by the same engine if its connection was
 * at fault, else by the next one.
 */
export function runChat(options: RunOptions, effects: RunEffects): ChatRun {
  const record = newRecord();
  return { events: new Runner(options, effects, record), record };
}

type Step = IteratorResult<RunEvent[], void>;

const END: Step = { done: true, value: undefined };

/**
 * The run as an iterator instead of nested generators: only one await per batch lies between an engine's
 * chunk and the reader.
 */
class Runner implements RunEvents {
  readonly #options: RunOptions;
  readonly #effects: RunEffects;
  readonly #record: RunRecord;
  readonly #startedAt: number;
  readonly #progress = newProgress();
  readonly #sent: SentBeside = { reasoning: "", beyondText: undefined };
  readonly #continuations = new Continuations();
  readonly #web: WebSupply;
  /** The engine that was announced last. */
  #announced: Engine | undefined;
  /** At most one of these is defined; neither is between two engines. */
  #walking: AsyncGenerator<AttemptReport, WalkResult<OpenedChat>> | undefined;
  #relay: Relay | undefined;
  /** Thrown by the step after the events that preceded it. */
  #error: GatewayError | undefined;
  #pending: Promise<unknown> | undefined;
  #ended = false;

  constructor(options: RunOptions, effects: RunEffects, record: RunRecord) {
    this.#options = options;
    this.#effects = effects;
    this.#record = record;
    this.#startedAt = effects.clock.now();
    this.#web = new WebSupply(options);
    record.skipped = this.#progress.skipped;
  }

  [Symbol.asyncIterator](): RunEvents {
    return this;
  }

  next(): Promise<Step> {
    const step = this.#step();
    this.#pending = step;
    return step;
  }

  /** The reader has gone. Waits for a pending step, which ends by itself or by the signal. */
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
      const { signal } = this.#options;
      if (!signal.aborted) {
        await this.#end("failed");
        throw error;
      }
      const reason = abortError(signal);
      await this.#end(reason.code === "client_closed_request" ? "cancelled" : "interrupted");
      throw reason;
    }
  }

  async #end(state: RunRecord["state"]): Promise<void> {
    this.#ended = true;
    this.#record.state = state;
    if (this.#relay !== undefined) this.#endRelay(this.#relay, "cancelled", undefined);
    // The walk is paused at a report, when its permit has been released.
    await this.#walking?.return({ ok: false, error: clientClosed() });
  }

  /** Continues the walk until a call has failed or an engine answers. */
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
      // After the commit point, the client does not learn of failures of other engines.
      const { aborted } = this.#options.signal;
      if (!record.committed || aborted) throw result.error;
      throw brokenOff(result.error, this.#continuations.isTried(record.calls) ? "failed" : "no_engine");
    }
    const { value: chat, target, permit, startedAt } = result;
    const request = this.#web.requestFor(target);
    const filter = new AnswerFilter(record, this.#sent, continuationFor(target, request));
    record.engine = target.engine;
    const openedAt = this.#effects.clock.now();
    record.firstContentMs ??= openedAt - this.#startedAt;
    // The request itself was accepted, so refusals of its continuation are counted anew.
    this.#progress.refusals.length = 0;
    this.#relay = new Relay({ target, permit, startedAt, openedAt, chat, filter, request });
    return [];
  }

  #startWalk(): AsyncGenerator<AttemptReport, WalkResult<OpenedChat>> {
    const { clock, health, random } = this.#effects;
    const { signal, timeouts, keySeed, named } = this.#options;
    const attempt = attemptOf(this.#options, this.#web, this.#effects, this.#record);
    // The deadline runs to the commit point; a continuation has a new one.
    const deadline = (this.#record.committed ? clock.now() : this.#startedAt) + timeouts.deadlineMs;
    return walk(this.#continuations.chain(enginesThatFit(this.#options), this.#progress.calls), attempt, {
      health,
      clock,
      random,
      signal,
      deadline,
      beforeCall: (call) => this.#web.fetchFor(call, deadline - clock.now()),
      keySeed,
      named: named === true && !this.#record.committed,
      progress: this.#progress,
    });
  }

  async #read(relay: Relay): Promise<RunEvent[]> {
    const { filter, chat } = relay;
    const head = relay.takeHead();
    if (head !== undefined) {
      this.#record.committed = true;
      return [...this.#announce(relay), ...this.#passOn(relay, filter.pass(head))];
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

  /** Names the engine, unless it goes on with its own answer. */
  #announce(relay: Relay): RunEvent[] {
    const { engine } = relay.target;
    if (this.#announced?.id === engine.id) return [];
    this.#announced = engine;
    return [relay.announcement(this.#record.calls)];
  }

  #passOn(relay: Relay, events: ChatEvent[]): RunEvent[] {
    const passed = answerEvents(events);
    return relay.filter.diverged ? [...passed, ...this.#broken(relay, "diverged", DIVERGED)] : passed;
  }

  #complete(relay: Relay): RunEvent[] {
    const rest = relay.filter.end();
    if (relay.filter.diverged) return this.#passOn(relay, rest);
    relay.permit.succeeded();
    this.#endRelay(relay, "answered", undefined);
    return [
      ...answerEvents(rest),
      this.#completed(relay.filter.finish ?? { reason: "stop", native: "stop" }),
    ];
  }

  #completed({ reason, native }: Finish): RunEvent {
    this.#ended = true;
    this.#record.state = "completed";
    return { type: "completed", reason, native };
  }

  /** The answer broke off. The next step continues it or ends the run. */
  #broken(relay: Relay, outcome: AttemptReport["outcome"], failure: Failure): RunEvent[] {
    // Writing another answer says nothing against the engine's health.
    if (outcome === "diverged") relay.permit.succeeded();
    else relay.permit.failed(failure);
    // Text that was held as a possible repetition is valid too.
    const rest = outcome === "diverged" ? [] : relay.filter.end(true);
    const report = this.#endRelay(relay, outcome, failure);
    const events: RunEvent[] = [...answerEvents(rest), { type: "attempt", report }];
    const { request } = this.#options;
    const { text } = this.#record;
    const sent = { text, beyondText: this.#sent.beyondText };
    const reason = obstacle(this.#options, sent, failure, this.#continuations.count);
    if (reason !== undefined) this.#error = brokenOff(new EngineFailure(failure), reason);
    else if (outputLimitReached(request, text))
      events.push(this.#completed({ reason: "length", native: "length" }));
    else {
      // The same engine once more, if its connection was at fault and it had written something new.
      const mayGoOn = outcome !== "diverged" && isConnectionFault(failure) && relay.filter.hasPassed;
      this.#continuations.prepare(relay.target.engine, mayGoOn, this.#progress.spent);
    }
    return events;
  }

  #endRelay(relay: Relay, outcome: AttemptReport["outcome"], failure: Failure | undefined): AttemptReport {
    this.#relay = undefined;
    return relay.end(outcome, failure, this.#effects.clock.now(), this.#record);
  }
}
