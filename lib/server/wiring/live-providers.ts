import type { Providers } from "#lib/server/wiring/providers.ts";

/**
 * The modes and providers that are in use: the one owner of what the configuration says about them. Each state is
 * immutable and replaced as a whole. A request reads `current` once and keeps it to its end.
 */
export class LiveProviders {
  #current: Providers;

  constructor(providers: Providers) {
    this.#current = providers;
  }

  get current(): Providers {
    return this.#current;
  }
}
