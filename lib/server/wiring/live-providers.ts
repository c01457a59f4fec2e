import type { Providers } from "#lib/server/wiring/providers.ts";

/** What is told when the providers have been replaced. */
type OnReplaced = (before: Providers, after: Providers) => void;

/**
 * The modes and providers that are in use: the one owner of what the configuration says about them. Each state is
 * immutable and replaced as a whole. A request reads `current` once and keeps it to its end.
 */
export class LiveProviders {
  #current: Providers;
  readonly #onReplaced: OnReplaced[] = [];

  constructor(providers: Providers) {
    this.#current = providers;
  }

  get current(): Providers {
    return this.#current;
  }

  replace(next: Providers): void {
    const before = this.#current;
    this.#current = next;
    for (const tell of this.#onReplaced) tell(before, next);
  }

  onReplaced(tell: OnReplaced): void {
    this.#onReplaced.push(tell);
  }
}
