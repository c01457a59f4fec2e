import type { HealthMemory } from "#lib/providers/health/health-memory.ts";
import type { NewsItem } from "#lib/providers/health/health-news.ts";
import {
  type Asked,
  benchEntry,
  breakerEntry,
  readEntry,
  type SharedEntry,
} from "#lib/providers/health/shared-entry.ts";

/** What ends sooner is over before another instance knows of it. */
const MIN_SHARED_MS = 500;
/** Further entries of one answer are ignored. */
const MAX_ENTRIES = 4_000;

/** What the other instances are to be told. */
export type HealthReport = {
  entries: readonly SharedEntry[];
  /** They could not be told: it is in the next report, as far as it still holds. */
  giveBack(): void;
};

/**
 * What an instance tells others of its engines' health, and learns from them. The rules, so that what one has learned
 * makes none of the others worse:
 *
 * - Of two ends of one bench the later one counts.
 * - What may lie with the place where an instance runs is learned by instances of the same host alone.
 * - Who has had an answer to a call that began after the other's bench keeps on calling.
 * - A rate limit or breaker that an answer has ended is ended for all, unless theirs began after that call.
 * - Half-open breakers are tested by each instance for itself; what the test shows is told.
 */
export class HealthExchange {
  readonly #memory: HealthMemory;

  constructor(memory: HealthMemory) {
    this.#memory = memory;
  }

  /** Whether there is nothing to tell. */
  get isEmpty(): boolean {
    return this.#memory.news.isEmpty;
  }

  /**
   * What has changed since the last report, at most `max` entries.
   * @param host where this instance runs.
   */
  report(max: number, host: string): HealthReport {
    const { news, clock } = this.#memory;
    const items = news.take(max);
    const now = clock.now();
    return {
      entries: items.flatMap((item) => this.#entryOf(item, now, host) ?? []),
      giveBack: () => news.giveBack(items),
    };
  }

  /** Learns from others. `onBench` is not called, since who has found it out has reported it. */
  learn(entries: readonly unknown[], asked: Asked, host: string): void {
    const { benches, modelBreakers, originBreakers, clock } = this.#memory;
    const now = clock.now();
    for (const value of entries.slice(0, MAX_ENTRIES)) {
      const learnt = readEntry(value, asked, host);
      switch (learnt?.kind) {
        case undefined:
          break;
        case "bench":
          benches.learn(learnt.bench, now);
          break;
        case "breaker":
          (learnt.breaker.level === "model" ? modelBreakers : originBreakers).learn(learnt.breaker, now);
          break;
        case "lifted":
          if (learnt.level === "key_and_model") benches.lift(learnt.id, learnt.at);
          else if (learnt.level === "model_breaker") modelBreakers.lift(learnt.id, learnt.at, now);
          else if (learnt.level === "origin_breaker") originBreakers.lift(learnt.id, learnt.at, now);
      }
    }
  }

  /** Undefined for what has ended meanwhile, or is about to. */
  #entryOf(item: NewsItem, now: number, host: string): SharedEntry | undefined {
    const { level, id } = item;
    if (item.kind === "lifted") return { level, id, liftedMsAgo: Math.max(0, now - item.at) };
    const entry = this.#begunEntry(level, id, now);
    return entry !== undefined && entry.forMs >= MIN_SHARED_MS ? { ...entry, host } : undefined;
  }

  #begunEntry(level: NewsItem["level"], id: string, now: number) {
    const { benches, modelBreakers, originBreakers } = this.#memory;
    if (level !== "model_breaker" && level !== "origin_breaker") {
      const bench = benches.find(level, id, now);
      return bench && benchEntry(bench, now);
    }
    const breaker = (level === "model_breaker" ? modelBreakers : originBreakers).find(id, now);
    return breaker && breakerEntry(breaker, now);
  }
}
