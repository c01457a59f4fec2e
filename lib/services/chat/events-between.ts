import type { Answering } from "#lib/services/chat/answerer.ts";
import type { EventQueue } from "#lib/services/chat/event-queue.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

type Events = Answering["events"];
type Step = Awaited<ReturnType<Events["next"]>>;

/** An answer's events, with what others tell while it is under way: at once, and before what follows from it. */
export class EventsBetween implements Events {
  readonly #answer: Events;
  readonly #told: EventQueue<NativeEvent>;
  /** The next step of the answer, which has been asked for. */
  #step: Promise<Step> | undefined;

  constructor(answer: Events, told: EventQueue<NativeEvent>) {
    this.#answer = answer;
    this.#told = told;
  }

  async next(): Promise<Step> {
    if (this.#told.isSpent && this.#step === undefined) return this.#answer.next();
    this.#step ??= this.#answer.next();
    // An answer that fails does not take with it what was told before.
    await Promise.race([Promise.allSettled([this.#step]), this.#told.arrival()]);
    const told = this.#told.take();
    if (told.length > 0) return { done: false, value: told };
    const step = await this.#step;
    this.#step = undefined;
    return step;
  }

  return(): Promise<unknown> {
    return this.#answer.return();
  }
}
