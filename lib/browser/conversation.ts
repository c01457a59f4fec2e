import { ApiError, callApi, type FetchLike } from "#lib/browser/api.ts";
import { type ChatRequest, streamChat } from "#lib/browser/chat-stream.ts";
import { EventPacer } from "#lib/browser/event-pacer.ts";
import type { BrowserEvent } from "#lib/browser/events.ts";
import { decisionsOf } from "#lib/browser/tool-calls.ts";
import {
  decided,
  NEW_TURN,
  resumed,
  stopped,
  type TurnView,
  withEvents,
  withFailure,
} from "#lib/browser/turn-view.ts";
import { type Question, readTurns, savedMessages, type Turn } from "#lib/browser/turns.ts";
import { stringField } from "#lib/shared/json.ts";

export type ConversationState = {
  /** The saved conversation; undefined until the first answer begins it. */
  sessionId: string | undefined;
  turns: readonly Turn[];
  /** The MCP servers whose tools the model may call from the next question on, by their ids. */
  mcp: readonly string[];
  /** `loading` a saved conversation, or `asking`. */
  phase: "idle" | "loading" | "asking";
  /** Why a conversation could not be opened or branched. */
  error: ApiError | undefined;
};

type Effects = {
  /** The browser's `requestAnimationFrame`, or a test's. */
  nextFrame: (callback: () => void) => void;
  fetch?: FetchLike;
};

const EMPTY: ConversationState = {
  ...{ sessionId: undefined, turns: [], mcp: [], phase: "idle", error: undefined },
};

/** One conversation as a page shows it. Each change makes a new `state`, and calls whoever subscribed. */
export class Conversation {
  state: ConversationState = EMPTY;
  readonly #effects: Effects;
  readonly #listeners = new Set<() => void>();
  #asking: AbortController | undefined;
  #nextKey = 0;

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  /** Calls the listener at each change, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends what is under way, and begins a new conversation. */
  reset(): void {
    this.#leave();
    this.#set(EMPTY);
  }

  /** Opens a saved conversation. */
  async open(sessionId: string): Promise<void> {
    this.#leave();
    const loading = new AbortController();
    this.#asking = loading;
    this.#set({ ...EMPTY, sessionId, phase: "loading" });
    try {
      const path = `/api/sessions/${encodeURIComponent(sessionId)}`;
      const session = await callApi(path, { signal: loading.signal, ...this.#fetch });
      if (loading.signal.aborted) return;
      this.#set({ ...EMPTY, sessionId, turns: readTurns(session, () => this.#nextKey++) });
    } catch (error) {
      if (loading.signal.aborted) return;
      this.#set({ ...EMPTY, error: asApiError(error) });
    }
  }

  /** Asks, and shows the answer as it comes. Resolves when it has ended, however it did. */
  async send(question: Question): Promise<void> {
    if (this.state.phase === "idle") await this.#ask(question, this.#begin());
  }

  /** Chooses the MCP servers of this conversation. */
  chooseServers(ids: readonly string[]): void {
    this.#set({ ...this.state, mcp: ids });
  }

  /**
   * Allows a call of the last answer that asks for it, or refuses it. When none asks any more, the answer goes on.
   */
  async decide(callId: string, approve: boolean): Promise<void> {
    const turn = this.state.turns.at(-1);
    if (this.state.phase !== "idle" || turn === undefined) return;
    this.#change(turn.key, (view) => decided(view, callId, approve));
    const approvals = decisionsOf(this.state.turns.at(-1)?.answer.calls ?? []);
    if (approvals === undefined) return;
    const asking = this.#begin();
    this.#change(turn.key, resumed);
    const { model } = turn.question;
    await this.#answer(turn.key, { message: "", model, mcp: turn.mcp, approvals }, asking.signal);
    this.#end(asking);
  }

  /** Ends the answer that is being written. What came of it stays. */
  stop(): void {
    if (this.state.phase === "asking") this.#asking?.abort();
  }

  /**
   * Asks a question in place of the one at `index` (the same again, or an edited one). What was saved before
   * it goes into a conversation of its own, so the old one stays as it was.
   */
  async replace(index: number, question: Question): Promise<void> {
    if (this.state.phase !== "idle") return;
    const before = this.state.turns.slice(0, index);
    const isUnsaved = this.state.turns.slice(index).every(({ answer }) => savedMessages(answer) === 0);
    const asking = this.#begin();
    try {
      const sessionId = isUnsaved ? this.state.sessionId : await this.#branch(before, asking.signal);
      // The reader has stopped it, or gone to another conversation.
      asking.signal.throwIfAborted();
      this.#set({ ...this.state, sessionId, turns: before });
    } catch (error) {
      this.#end(asking, asking.signal.aborted ? undefined : asApiError(error));
      return;
    }
    await this.#ask(question, asking);
  }

  #begin(): AbortController {
    const asking = new AbortController();
    this.#asking = asking;
    this.#set({ ...this.state, phase: "asking", error: undefined });
    return asking;
  }

  /** Nothing of it is under way any more. */
  #end(asking: AbortController, error?: ApiError): void {
    if (this.#asking === asking) this.#set({ ...this.state, phase: "idle", error });
  }

  async #ask(question: Question, asking: AbortController): Promise<void> {
    const { turns, mcp } = this.state;
    const turn: Turn = { key: this.#nextKey++, question, mcp, answer: NEW_TURN };
    this.#set({ ...this.state, turns: [...turns, turn] });
    await this.#answer(turn.key, requestFor(turn), asking.signal);
    this.#end(asking);
  }

  /** The id of a new conversation with these turns; undefined if nothing of them was saved. */
  async #branch(before: readonly Turn[], signal: AbortSignal): Promise<string | undefined> {
    const { sessionId } = this.state;
    const messages = before.reduce((sum, { answer }) => sum + savedMessages(answer), 0);
    if (sessionId === undefined || messages === 0) return undefined;
    const body = { from: { id: sessionId, messages } };
    return stringField(
      await callApi("/api/sessions", { method: "POST", body, signal, ...this.#fetch }),
      "id",
    );
  }

  async #answer(key: number, request: ChatRequest, signal: AbortSignal): Promise<void> {
    const { sessionId } = this.state;
    const inSession = sessionId === undefined ? request : { ...request, sessionId };
    const pacer = new EventPacer<BrowserEvent>(
      (events) => this.#change(key, (view) => withEvents(view, events)),
      this.#effects.nextFrame,
    );
    try {
      const options = { signal, ...this.#fetch };
      for await (const events of streamChat(inSession, options)) pacer.add(events);
      pacer.flush();
    } catch (error) {
      pacer.flush();
      const failure = signal.aborted ? undefined : asApiError(error);
      this.#change(key, (view) => (failure === undefined ? stopped(view) : withFailure(view, failure)));
    }
  }

  #change(key: number, change: (view: TurnView) => TurnView): void {
    const at = this.state.turns.findIndex((turn) => turn.key === key);
    const turn = this.state.turns[at];
    // The reader has gone to another conversation.
    if (turn === undefined) return;
    const answer = change(turn.answer);
    // A conversation that this turn began is not kept if the turn delivers nothing: its id leads nowhere.
    const hasEnded = answer.state === "failed" || answer.state === "stopped";
    const hasNothing = hasEnded && savedMessages(answer) === 0;
    const isKept = !hasNothing || answer.sessionId === undefined;
    const sessionId = answer.sessionId ?? this.state.sessionId;
    this.#set({
      ...this.state,
      sessionId: isKept ? sessionId : undefined,
      turns: this.state.turns.with(at, { ...turn, answer }),
    });
  }

  #leave(): void {
    this.#asking?.abort();
    this.#asking = undefined;
  }

  #set(state: ConversationState): void {
    this.state = state;
    for (const listener of this.#listeners) listener();
  }

  get #fetch(): { fetch?: FetchLike } {
    return this.#effects.fetch === undefined ? {} : { fetch: this.#effects.fetch };
  }
}

function requestFor({ question: { text, model, files }, mcp }: Turn): ChatRequest {
  return {
    message: text,
    model,
    ...(files.length === 0 ? {} : { files: files.map(({ id }) => ({ id })) }),
    ...(mcp.length === 0 ? {} : { mcp }),
  };
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}
