import type { ModeId } from "#lib/ai-models.ts";
import { CAPABILITY_FIELDS } from "#lib/chat/capabilities.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import { sumUsage, type TokenUsage } from "#lib/chat/usage.ts";
import { eligibleEngines } from "#lib/providers/chat/eligibility.ts";
import type { ChatRun, RunEvent } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import { assertTiersAllowed, type KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { type Chain, type CompletionInput, resolveChain } from "#lib/services/engines/resolve-chain.ts";
import { NAMED_TIER, type ProxyCaller } from "#lib/services/identity/caller.ts";
import type { Ledger, LedgerTurn } from "#lib/services/ledger/ledger.ts";
import { logRunFailure } from "#lib/services/ledger/run-outcome.ts";
import { settleRun } from "#lib/services/ledger/settle-run.ts";
import type { RunInBackground } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { hash32 } from "#lib/shared/text.ts";

export type CompletionContext = {
  requestId: string;
  caller: ProxyCaller;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  inBackground: RunInBackground;
};

export type CompletionDependencies = EngineDependencies & {
  registry: Registry;
  admission: KeyAdmission;
  ledger: Ledger;
};

/** A completion whose first content is there. */
export type Completion = {
  /** The engine that answers; another one may take over later. */
  engine: Engine;
  /** Upstream calls so far, this one included. */
  attempts: number;
  /** The mode whose chain answers; undefined for an engine that the client named. */
  mode: ModeId | undefined;
  /** The client's own name for a mode, or the named engine as `provider/model`. */
  model: string;
  /** Fields of the request that the engine could not take, in OpenAI's names. */
  dropped: readonly string[];
  /**
   * The answer's events, in batches. To be read to the end, or until `abandon`. Throws `GatewayError` when
   * the answer breaks off.
   */
  next(): Promise<readonly RunEvent[] | undefined>;
  /** What has been used, complete once `next` has come to its end. */
  usage(): TokenUsage;
  /** The client is gone: stops the engines and writes the turn down. Harmless when repeated. */
  abandon(): void;
};

/**
 * Answers a request of the OpenAI-shaped routes: nothing is added to it. Resolves once an engine has
 * committed to an answer, so that no byte is sent before.
 *
 * Throws `model_not_found`, `forbidden`, `rate_limited`, `budget_exceeded`, `no_engine_configured`,
 * `engines_refused` and whatever else a run throws before its first content.
 */
export async function startCompletion(
  input: CompletionInput,
  context: CompletionContext,
  dependencies: CompletionDependencies,
): Promise<Completion> {
  const chain = await resolveChain(input, dependencies);
  assertTiersAllowed(context.caller, ...chain.tiers);
  const { engines, missing } = eligibleEngines(chain.engines, input.chat);
  if (missing !== undefined) {
    throw new GatewayError(
      "engines_refused",
      `No configured engine behind "${input.models.join(", ")}" can do what the request asks for (${missing}).`,
      { details: { param: CAPABILITY_FIELDS[missing] } },
    );
  }
  await dependencies.admission.admit(context.caller);
  const completion = new RunningCompletion(input.chat, { ...chain, engines }, context, dependencies);
  await completion.open();
  return completion;
}

class RunningCompletion implements Completion {
  readonly #chain: Chain;
  readonly #context: CompletionContext;
  readonly #dependencies: CompletionDependencies;
  readonly #run: ChatRun;
  readonly #abort = new AbortController();
  #turn: LedgerTurn | undefined;
  #head: readonly RunEvent[] | undefined;
  #opened: { engine: Engine; dropped: readonly string[]; attempts: number } | undefined;
  #settled = false;

  constructor(
    chat: ChatRequest,
    chain: Chain,
    context: CompletionContext,
    dependencies: CompletionDependencies,
  ) {
    this.#chain = chain;
    this.#context = context;
    this.#dependencies = dependencies;
    this.#run = runChat(
      {
        engines: chain.engines,
        request: chat,
        signal: this.#abort.signal,
        keySeed: hash32(chat.conversationId ?? ""),
        named: chain.named,
        ...dependencies.run,
      },
      dependencies.effects,
    );
  }

  get engine(): Engine {
    return this.#committed.engine;
  }

  get attempts(): number {
    return this.#committed.attempts;
  }

  get dropped(): readonly string[] {
    return this.#committed.dropped;
  }

  get mode(): ModeId | undefined {
    return this.#chain.origins.get(this.engine.id)?.mode;
  }

  get model(): string {
    return this.#chain.origins.get(this.engine.id)?.name ?? this.engine.id;
  }

  get #committed() {
    if (this.#opened === undefined) throw new Error("The completion has not been opened.");
    return this.#opened;
  }

  /** Runs up to the first content. */
  async open(): Promise<void> {
    const { requestId, caller } = this.#context;
    // A host may do no more for a client that has left than abort the signal.
    const { signal } = this.#context;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener("abort", this.#onAbort, { once: true });
    const tier = this.#chain.mode ?? NAMED_TIER;
    this.#turn = this.#dependencies.ledger.begin({ requestId, caller, tier });
    while (this.#opened === undefined) {
      const batch = await this.#step();
      if (batch === undefined) throw abortError(this.#context.signal);
      const [first] = batch;
      if (first?.type !== "engine") continue;
      this.#opened = { engine: first.engine, dropped: first.dropped, attempts: first.calls };
      this.#head = batch;
    }
    // Left in the very moment of the commit: nobody will read.
    if (signal.aborted) this.#settle();
  }

  next(): Promise<readonly RunEvent[] | undefined> {
    const head = this.#head;
    if (head === undefined) return this.#step();
    this.#head = undefined;
    return Promise.resolve(head);
  }

  usage(): TokenUsage {
    return sumUsage(this.#run.record.usages.map(({ usage }) => usage));
  }

  abandon(): void {
    this.#abort.abort();
    this.#settle();
  }

  readonly #onAbort = (): void => {
    this.#abort.abort(this.#context.signal.reason);
    // Before the commit the run ends by itself, and `open` throws.
    if (this.#opened !== undefined) this.#settle();
  };

  async #step(): Promise<readonly RunEvent[] | undefined> {
    try {
      const step = await this.#run.events.next();
      if (!step.done) {
        // The answer is complete with this batch: its row is written before the client can tell.
        if (this.#run.record.state === "completed") this.#settle();
        return step.value;
      }
      this.#settle();
      if (this.#run.record.state !== "completed") throw abortError(this.#context.signal);
      return undefined;
    } catch (thrown) {
      this.#settle();
      const { requestId } = this.#context;
      logRunFailure(this.#dependencies.logger, this.#run.record, thrown, { requestId });
      throw thrown;
    }
  }

  /** Writes the turn down, once, however often it is called. */
  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#context.signal.removeEventListener("abort", this.#onAbort);
    this.#context.inBackground(this.#save());
  }

  /** Turns wait together for their rows: none of them is kept in memory for a promise of its own. */
  #save(): Promise<void> {
    const { record, events } = this.#run;
    const turn = this.#turn;
    if (turn === undefined) return Promise.resolve();
    // A run that was left may still be on its way out; its record is complete when it has ended.
    const tier = this.#opened === undefined ? undefined : (this.mode ?? NAMED_TIER);
    const settle = (): Promise<void> => settleRun(turn, record, this.#dependencies, tier);
    return record.state === "running" ? events.return().then(settle) : settle();
  }
}
