import type { WatchedFile } from "#lib/adapters/watched-file.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** How often a file is looked at, milliseconds. With the rest before a reading a change works within 2 s. */
const LOOK_EVERY_MS = 750;

/** Where a part of the configuration comes from, and whether what is there now can be used. */
export type SourceReport = {
  /** `built-in`, `inline` (the variable holds it), or the path of a file. */
  source: string;
  /** When what is in use was read, ISO 8601. */
  loadedAt: string;
  /** Why the file as it is now is not in use, with its line; what was read before goes on. */
  error?: string;
  /** Since when, ISO 8601. */
  failedAt?: string;
};

export type ReloadedFileOptions = {
  /** The variable that names the file. */
  variable: string;
  file: WatchedFile;
  /** The text in use. */
  text: string;
  /**
   * Puts another text in use, all of it or nothing, and resolves with what has changed, for the log. Rejects with a
   * `GatewayError` that says what is wrong with it.
   */
  apply(text: string): Promise<LogFields>;
  logger: Logger;
  clock: Clock;
};

/** A file of the configuration that is read again when it changes. A mistake in it keeps what is in use. */
export class ReloadedFile {
  readonly #options: ReloadedFileOptions;
  #inUse: string;
  /** The text that was tried last, in use or not. */
  #tried: string;
  #loadedAt: number;
  #failure: { message: string; at: number } | undefined;
  /** The failure that the log has. */
  #told: string | undefined;
  /** Looks and readings, one after the other. */
  #working: Promise<void> = Promise.resolve();

  constructor(options: ReloadedFileOptions) {
    this.#options = options;
    this.#inUse = options.text;
    this.#tried = options.text;
    this.#loadedAt = options.clock.wallNow();
  }

  report(): SourceReport {
    const failure = this.#failure;
    return {
      source: this.#options.file.path,
      loadedAt: iso(this.#loadedAt),
      ...(failure === undefined ? {} : { error: failure.message, failedAt: iso(failure.at) }),
    };
  }

  /** Looks at the file again and again until the signal aborts. */
  watch(signal: AbortSignal): void {
    const { clock, logger, variable } = this.#options;
    const lookLater = (): void => {
      if (signal.aborted) return;
      timer = clock.after(LOOK_EVERY_MS, () => {
        this.#inTurn(() => this.#look())
          .catch((error: unknown) => logger.error(`The file of ${variable} could not be looked at.`, error))
          .then(lookLater);
      });
    };
    let timer: Timer | undefined;
    signal.addEventListener("abort", () => timer?.cancel(), { once: true });
    lookLater();
  }

  /** Reads the file now, and logs what came of it. Never rejects because of the file. */
  reload(): Promise<void> {
    return this.#inTurn(async () => {
      this.#told = undefined;
      const text = await this.#unlessUnreadable(() => this.#options.file.read());
      if (text === undefined) return;
      if (text === this.#inUse) this.#options.logger.info(`${this.#options.variable} is as before.`);
      await this.#use(text);
    });
  }

  async #look(): Promise<void> {
    const text = await this.#unlessUnreadable(() => this.#options.file.look());
    if (text === undefined || (text === this.#tried && text !== this.#inUse)) return;
    await this.#use(text);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#working;
    const done = Promise.allSettled([before]).then(work);
    this.#working = done;
    return done;
  }

  async #unlessUnreadable(read: () => Promise<string | undefined>): Promise<string | undefined> {
    try {
      return await read();
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  async #use(text: string): Promise<void> {
    const { variable, apply, logger, clock, file } = this.#options;
    this.#tried = text;
    if (text === this.#inUse) {
      if (this.#failure !== undefined) logger.info(`The file of ${variable} is as before its mistake.`);
      this.#failure = undefined;
      this.#told = undefined;
      return;
    }
    try {
      const changes = await apply(text);
      this.#inUse = text;
      this.#loadedAt = clock.wallNow();
      this.#failure = undefined;
      this.#told = undefined;
      logger.info(`${variable} was read again.`, { source: file.path, ...changes });
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      this.#fail(error.message);
    }
  }

  /** Logs each mistake once, however often a look finds it. */
  #fail(message: string): void {
    const { variable, logger, clock } = this.#options;
    if (this.#failure?.message !== message) this.#failure = { message, at: clock.wallNow() };
    if (this.#told === message) return;
    this.#told = message;
    logger.warn(`${variable} cannot be used as it is now; what was read before stays in use.`, {
      reason: message,
    });
  }
}

function iso(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
