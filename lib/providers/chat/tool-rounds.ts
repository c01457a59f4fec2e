import type { ChatMessage, ChatRequest } from "#lib/chat/request.ts";
import { inWords, RoundCalls } from "#lib/providers/chat/round-calls.ts";
import {
  callsIn,
  idsIn,
  insertResults,
  messageOf,
  mustCall,
  ResultRoom,
} from "#lib/providers/chat/round-messages.ts";
import { RoundReader } from "#lib/providers/chat/round-reader.ts";
import { type RoundsRecord, roundsRecord } from "#lib/providers/chat/rounds-record.ts";
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
import { sharedResults } from "#lib/providers/chat/web-supply.ts";
import { abortError, clientClosed } from "#lib/providers/failures/run-errors.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { linkAbort, NO_LONGER_NEEDED } from "#lib/shared/abort.ts";
import { GatewayError } from "#lib/shared/errors.ts";

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
  const rounds = roundsRecord();
  return { events: new Rounds(options, effects, rounds), record: rounds.record };
}

type Step = IteratorResult<RunEvent[], void>;

const END: Step = { done: true, value: undefined };

class Rounds implements RunEvents {
  readonly #options: ToolRoundsOptions;
  readonly #effects: RunEffects;
  readonly #record: RoundsRecord;
  readonly #abort: AbortController;
  readonly #unlink: () => void;
  /** No tool is called after this, monotonic milliseconds. */
  readonly #until: number;
  readonly #webResults: WebResults | undefined;
  readonly #messages: ChatMessage[];
  readonly #usedIds: Set<string>;
  /** Engines that broke off in a round of which the reader has nothing. */
  readonly #broken = new Set<string>();
  readonly #room: ResultRoom;
  /** What the client has decided about has been seen to. */
  #hasDecided: boolean;
  #rounds = 0;
  /** The round whose answer is read, or whose calls are run. */
  #round: RoundReader | undefined;
  #calls: RoundCalls | undefined;
  /** The answer ends with the calls that are run. */
  #isLast = false;
  /** The round has called tools of the reader's. */
  #hasOthers = false;
  #announced: Engine | undefined;
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
    this.#room = new ResultRoom(options.limits);
    this.#messages = [...options.request.messages];
    this.#usedIds = idsIn(this.#messages);
    this.#webResults = sharedResults(options.webResults);
    this.#hasDecided = options.decisions.length === 0;
  }

  [Symbol.asyncIterator] = (): RunEvents => this;

  next(): Promise<Step> {
    const step = this.#step();
    this.#pending = step;
    return step;
  }

  /** The reader has gone: what is under way is stopped. */
  async return(): Promise<Step> {
    if (this.#ended) return END;
    const { signal } = this.#options;
    this.#abort.abort(signal.aborted ? signal.reason : clientClosed());
    await this.#round?.run.events.return();
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
      if (!signal.aborted) {
        this.#end("failed");
        throw error;
      }
      const reason = abortError(signal);
      this.#end(reason.code === "client_closed_request" ? "cancelled" : "interrupted");
      throw reason;
    }
  }

  #end(state: "completed" | "failed" | "cancelled" | "interrupted"): void {
    this.#ended = true;
    this.#record.record.state = state;
    this.#unlink();
    // A tool that still runs is for nobody.
    if (state !== "completed") this.#abort.abort(NO_LONGER_NEEDED);
  }

  async #advance(): Promise<RunEvent[]> {
    if (this.#calls !== undefined) return this.#waitForCall(this.#calls);
    if (this.#round !== undefined) return this.#read(this.#round);
    if (!this.#hasDecided) {
      this.#hasDecided = true;
      const decided = RoundCalls.decided(this.#messages.flatMap(callsIn), this.#options);
      if (decided.count > 0) return this.#start(decided);
    }
    this.#rounds += 1;
    this.#ask();
    return [];
  }

  /** Asks the chain for the answer of this round, the engine of the last one first. */
  #ask(): void {
    if (this.#abort.signal.aborted) throw abortError(this.#abort.signal);
    const engines = this.#options.engines.filter(({ id }) => !this.#broken.has(id));
    const first = engines.filter(({ id }) => id === this.#record.record.engine?.id);
    const options = {
      ...this.#options,
      engines: [...first, ...engines.filter((engine) => !first.includes(engine))],
      request: this.#request(),
      signal: this.#abort.signal,
      ...(this.#webResults === undefined ? {} : { webResults: this.#webResults }),
    };
    const run = runChat(options, this.#effects);
    this.#record.add(run.record);
    this.#round = new RoundReader(run, this.#options.tools, this.#record.callsBefore);
  }

  #request(): ChatRequest {
    const request: ChatRequest = { ...this.#options.request, messages: [...this.#messages] };
    if (this.#isOver()) request.toolChoice = "none";
    // A forced call is made once: forced again, the model could never answer.
    else if (this.#rounds > 1 && mustCall(request)) request.toolChoice = "auto";
    return request;
  }

  /** No tool is called any more. */
  #isOver(): boolean {
    const { rounds } = this.#options.limits;
    return this.#rounds >= rounds || this.#room.isEmpty || this.#effects.clock.now() >= this.#until;
  }

  async #read(round: RoundReader): Promise<RunEvent[]> {
    try {
      const { events, isOver } = await round.next();
      const passed = events.filter((event) => this.#isNews(event));
      return isOver ? [...passed, ...this.#complete(round)] : passed;
    } catch (error) {
      if (!this.#canReplace(round, error)) throw error;
      this.#ask();
      return [];
    }
  }

  /** Whether the round has broken off so that other engines can be asked for it: the reader has nothing of it. */
  #canReplace({ run, hasText }: RoundReader, error: unknown): boolean {
    const { engine } = run.record;
    const isBroken = error instanceof GatewayError && error.code === "stream_interrupted";
    if (!isBroken || engine === undefined || hasText || this.#abort.signal.aborted) return false;
    this.#broken.add(engine.id);
    return this.#options.engines.some(({ id }) => !this.#broken.has(id));
  }

  /** An engine that goes on is not announced again. */
  #isNews(event: RunEvent): boolean {
    if (event.type !== "engine") return true;
    const isNew = this.#announced?.id !== event.engine.id;
    this.#announced = event.engine;
    return isNew;
  }

  /** A round is over: its calls are run, or it was the last one. */
  #complete(round: RoundReader): RunEvent[] {
    const choice = round.choice();
    const message = choice === undefined ? undefined : messageOf(choice, this.#usedIds, this.#options);
    const calls = message === undefined ? [] : callsIn(message);
    const own = RoundCalls.of(calls, this.#options);
    this.#hasOthers = own.count < calls.length;
    // Without leave to call tools, an engine that calls one all the same is not asked again.
    if (message === undefined || own.count === 0 || this.#isOver()) {
      this.#end("completed");
      return round.end({ stops: own.count > 0 && !this.#hasOthers });
    }
    this.#messages.push(message);
    this.#isLast = own.asks || this.#hasOthers;
    return this.#start(own);
  }

  #start(calls: RoundCalls): RunEvent[] {
    this.#calls = calls;
    const events = calls.start(this.#abort.signal, (text) => this.#room.take(text));
    const asked = inWords(events, this.#options.askInWords);
    if (asked === "") return events;
    this.#record.say(asked);
    return [...events, ...answerEvents([{ type: "text", text: asked }])];
  }

  async #waitForCall(calls: RoundCalls): Promise<RunEvent[]> {
    const event = await calls.next();
    if (this.#abort.signal.aborted) throw abortError(this.#abort.signal);
    if (event !== undefined) return [event];
    this.#calls = undefined;
    const round = this.#round;
    this.#round = undefined;
    if (!this.#isLast) {
      insertResults(this.#messages, calls.messages());
      return [];
    }
    this.#end("completed");
    return round?.end({ stops: !this.#hasOthers }) ?? [];
  }
}
