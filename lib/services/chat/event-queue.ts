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

  /** What has come since the last call, waiting for it if need be; undefined once the queue is closed and empty. */
  async next(): Promise<Event[] | undefined> {
    while (this.#events.length === 0) {
      if (this.#isClosed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return this.take();
  }
}
