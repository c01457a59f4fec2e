/** Events of several senders for one reader, which takes all that have come at once. */
export class EventQueue<Event> {
  #events: Event[] = [];
  #isClosed = false;
  #wake: (() => void) | undefined;

  push(event: Event): void {
    if (this.#isClosed) return;
    this.#events.push(event);
    this.#wake?.();
  }

  /** Nothing more comes; queued events can still be read. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  /** What has come, without waiting. */
  take(): Event[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Nothing more comes, and nothing is left. */
  get isSpent(): boolean {
    return this.#isClosed && this.#events.length === 0;
  }

  /** Resolves when there is something to take, or nothing more comes. One reader may wait at a time. */
  async arrival(): Promise<void> {
    if (this.#events.length > 0 || this.#isClosed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  /** What has come since the last call, waiting for it if need be; undefined once the queue is closed and empty. */
  async next(): Promise<Event[] | undefined> {
    while (this.#events.length === 0) {
      if (this.#isClosed) return undefined;
      await this.arrival();
    }
    return this.take();
  }
}
