import type { ApiThread } from "#lib/local-supabase/api.ts";
import type { ApiRequest } from "#lib/local-supabase/api-messages.ts";

export type RestartableApiOptions = {
  openThread(): ApiThread;
  /** The port that Postgres listens on now. */
  databasePort(): number;
  /** What a thread needs to serve `databasePort` on `port`; 0 means a free one. */
  request(databasePort: number, port: number): ApiRequest;
};

/** The Supabase API in its current thread, over the Postgres that ran when that thread began to serve. */
export class RestartableApi {
  readonly #options: RestartableApiOptions;
  #thread: ApiThread;
  #databasePort: number;

  /** @param thread opened before Postgres starts, because its packages take as long to load. */
  constructor(thread: ApiThread, options: RestartableApiOptions) {
    this.#options = options;
    this.#thread = thread;
    this.#databasePort = options.databasePort();
  }

  /** False also if Postgres came back on another port. */
  get isRunning(): boolean {
    return this.#thread.isRunning && this.#databasePort === this.#options.databasePort();
  }

  /** Resolves with the URL. Throws as `ApiThread.serve` does. */
  async serve(port: number): Promise<string> {
    this.#databasePort = this.#options.databasePort();
    return (await this.#thread.serve(this.#options.request(this.#databasePort, port))).url;
  }

  /** Serves again, from a new thread. Throws unless it gets the same URL: the gateway knows no other. */
  async restart(url: string): Promise<void> {
    await this.#thread.stop();
    this.#thread = this.#options.openThread();
    const served = await this.serve(Number(new URL(url).port));
    if (served !== url) throw new Error(`Another process listens at ${url}.`);
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }
}
