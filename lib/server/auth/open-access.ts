import type { GatewayKeyStore } from "#lib/services/identity/credentials.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** "No key was ever created" is cached for this long, milliseconds. */
const OPEN_KEPT_MS = 5_000;

/**
 * Whether the OpenAI-compatible routes accept any bearer, which they do until a gateway key has ever been
 * created. Once closed, access stays closed for as long as the process lives.
 */
export class OpenAccess {
  readonly #keys: Pick<GatewayKeyStore, "anyEverCreated">;
  readonly #clock: Clock;
  readonly #onFoundOpen: () => void;
  #isClosed = false;
  #openUntil = Number.NEGATIVE_INFINITY;
  #wasFoundOpen = false;
  #lookUp: Promise<boolean> | undefined;

  /** @param onFoundOpen called once, when access is first found open. */
  constructor(
    keys: Pick<GatewayKeyStore, "anyEverCreated">,
    clock: Clock,
    onFoundOpen: () => void = () => undefined,
  ) {
    this.#keys = keys;
    this.#clock = clock;
    this.#onFoundOpen = onFoundOpen;
  }

  /** Known to be closed; no look-up is made. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Throws `database_unavailable` if the database cannot tell. */
  async isOpen(): Promise<boolean> {
    if (this.#isClosed) return false;
    if (this.#openUntil > this.#clock.now()) return true;
    this.#lookUp ??= this.#isFoundOpen().finally(() => {
      this.#lookUp = undefined;
    });
    return this.#lookUp;
  }

  async #isFoundOpen(): Promise<boolean> {
    if (await this.#keys.anyEverCreated()) this.#isClosed = true;
    // A key may have been created in this process while the database answered.
    if (this.#isClosed) return false;
    this.#openUntil = this.#clock.now() + OPEN_KEPT_MS;
    if (!this.#wasFoundOpen) {
      this.#wasFoundOpen = true;
      this.#onFoundOpen();
    }
    return true;
  }
}
