import type { ModeId } from "#lib/ai-models.ts";
import type { ChatMessage, ChatRequest, Content } from "#lib/chat/request.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { systemPrompt, type Tone } from "#lib/prompts/system-prompt.ts";
import type { ChatRun, RunEvent } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import type { PriceBook } from "#lib/providers/cost.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { assertTiersAllowed, type KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { borrowedReason, enginesFor, type ModeEngines } from "#lib/services/engines/mode-engines.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { beginTurn } from "#lib/services/ledger/begin-turn.ts";
import type { Ledger, LedgerTurn } from "#lib/services/ledger/ledger.ts";
import { logRunFailure, runOutcome } from "#lib/services/ledger/run-outcome.ts";
import { pricesOrNone } from "#lib/services/ledger/settle-run.ts";
import type { BegunTurn, StoredMessage, TurnStore } from "#lib/services/ledger/turn-store.ts";
import { summarizeUsage, type TurnUsage } from "#lib/services/ledger/turn-usage.ts";
import type { RunInBackground } from "#lib/services/ports.ts";
import { linkAbort } from "#lib/shared/abort.ts";
import { sleep } from "#lib/shared/clock.ts";
import { type GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { hash32, truncate } from "#lib/shared/text.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

const TITLE_LENGTH = 60;
/** Characters of earlier messages that an engine gets to read. */
const MOST_HISTORY = 100_000;
/** The end of a stream waits this long for the turn to be saved, milliseconds; then it is saved behind it. */
const SETTLE_PATIENCE_MS = 1_500;

/** One message of a user to native chat, validated. */
export type ChatInput = {
  message: string;
  history: readonly StoredMessage[];
  model: ModeId | "auto";
  sessionId: string | undefined;
  /** A `data:` URL. */
  image: string | undefined;
  customInstructions: string | undefined;
  tone: Tone | undefined;
  /** The message is megabytes long, with its image and history. */
  isLarge?: boolean;
};

export type ChatContext = {
  requestId: string;
  caller: Caller;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  inBackground: RunInBackground;
};

export type ChatDependencies = EngineDependencies & {
  turns: TurnStore;
  ledger: Ledger;
  /** The limits of gateway keys. */
  keyAdmission: KeyAdmission;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
};

export type ChatTurn = {
  /** The native stream, in batches; always ends with `done` or `error`, and never throws. */
  events: AsyncGenerator<NativeEvent[], void>;
  /** The client is gone: stops the engines and saves what there is. Harmless when repeated. */
  abandon(): void;
};

/**
 * Begins a turn of native chat: counts it against the quota, loads the session, and returns the stream
 * of its answer. Nothing is asked of an engine until the stream is read.
 *
 * Throws before anything is streamed: `quota_exceeded`, `not_found` (session), `forbidden` (mode),
 * `rate_limited` and `budget_exceeded` (gateway key), `no_engine_configured`, `engines_refused` (nobody can
 * see the image), `database_unavailable`.
 */
export async function startChatTurn(
  input: ChatInput,
  context: ChatContext,
  dependencies: ChatDependencies,
): Promise<ChatTurn> {
  const routed = await enginesFor(
    { requested: input.model, hasImage: input.image !== undefined },
    dependencies,
  );
  assertTiersAllowed(context.caller, routed.wanted, routed.mode);
  await dependencies.keyAdmission.admit(context.caller);
  const settleSecret = dependencies.randomHex(32);
  const mode = dependencies.modes[routed.mode];
  const { begun, ledgerTurn } = await beginTurn(
    {
      requestId: context.requestId,
      settleSecret,
      caller: context.caller,
      tier: routed.mode,
      dailyLimit: mode.perUserDailyLimit,
      sessionId: input.sessionId,
      title: truncate(stripInvisible(input.message).replace(/\s+/g, " ").trim(), TITLE_LENGTH),
    },
    dependencies,
  );
  const turn = new Turn({ input, context, dependencies, routed, begun, ledgerTurn });
  return { events: turn.events(), abandon: () => turn.abandon() };
}

type TurnParts = {
  input: ChatInput;
  context: ChatContext;
  dependencies: ChatDependencies;
  /** The turn counts in the mode that answers; what it is about is the mode that was wanted. */
  routed: ModeEngines;
  begun: BegunTurn;
  ledgerTurn: LedgerTurn;
};

class Turn {
  readonly #parts: TurnParts;
  readonly #run: ChatRun;
  readonly #abort: ReturnType<typeof linkAbort>;
  readonly #prices: Promise<PriceBook>;
  #settled: Promise<void> | undefined;

  constructor(parts: TurnParts) {
    this.#parts = parts;
    const { context, dependencies, routed, begun } = parts;
    this.#abort = linkAbort(context.signal);
    // Loads beside the first tokens; by the end it is there.
    this.#prices = pricesOrNone(dependencies, context.requestId);
    this.#run = runChat(
      {
        engines: routed.engines,
        request: buildRequest(parts),
        signal: this.#abort.controller.signal,
        keySeed: hash32(begun.sessionId),
        ...dependencies.run,
      },
      dependencies.effects,
    );
    // A host may do no more for a client that has left than abort the signal: then nobody reads or
    // cancels the stream, and the turn ends here.
    const { signal } = this.#abort.controller;
    if (signal.aborted) this.abandon();
    else signal.addEventListener("abort", () => this.abandon(), { once: true });
  }

  async *events(): AsyncGenerator<NativeEvent[], void> {
    const { routed, begun } = this.#parts;
    try {
      const opening = this.#opening();
      if (opening.length > 0) yield opening;
      for await (const batch of this.#run.events) {
        const events = batch.flatMap(toNative);
        if (events.length > 0) yield events;
      }
      // Abandoned between two batches: the run has ended, but not with an answer.
      if (this.#run.record.state !== "completed") throw abortError(this.#parts.context.signal);
      const usage = await this.#usage();
      await this.#settleWithin(SETTLE_PATIENCE_MS);
      yield [
        usageEvent(usage, this.#run.record.engine),
        { type: "done", usage: begun.usedToday, model: routed.mode, tokensOut: usage.completionTokens },
      ];
    } catch (thrown) {
      const error = toGatewayError(thrown);
      logRunFailure(this.#parts.dependencies.logger, this.#run.record, thrown, this.#logFields());
      await this.#settleWithin(SETTLE_PATIENCE_MS);
      yield [errorEvent(error)];
    } finally {
      this.abandon();
    }
  }

  abandon(): void {
    // After a complete answer there is nothing left to abort.
    this.#abort.controller.abort();
    this.#abort.unlink();
    void this.#settle();
  }

  /** What is known before any engine is asked. */
  #opening(): NativeEvent[] {
    const { input, routed, begun, dependencies } = this.#parts;
    const opening: NativeEvent[] = [];
    if (begun.sessionCreated) opening.push({ type: "session", id: begun.sessionId });
    if (routed.mode !== input.model) {
      const { name } = dependencies.modes[routed.mode];
      const reason = borrowedReason(routed);
      opening.push({
        type: "auto_routed",
        to: routed.mode,
        label: name,
        ...(reason === undefined ? {} : { reason }),
      });
    }
    return opening;
  }

  async #usage(): Promise<TurnUsage> {
    return summarizeUsage(this.#run.record.usages, await this.#prices);
  }

  async #settleWithin(milliseconds: number): Promise<void> {
    const { clock } = this.#parts.dependencies.effects;
    const saved = new AbortController();
    const settled = this.#settle().finally(() => saved.abort());
    await Promise.race([settled, sleep(clock, milliseconds, saved.signal)]);
  }

  /** Saves the turn, once, however often it is called; goes on behind the answer when the database is slow. */
  #settle(): Promise<void> {
    if (this.#settled === undefined) {
      this.#settled = this.#save();
      this.#parts.context.inBackground(this.#settled);
    }
    return this.#settled;
  }

  async #save(): Promise<void> {
    const { dependencies, ledgerTurn, input } = this.#parts;
    const { record } = this.#run;
    try {
      // A run that was left may still be on its way out; its record is complete when it has ended.
      await this.#run.events.return();
      const conversation = { userMessage: input.message, assistantMessage: record.text };
      await ledgerTurn.end({ ...runOutcome(record, await this.#usage()), conversation });
    } catch (error) {
      dependencies.logger.error("A turn could not be saved.", error, this.#logFields());
    }
  }

  #logFields(): { requestId: string; mode: string } {
    return { requestId: this.#parts.context.requestId, mode: this.#parts.routed.mode };
  }
}

function buildRequest({ input, begun, routed, dependencies }: TurnParts): ChatRequest {
  // What the server stored cannot have been tampered with; it wins over what the client sends.
  const history = recent(begun.sessionCreated ? input.history : begun.messages).flatMap(readable);
  const messages: ChatMessage[] = [
    systemPrompt({
      mode: routed.wanted,
      tone: input.tone,
      customInstructions: input.customInstructions,
      now: dependencies.effects.clock.wallNow(),
      nonce: dependencies.randomHex(8),
    }),
    ...history,
    { role: "user", content: userContent(input) },
  ];
  const request: ChatRequest = { messages, stream: true, webSearch: true, conversationId: begun.sessionId };
  if (input.isLarge === true) request.isLarge = true;
  if (routed.wanted === "reasoner") request.reasoningEffort = "high";
  return request;
}

/**
 * The newest messages that fit: a long conversation must not outgrow every engine's context. If not even
 * the newest fits, the end of it does.
 */
function recent(history: readonly StoredMessage[]): readonly StoredMessage[] {
  let characters = 0;
  const first = history.findLastIndex((message) => {
    characters += message.content.length;
    return characters > MOST_HISTORY;
  });
  const newest = history.at(-1);
  if (newest === undefined || first < history.length - 1) return history.slice(first + 1);
  // Not from the second half of a character on.
  const end = newest.content.slice(-MOST_HISTORY).replace(/^[\udc00-\udfff]/, "");
  return [{ ...newest, content: `…${end}` }];
}

/** Providers refuse messages that say nothing. */
function readable({ role, content }: StoredMessage): StoredMessage[] {
  const text = stripInvisible(content);
  return text.trim() === "" ? [] : [{ role, content: text }];
}

function userContent(input: ChatInput): Content {
  const text = stripInvisible(input.message);
  if (input.image === undefined) return text;
  return [
    { type: "text", text },
    { type: "image", url: input.image },
  ];
}

function toNative(event: RunEvent): NativeEvent[] {
  switch (event.type) {
    case "text":
    case "refusal":
      return [{ type: "token", text: event.text }];
    case "reasoning":
      return event.text === "" ? [] : [{ type: "thinking", text: event.text }];
    case "sources":
      return [{ type: "sources", sources: event.sources }];
    case "engine":
      return [
        {
          type: "backend",
          label: event.engine.label,
          provider: event.engine.provider.id,
          model: event.engine.model,
        },
      ];
    case "attempt":
      return [{ type: "attempt", engine: event.report.engine.id, outcome: event.report.outcome }];
    // Native chat offers no tools; an engine that calls one all the same is not obeyed.
    case "tool_call":
    case "finish":
    case "completed":
      return [];
  }
}

function usageEvent(usage: TurnUsage, engine: Engine | undefined): NativeEvent {
  const event: NativeEvent & { type: "usage" } = {
    type: "usage",
    promptTokens: usage.promptTokens,
    completionTokens: usage.completionTokens,
    cachedTokens: usage.cachedTokens,
    cacheHit: usage.cachedTokens > 0,
  };
  if (engine !== undefined) event.backend = engine.provider.id;
  if (usage.costUsd !== undefined) event.costUsd = usage.costUsd;
  return event;
}

function errorEvent(error: GatewayError): NativeEvent {
  const event: NativeEvent & { type: "error" } = { type: "error", message: error.message, code: error.code };
  if (error.retryAfterSeconds !== undefined) event.retryAfter = error.retryAfterSeconds;
  return event;
}
