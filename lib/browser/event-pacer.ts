/**
 * Hands events on once a frame, so that a page is drawn as often as a screen shows it, however fast they
 * come.
 */
export class EventPacer<Event> {
  #waiting: Event[] = [];
  #isScheduled = false;
  readonly #show: (events: readonly Event[]) => void;
  readonly #nextFrame: (callback: () => void) => void;

  /** `nextFrame` is the browser's `requestAnimationFrame`, or a test's. */
  constructor(show: (events: readonly Event[]) => void, nextFrame: (callback: () => void) => void) {
    this.#show = show;
    this.#nextFrame = nextFrame;
  }

  add(events: readonly Event[]): void {
    this.#waiting.push(...events);
    if (this.#isScheduled || this.#waiting.length === 0) return;
    this.#isScheduled = true;
    this.#nextFrame(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  /** Hands on what waits, now: at the end of an answer, and for pages that are not shown. */
  flush(): void {
    const events = this.#waiting;
    this.#waiting = [];
    if (events.length > 0) this.#show(events);
  }
}
