import type { HealthExchange } from "#lib/providers/health/health-exchange.ts";
import type { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import type { Logger, WaitUntil } from "#lib/services/ports.ts";
import type {
  ChangedKeys,
  Instance,
  InstanceFacts,
  SharedStateStore,
  SyncAnswer,
} from "#lib/services/shared-state/shared-state-store.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** What is told at once. What is left is told a second later. */
const MAX_ENTRIES = 200;
const TIMEOUT_MS = 3_000;
/** The longest pause after failures. */
const MAX_PAUSE_MS = 10_000;
/** After this long without a request, an instance asks less often: nobody waits for what it knows. */
const IDLE_AFTER_MS = 5 * 60_000;
/** Short enough that its row is fresh. */
const IDLE_EVERY_MS = 10_000;

export type SharedStateOptions = {
  instance: InstanceFacts;
  store: SharedStateStore;
  health: HealthExchange;
  overrides: EngineOverrides;
  /** Gateway keys were changed in another process. */
  onKeysChanged(changed: ChangedKeys): void;
  clock: Clock;
  logger: Logger;
  /** Milliseconds between two refreshes; 0: one at the start, and none after it. */
  everyMs: number;
  /** The process may work when it answers nobody: it refreshes by a timer, and has a row that tells that it runs. */
  isBackground: boolean;
};

/** How the refresh is, for the operator. */
export type RefreshState = {
  /** Milliseconds since the last success; undefined before the first. */
  refreshedMsAgo: number | undefined;
  /** Why the last one failed; undefined if it did not. */
  failure: string | undefined;
};

/**
 * Tells other instances what this one has found out about engines and keys, and learns what they have, which overrides
 * apply and which gateway keys have changed: one call of the database, at most once a second, which no request waits
 * for. While the database is unavailable, the instance goes on with what it knows.
 */
export class SharedState {
  readonly #options: SharedStateOptions;
  #cursor = 0;
  #keyCursor: string | undefined;
  /** When the last refresh began and the last request came, monotonic milliseconds. */
  #begunAt = Number.NEGATIVE_INFINITY;
  #requestedAt: number;
  #succeededAt: number | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  #failure: string | undefined;
  readonly #closed = new AbortController();

  constructor(options: SharedStateOptions) {
    this.#options = options;
    this.#requestedAt = options.clock.now();
  }

  /** If the process may work in the background: the first refresh begins now, and others follow by a timer. */
  start(): void {
    const { isBackground, everyMs } = this.#options;
    if (!isBackground) return;
    void this.#refresh();
    if (everyMs > 0) this.#wait();
  }

  /** A request has come: refreshes if it is time to, without being waited for. */
  beside(waitUntil: WaitUntil): void {
    const { clock, everyMs } = this.#options;
    const isDone = everyMs === 0 && this.#begunAt > 0;
    if (isDone) return;
    this.#requestedAt = clock.now();
    if (this.#running === undefined && this.#requestedAt >= this.#dueAt()) waitUntil(this.#refresh());
  }

  get instanceId(): string {
    return this.#options.instance.id;
  }

  /** Those that run, as the database has it. Throws what the store throws. */
  instances(): Promise<readonly Instance[]> {
    return this.#options.store.instances();
  }

  get state(): RefreshState {
    const { clock } = this.#options;
    const at = this.#succeededAt;
    const refreshedMsAgo = at === undefined ? undefined : Math.round(clock.now() - at);
    return { refreshedMsAgo, failure: this.#failure };
  }

  close(): void {
    this.#closed.abort();
  }

  #wait(): void {
    const { clock, everyMs } = this.#options;
    clock.after(Math.min(everyMs, Math.max(1, this.#dueAt() - clock.now())), () => {
      if (this.#closed.signal.aborted) return;
      if (this.#running === undefined && clock.now() >= this.#dueAt()) void this.#refresh();
      this.#wait();
    });
  }

  /** When the next refresh may begin, monotonic milliseconds. */
  #dueAt(): number {
    const { clock, everyMs } = this.#options;
    if (this.#failures > 0) {
      const pauseMs = Math.min(MAX_PAUSE_MS, everyMs * 2 ** Math.min(this.#failures - 1, 20));
      return this.#begunAt + Math.max(pauseMs, everyMs);
    }
    const isIdle = clock.now() - this.#requestedAt > IDLE_AFTER_MS && this.#options.health.isEmpty;
    return this.#begunAt + (isIdle ? Math.max(IDLE_EVERY_MS, everyMs) : everyMs);
  }

  /** Never rejects. */
  #refresh(): Promise<void> {
    this.#begunAt = this.#options.clock.now();
    this.#running = this.#sync()
      .then(() => this.#succeeded())
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#running = undefined;
      });
    return this.#running;
  }

  async #sync(): Promise<void> {
    const { store, health, overrides, instance, isBackground, clock } = this.#options;
    const report = health.report(MAX_ENTRIES, instance.host);
    const overrideVersion = overrides.version;
    const sentAt = clock.now();
    let answer: SyncAnswer;
    try {
      answer = await store.sync(
        {
          instance,
          isLeased: isBackground,
          entries: report.entries,
          cursor: this.#cursor,
          overrideVersion,
          keyCursor: this.#keyCursor,
        },
        AbortSignal.any([this.#closed.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      );
    } catch (error) {
      report.giveBack();
      throw error;
    }
    this.#cursor = answer.cursor;
    health.learn(answer.entries, { sentAt, receivedAt: clock.now() }, instance.host);
    // An administrator may have changed them here since the question was sent.
    if (answer.overrides !== undefined && overrides.version === overrideVersion) {
      overrides.replace(answer.overrides);
    }
    this.#keysChanged(answer.keys);
  }

  #keysChanged(keys: SyncAnswer["keys"]): void {
    if (keys === undefined) return;
    this.#keyCursor = keys.cursor;
    const { changed } = keys;
    if (changed === "all" || changed.length > 0) this.#options.onKeysChanged(changed);
  }

  #succeeded(): void {
    if (this.#failures > 0) this.#options.logger.info("Instances share their state again.");
    this.#failures = 0;
    this.#failure = undefined;
    this.#succeededAt = this.#options.clock.now();
  }

  #failed(error: unknown): void {
    if (this.#closed.signal.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#failures === 0) {
      const message = "Instances do not share their state: each goes on with what it knows.";
      this.#options.logger.warn(message, { reason });
    }
    this.#failures++;
    this.#failure = reason;
  }
}
