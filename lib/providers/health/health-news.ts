import type { BenchLevel } from "#lib/providers/health/engine-identity.ts";

/** What news are about: a bench of some level, or a breaker. */
export type NewsLevel = BenchLevel | "model_breaker" | "origin_breaker";

/**
 * `begun`: a bench has begun or was prolonged, or a breaker has opened. `lifted`: it ended early, by an answer to a call
 * that began at `at`, monotonic milliseconds.
 */
export type NewsItem = { level: NewsLevel; id: string } & (
  | { kind: "begun" }
  | { kind: "lifted"; at: number }
);

/** Clients choose some of the model names, so no more are kept until they are taken. */
const MAX_ITEMS = 500;

/** What has changed since the other instances were told: of each entry the latest, and the oldest are taken first. */
export class HealthNews {
  readonly #items = new Map<string, NewsItem>();

  get isEmpty(): boolean {
    return this.#items.size === 0;
  }

  benched(level: NewsLevel, id: string): void {
    this.#add({ level, id, kind: "begun" });
  }

  lifted(level: NewsLevel, id: string, at: number): void {
    this.#add({ level, id, kind: "lifted", at });
  }

  /** Takes at most `max` items out. */
  take(max: number): NewsItem[] {
    const taken = [...this.#items.values()].slice(0, max);
    for (const { level, id } of taken) this.#items.delete(keyOf(level, id));
    return taken;
  }

  /** Puts back what could not be told, unless there is something newer of the same entry. */
  giveBack(items: readonly NewsItem[]): void {
    for (const item of items) if (!this.#items.has(keyOf(item.level, item.id))) this.#add(item);
  }

  #add(item: NewsItem): void {
    const key = keyOf(item.level, item.id);
    this.#items.delete(key);
    if (this.#items.size >= MAX_ITEMS) {
      const oldest = this.#items.keys().next();
      if (!oldest.done) this.#items.delete(oldest.value);
    }
    this.#items.set(key, item);
  }
}

function keyOf(level: NewsLevel, id: string): string {
  return `${level} ${id}`;
}
