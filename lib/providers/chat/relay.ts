import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import { estimateRequestTokens } from "#lib/chat/token-estimate.ts";
import { completeUsage, estimatedUsage, estimateTokens, type TokenUsage } from "#lib/chat/usage.ts";
import type { AnswerFilter } from "#lib/providers/chat/answer-filter.ts";
import type { OpenedChat } from "#lib/providers/chat/attempt.ts";
import type { EngineUsage, RunEvent, RunRecord } from "#lib/providers/chat/run.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import type { EnginePermit } from "#lib/providers/health/engine-permit.ts";
import type { AttemptReport, EngineCall } from "#lib/providers/walk/walk-types.ts";

type RelayParts = {
  target: EngineCall;
  permit: EnginePermit;
  /** Monotonic milliseconds: when the engine was called, and when it had begun to answer. */
  startedAt: number;
  openedAt: number;
  chat: OpenedChat;
  filter: AnswerFilter;
  /** The client's request, to estimate usage that was not reported. */
  request: ChatRequest;
};

/** An engine whose answer is being passed to the client. */
export class Relay {
  readonly target: EngineCall;
  readonly permit: EnginePermit;
  readonly chat: OpenedChat;
  readonly filter: AnswerFilter;
  readonly #startedAt: number;
  readonly #request: ChatRequest;
  /** Milliseconds; undefined if nothing has come, or all at once. */
  readonly #firstTokenMs: number | undefined;
  #head: ChatEvent[] | undefined;

  constructor({ target, permit, startedAt, openedAt, chat, filter, request }: RelayParts) {
    this.target = target;
    this.permit = permit;
    this.chat = chat;
    this.filter = filter;
    this.#head = chat.head;
    this.#startedAt = startedAt;
    this.#request = request;
    if (request.stream && chat.head.some(isContent)) this.#firstTokenMs = openedAt - startedAt;
  }

  /** The first events of the answer, once. */
  takeHead(): ChatEvent[] | undefined {
    const head = this.#head;
    this.#head = undefined;
    return head;
  }

  /** @param calls upstream calls of the request so far. */
  announcement(calls: number): RunEvent {
    return { type: "engine", engine: this.target.engine, dropped: this.chat.dropped, calls };
  }

  /** Closes the stream, releases the permit if it is still held, and notes the call and its usage in the record. */
  end(
    outcome: AttemptReport["outcome"],
    failure: Failure | undefined,
    now: number,
    record: RunRecord,
  ): AttemptReport {
    const { stream } = this.chat;
    stream.close();
    this.permit.abandoned();
    const { call, startedAt } = this.target;
    const used: EngineUsage = { engine: this.target.engine, call, ...this.#used() };
    const report: AttemptReport = {
      engine: this.target.engine,
      keyIndex: this.target.keyIndex,
      outcome,
      status: failure?.status,
      reason: failure?.reason,
      ...(failure?.detail === undefined ? {} : { detail: failure.detail }),
      call,
      startedAt,
      latencyMs: now - this.#startedAt,
      ...(this.#firstTokenMs === undefined ? {} : { firstTokenMs: this.#firstTokenMs }),
      completionTokens: used.usage.completionTokens,
    };
    record.usages.push(used);
    record.attempts.push(report);
    record.malformedFrames += stream.malformed;
    if (stream.usagePending) record.late = this.#awaitUsage(used, report);
    return report;
  }

  /** The client has the whole answer; the ledger waits for what it costs, as long as for any next word. */
  async #awaitUsage(used: EngineUsage, report: AttemptReport): Promise<void> {
    await this.chat.stream.readUsage();
    Object.assign(used, this.#used());
    report.completionTokens = used.usage.completionTokens;
  }

  #used(): Pick<EngineUsage, "usage" | "servedTokens"> {
    const usage = this.#usage();
    return { usage, servedTokens: this.filter.servedOf(usage) };
  }

  /** The reported usage, completed by an estimate: for an answer that broke off, the report may be partial. */
  #usage(): TokenUsage {
    const { stream } = this.chat;
    const { usage } = stream;
    if (usage !== undefined && stream.finished && usage.missing === undefined) return usage;
    const estimate = estimatedUsage(
      estimateRequestTokens(this.#request) + estimateTokens(this.filter.before),
      stream.estimatedTokens,
    );
    if (usage === undefined) return estimate;
    if (stream.finished) return completeUsage(usage, estimate);
    const completionTokens = Math.max(usage.completionTokens, estimate.completionTokens);
    return { ...usage, completionTokens, source: "estimated" };
  }
}
