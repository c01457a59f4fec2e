import type { AgentEvent } from "#lib/streaming/agent-events.ts";

/** So many characters may wait for the client; then nobody reads on from an engine. */
const MAX_WAITING = 64 * 1024;

/** The events of all steps for one reader. Writers wait while the reader takes nothing. */
export class AgentQueue {
  #events: AgentEvent[] = [];
  #waiting = 0;
  #isClosed = false;
  #arrived = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();

  /** Resolves when there is room for more. What has ended for the reader takes everything, and drops it. */
  async push(event: AgentEvent): Promise<void> {
    if (this.#isClosed) return;
    this.#events.push(event);
    this.#waiting += lengthOf(event);
    this.#arrived.resolve();
    while (this.#waiting > MAX_WAITING && !this.#isClosed) await this.#taken.promise;
  }

  /** Nothing more comes; what is there can still be read. */
  close(): void {
    this.#isClosed = true;
    this.#arrived.resolve();
    this.#taken.resolve();
  }

  /** What has come, waiting for it if need be; undefined once the queue is closed and empty. */
  async next(): Promise<AgentEvent[] | undefined> {
    while (this.#events.length === 0) {
      if (this.#isClosed) return undefined;
      await this.#arrived.promise;
      if (!this.#isClosed) this.#arrived = Promise.withResolvers<void>();
    }
    const events = this.#events;
    this.#events = [];
    this.#waiting = 0;
    const taken = this.#taken;
    if (!this.#isClosed) this.#taken = Promise.withResolvers<void>();
    taken.resolve();
    return events;
  }
}

function lengthOf(event: AgentEvent): number {
  if (event.type === "token") return event.text.length;
  if (event.type !== "tool") return 0;
  return (event.arguments?.length ?? 0) + (event.result?.length ?? 0);
}
