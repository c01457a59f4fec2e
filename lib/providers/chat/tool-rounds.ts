import { AnswerBuilder } from "#lib/chat/answer.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatMessage, ChatRequest, ToolMessage } from "#lib/chat/request.ts";
import { callsIn, idsIn, messageOf, RoundCalls } from "#lib/providers/chat/round-calls.ts";
import { RoundsRecord } from "#lib/providers/chat/rounds-record.ts";
import {
  answerEvents,
  type ChatRun,
  type RunEffects,
  type RunEvent,
  type RunEvents,
  type WebResults,
} from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import type { ToolRoundsOptions } from "#lib/providers/chat/tool-rounds-types.ts";
import { abortError, clientClosed } from "#lib/providers/failures/run-errors.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { linkAbort, NO_LONGER_NEEDED } from "#lib/shared/abort.ts";
import { truncate } from "#lib/shared/text.ts";

/**
 * Answers a chat request whose tools the gateway itself runs: asks the chain, runs the calls of its answer, asks
 * again with their results, until an answer calls none. Each round is a run of its own, so that any engine of the
 * chain may answer it; the one that answered the last round is asked first.
 *
 * A call whose arguments are no JSON object is not run: the model is told. At a limit the engine is asked once more,
 * without leave to call tools. Calls of tools that the gateway does not know are the client's and end the answer, and
 * so does a call that needs approval.
 */
export function runToolRounds(options: ToolRoundsOptions, effects: RunEffects): ChatRun {
  const record = new RoundsRecord();
  return { events: new Rounds(options, effects, record), record };
}

type Step = IteratorResult<RunEvent[], void>;
type Finish = { events: ChatEvent[]; completed: RunEvent & { type: "completed" } };

const END: Step = { done: true, value: undefined };

class Rounds implements RunEvents {
  readonly #options: ToolRoundsOptions;
  readonly #effects: RunEffects;
  readonly #record: RoundsRecord;
  readonly #abort: AbortController;
  readonly #unlink: () => void;
  readonly #until: number;
  readonly #webResults: WebResults | undefined;
  readonly #messages: ChatMessage[];
  readonly #usedIds: Set<string>;
  #charactersLeft: number;
  #round = 0;
  #run: ChatRun | undefined;
  /** What the engine of this round has written. */
  #answer = new AnswerBuilder();
  /** Calls by the indices of the stream whose fragments the client does not get. */
  #withheld = new Set<number>();
  #finish: Finish = noFinish();
  #announced: Engine | undefined;
  #calls: RoundCalls | undefined;
  /** The answer ends when the calls have ended. */
  #isLast = false;
  /** The answer calls tools of the client's. */
  #hasClientCalls = false;
  #pending: Promise<unknown> | undefined;
  #ended = false;

  constructor(options: ToolRoundsOptions, effects: RunEffects, record: RoundsRecord) {
    this.#options = options;
    this.#effects = effects;
    this.#record = record;
    const { controller, unlink } = linkAbort(options.signal);
    this.#abort = controller;
    this.#unlink = unlink;
    this.#until = effects.clock.now() + options.limits.timeMs;
    this.#charactersLeft = options.limits.allCharacters;
    this.#messages = [...options.request.messages];
    this.#usedIds = idsIn(this.#messages);
    this.#webResults = once(options.webResults);
  }

  [Symbol.asyncIterator](): RunEvents {
    return this;
  }

  next(): Promise<Step> {
    const step = this.#step();
    this.#pending = step;
    return step;
  }

  /** The reader has gone: what is under way is stopped. */
  async return(): Promise<Step> {
    this.#abort.abort(this.#options.signal.aborted ? this.#options.signal.reason : clientClosed());
    await this.#run?.events.return();
    await Promise.allSettled([this.#pending]);
    if (!this.#ended) this.#end("cancelled");
    return END;
  }

  async #step(): Promise<Step> {
    if (this.#ended) return END;
    try {
      while (true) {
        const events = await this.#advance();
        if (events.length > 0) return { done: false, value: events };
      }
    } catch (error) {
      const { signal } = this.#abort;
      const reason = signal.aborted ? abortError(signal) : error;
      const isCancelled = signal.aborted && abortError(signal).code === "client_closed_request";
      if (!this.#ended) this.#end(signal.aborted ? (isCancelled ? "cancelled" : "interrupted") : "failed");
      throw reason;
    }
  }

  #end(state: "completed" | "failed" | "cancelled" | "interrupted"): void {
    this.#ended = true;
    this.#record.state = state;
    this.#unlink();
    // Nothing of a turn that has ended goes on.
    if (state !== "completed") this.#abort.abort(NO_LONGER_NEEDED);
  }

  async #advance(): Promise<RunEvent[]> {
    if (this.#calls !== undefined) return this.#waitForCall(this.#calls);
    if (this.#run !== undefined) return this.#read(this.#run);
    if (this.#round === 0 && this.#options.decisions.length > 0) {
      const asked = this.#messages.flatMap(callsIn);
      const decided = RoundCalls.decided(asked, this.#options);
      if (decided.count > 0) return this.#start(decided);
    }
    this.#ask();
    return [];
  }

  #ask(): void {
    if (this.#abort.signal.aborted) throw abortError(this.#abort.signal);
    this.#round += 1;
    const { engines } = this.#options;
    const last = this.#record.engine;
    const first = engines.filter(({ id }) => id === last?.id);
    const run = runChat(
      {
        ...this.#options,
        engines: [...first, ...engines.filter((engine) => !first.includes(engine))],
        request: this.#request(),
        signal: this.#abort.signal,
        ...(this.#webResults === undefined ? {} : { webResults: this.#webResults }),
      },
      this.#effects,
    );
    this.#record.add(run.record);
    this.#run = run;
    this.#answer = new AnswerBuilder();
    this.#withheld = new Set();
    this.#finish = noFinish();
  }

  #request(): ChatRequest {
    const request: ChatRequest = { ...this.#options.request, messages: [...this.#messages] };
    if (this.#isOver()) request.toolChoice = "none";
    // A forced call is made once: forced again, the model could never answer.
    else if (this.#round > 1 && mustCall(request)) request.toolChoice = "auto";
    return request;
  }

  /** No tool is called any more. */
  #isOver(): boolean {
    const { limits } = this.#options;
    const isLate = this.#effects.clock.now() >= this.#until;
    return this.#round >= limits.rounds || isLate || this.#charactersLeft <= 0;
  }

  async #read(run: ChatRun): Promise<RunEvent[]> {
    const step = await run.events.next();
    if (step.done === true) throw new Error("A run has ended without its completion.");
    const passed = step.value.flatMap((event) => this.#pass(event));
    const last = step.value.at(-1);
    if (last?.type !== "completed") return passed;
    this.#run = undefined;
    return [...passed, ...this.#complete(last)];
  }

  /** What the reader gets of an event of a round: not the calls that the gateway runs, and no finish before the last. */
  #pass(event: RunEvent): RunEvent[] {
    switch (event.type) {
      case "answer":
        this.#answer.push(event.events);
        return answerEvents(event.events.filter((part) => this.#isForReader(part)));
      case "engine": {
        if (this.#announced?.id === event.engine.id) return [];
        this.#announced = event.engine;
        return [{ ...event, calls: event.calls + this.#record.callsBefore }];
      }
      case "attempt": {
        const { report } = event;
        return [{ type: "attempt", report: { ...report, call: report.call + this.#record.callsBefore } }];
      }
      case "tool_run":
        return [event];
      case "completed":
        return [];
    }
  }

  #isForReader(part: ChatEvent): boolean {
    if (part.type === "finish") {
      this.#finish.events.push(part);
      return false;
    }
    if (part.type !== "tool_call") return true;
    if (part.name !== undefined && this.#options.tools.has(part.name)) this.#withheld.add(part.index);
    return !this.#withheld.has(part.index);
  }

  /** A round is over: its calls are run, or it was the last one. */
  #complete(completed: RunEvent & { type: "completed" }): RunEvent[] {
    this.#finish.completed = completed;
    const [choice] = this.#answer.build().choices;
    const message =
      choice === undefined ? undefined : messageOf(choice, this.#usedIds, this.#options.randomHex);
    const calls = message === undefined ? [] : callsIn(message);
    const own = RoundCalls.of(calls, this.#options);
    this.#hasClientCalls = own.count < calls.length;
    // Without leave to call tools, an engine that calls one all the same is not asked again.
    if (message === undefined || own.count === 0 || this.#isOver()) return this.#completed(own.count > 0);
    this.#messages.push(message);
    this.#isLast = own.asks || this.#hasClientCalls;
    return this.#start(own);
  }

  #start(calls: RoundCalls): RunEvent[] {
    this.#calls = calls;
    return calls.start(this.#abort.signal, (text) => this.#bounded(text));
  }

  async #waitForCall(calls: RoundCalls): Promise<RunEvent[]> {
    const event = await calls.next();
    if (this.#abort.signal.aborted) throw abortError(this.#abort.signal);
    if (event !== undefined) return [event];
    this.#calls = undefined;
    if (this.#isLast) return this.#completed(true);
    insertResults(this.#messages, calls.messages());
    return [];
  }

  /** @param hasOwnCalls the last engine has called tools of the gateway's, of which the reader's API knows nothing. */
  #completed(hasOwnCalls: boolean): RunEvent[] {
    const { events, completed } = this.#finish;
    this.#end("completed");
    if (!hasOwnCalls || this.#hasClientCalls) return [...answerEvents(events), completed];
    const stopped = { reason: "stop", native: "stop" } as const;
    const ends = events.map((event) => (event.type === "finish" ? { ...event, ...stopped } : event));
    return [...answerEvents(ends), { ...completed, ...stopped }];
  }

  #bounded(text: string): string {
    const { resultCharacters } = this.#options.limits;
    const room = Math.min(resultCharacters, Math.max(0, this.#charactersLeft));
    this.#charactersLeft -= text.length;
    if (text.length <= room) return text;
    return `${truncate(text, Math.max(1, room))}\n[The result has ${text.length} characters; the rest is left out.]`;
  }
}

function noFinish(): Finish {
  return { events: [], completed: { type: "completed", reason: "stop", native: "stop" } };
}

function mustCall({ toolChoice }: ChatRequest): boolean {
  if (toolChoice === "required") return true;
  if (typeof toolChoice !== "object") return false;
  return toolChoice.type === "tool" || toolChoice.required;
}

/** Each result behind the message with its call, before what the user has said since. */
function insertResults(messages: ChatMessage[], results: readonly ToolMessage[]): void {
  for (const result of results) {
    const at = messages.findLastIndex((message) =>
      callsIn(message).some(({ id }) => id === result.toolCallId),
    );
    let end = at + 1;
    while (messages[end]?.role === "tool") end += 1;
    messages.splice(end, 0, result);
  }
}

/** The same results for every round. */
function once(webResults: WebResults | undefined): WebResults | undefined {
  if (webResults === undefined) return undefined;
  let results: ReturnType<WebResults> | undefined;
  return (within) => {
    results ??= webResults(within);
    return results;
  };
}
