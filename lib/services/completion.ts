import type { ModeId } from "#lib/ai-models.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import { sumUsage, type TokenUsage } from "#lib/chat/usage.ts";
import type { ChatRun, RunEvent, RunRecord } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import type { KeyAdmission } from "#lib/services/admission/key-admission.ts";
import { documentsToRead, type PartReader } from "#lib/services/documents/read-parts.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { Chain, CompletionInput } from "#lib/services/engines/resolve-chain.ts";
import { allowedChain, eligibleChain } from "#lib/services/engines/resolve-engines.ts";
import { NAMED_MODE, type ProxyCaller } from "#lib/services/identity/caller.ts";
import type { Ledger } from "#lib/services/ledger/ledger.ts";
import { settleRun } from "#lib/services/ledger/settle-run.ts";
import type { WaitUntil } from "#lib/services/ports.ts";
import { TrackedRun, unstartedRecord } from "#lib/services/run/tracked-run.ts";
import { hash32 } from "#lib/shared/text.ts";

export type CompletionContext = {
  requestId: string;
  /** The path of the route that was called, for the ledger. */
  route?: string | undefined;
  caller: ProxyCaller;
  /** Aborts when the client leaves. */
  signal: AbortSignal;
  waitUntil: WaitUntil;
};

export type CompletionDependencies = EngineDependencies & {
  registry: Registry;
  admission: KeyAdmission;
  ledger: Ledger;
  /** Reads documents for engines that cannot. */
  documents: PartReader;
};

/** What came of an answer at once. */
export type AnswerBatch = {
  events: readonly ChatEvent[];
  /** The answer is complete with this batch. */
  isLast: boolean;
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
   * The next stretch of the answer; undefined behind the last. To be read to the end, or until `abandon`.
   * Throws `GatewayError` when the answer breaks off.
   */
  next(): Promise<AnswerBatch | undefined>;
  /** What has been used, complete once `next` has come to its end. */
  usage(): TokenUsage;
  /** The client is gone: stops the engines and writes the turn down. Harmless when repeated. */
  abandon(): void;
};

/**
 * Answers a request of the OpenAI-compatible routes: nothing is added to it, but documents are read for engines that
 * cannot take them. Resolves once an engine has
 * committed to an answer, so that no byte is sent before.
 *
 * Throws `model_not_found`, `forbidden`, `rate_limited`, `budget_exceeded`, `no_engine_configured`,
 * `engines_refused`, `invalid_request` (a document cannot be read) and whatever else a run throws before its first content.
 */
export async function startCompletion(
  input: CompletionInput,
  context: CompletionContext,
  dependencies: CompletionDependencies,
): Promise<Completion> {
  const { caller, signal } = context;
  const { admission, documents } = dependencies;
  const asked = await allowedChain({ ...input, caller }, dependencies);
  let { chat } = input;
  const toRead = documentsToRead(chat, asked.engines);
  // Reading takes time and memory, so it counts as a request, also if it fails.
  if (toRead.length > 0) {
    await admission.admit(caller);
    const owner = caller.kind === "open" ? undefined : caller.userId;
    chat = await documents.read(chat, toRead, asked.engines, { owner, signal });
  }
  const chain = eligibleChain(asked, { ...input, chat });
  if (toRead.length === 0) await admission.admit(caller);
  const completion = new RunningCompletion(chat, chain, context, dependencies);
  await completion.open();
  return completion;
}

class RunningCompletion implements Completion {
  readonly #chain: Chain;
  readonly #run: ChatRun;
  readonly #tracked: TrackedRun<RunEvent[], RunRecord>;
  /** The batch with which an engine has committed, until it is read. */
  #head: readonly RunEvent[] | undefined;
  #opened: { engine: Engine; dropped: readonly string[]; attempts: number } | undefined;

  constructor(
    chat: ChatRequest,
    chain: Chain,
    { requestId, route, caller, signal, waitUntil }: CompletionContext,
    dependencies: CompletionDependencies,
  ) {
    this.#chain = chain;
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
    this.#run = runChat(
      {
        engines: chain.engines,
        request: chat,
        signal: this.#tracked.signal,
        keySeed: hash32(chat.conversationId ?? ""),
        named: chain.named,
        ...run,
      },
      effects,
    );
    this.#tracked.start(this.#run);
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

  /** What the turn counts as, where it was open at the start which engine answers. */
  get #tier(): string | undefined {
    return this.#opened === undefined ? undefined : (this.mode ?? NAMED_MODE);
  }

  /** Runs up to the first content. */
  async open(): Promise<void> {
    while (this.#opened === undefined) {
      const batch = await this.#tracked.next();
      // A run does not complete before an engine has committed.
      if (batch === undefined) throw new Error("The run has completed without an engine.");
      const [first] = batch;
      if (first?.type !== "engine") continue;
      this.#opened = { engine: first.engine, dropped: first.dropped, attempts: first.calls };
      this.#head = batch;
    }
  }

  async next(): Promise<AnswerBatch | undefined> {
    const batch = this.#head ?? (await this.#tracked.next());
    this.#head = undefined;
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
    events: batch.flatMap((event) => (event.type === "answer" ? event.events : [])),
    isLast: batch.at(-1)?.type === "completed",
  };
}
