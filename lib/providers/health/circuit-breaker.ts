/** Opens after this many failures in a row… */
const FAILURES_IN_A_ROW = 5;
/** …or when more than half of at least this many outcomes within the window failed. */
const MIN_OUTCOMES = 5;
const WINDOW_SLOTS = 60;
const SLOT_MS = 1_000;
const FIRST_OPEN_MS = 5_000;
const MAX_OPEN_MS = 10_000;
/** After a probe that took long to fail, the shortest pause before the next one. */
const MIN_PAUSE_MS = 2_000;

/** Until when a breaker is open (monotonic milliseconds), and its open period in milliseconds. */
export type Opening = { until: number; openForMs: number };

export type BreakerState = "closed" | "open" | "half_open";

/**
 * Allows one call, which began at `at`. `probe`: it is the one call that tests a half-open breaker. `period` counts the breaker's
 * openings and closings: the outcome of a call from an earlier period is out of date.
 */
export type Permit = { probe: boolean; period: number; at: number };

type Slot = { second: number; succeeded: number; failed: number };

/**
 * A circuit breaker over a sliding minute.
 *
 * Open, it lets nothing through for 5 s, and for 10 s after each probe that fails. Half-open, it lets one
 * probe through at a time. The pause after a probe is counted from the probe's beginning: one that an engine left
 * unanswered for seconds says nothing about the engine since. Times are monotonic milliseconds, passed in by the caller.
 */
export class CircuitBreaker {
  #slots: Slot[] = [];
  #failuresInARow = 0;
  #openedAt: number | undefined;
  #openForMs = FIRST_OPEN_MS;
  #probing = false;
  #period = 0;

  state(now: number): BreakerState {
    if (this.#openedAt === undefined) return "closed";
    return now - this.#openedAt >= this.#openForMs ? "half_open" : "open";
  }

  /** When a call could be let through, monotonic milliseconds; `now` if at once. */
  releaseAt(now: number): number {
    if (this.#openedAt === undefined) return now;
    return Math.max(now, this.#openedAt + this.#openForMs);
  }

  /**
   * A permit for one call, or undefined. While half-open, it takes the one probe: every permit must be
   * returned through `succeeded`, `failed` or `abandoned`.
   */
  tryAcquire(now: number): Permit | undefined {
    switch (this.state(now)) {
      case "closed":
        return { probe: false, period: this.#period, at: now };
      case "open":
        return undefined;
      case "half_open":
        if (this.#probing) return undefined;
        this.#probing = true;
        return { probe: true, period: this.#period, at: now };
    }
  }

  /** Whether `tryAcquire` would give a permit; does not take the probe. */
  wouldAdmit(now: number): boolean {
    return this.state(now) === "closed" || (this.state(now) === "half_open" && !this.#probing);
  }

  /** The call is being answered: a probe closes the breaker at once, before its outcome is counted. */
  answering(permit: Permit): void {
    if (!permit.probe) return;
    permit.probe = false;
    this.#close();
    permit.period = this.#period;
  }

  succeeded(permit: Permit, now: number): void {
    this.answering(permit);
    if (permit.period !== this.#period) return;
    this.#failuresInARow = 0;
    this.#slot(now).succeeded++;
  }

  failed(permit: Permit, now: number): void {
    // A probe during which another instance's probe was answered is a call from before that.
    if (permit.probe && this.#openedAt !== undefined) {
      permit.probe = false;
      this.#probing = false;
      this.#openForMs = Math.min(MAX_OPEN_MS, this.#openForMs * 2);
      this.#open(Math.max(permit.at, now + MIN_PAUSE_MS - this.#openForMs));
      return;
    }
    // The outcome of a call from before the last opening is out of date.
    if (permit.period !== this.#period) return;
    this.#failuresInARow++;
    this.#slot(now).failed++;
    if (this.#failuresInARow >= FAILURES_IN_A_ROW || this.#mostlyFailing(now)) this.#open(now);
  }

  /** The call ended without saying anything about the provider's health: a probe is returned. */
  abandoned(permit: Permit): void {
    if (!permit.probe) return;
    permit.probe = false;
    this.#probing = false;
  }

  /** The last opening; meaningless while the breaker is closed. */
  get opening(): Opening {
    return { until: (this.#openedAt ?? 0) + this.#openForMs, openForMs: this.#openForMs };
  }

  /**
   * Opens as another instance's breaker did. Returns false if this breaker stays open at least as long, or
   * if the other's opening is over. The outcome of a pending probe still counts.
   */
  learnOpen({ until, openForMs }: Opening, now: number): boolean {
    const leftMs = Math.min(until - now, MAX_OPEN_MS);
    if (leftMs <= 0 || this.releaseAt(now) >= now + leftMs) return false;
    this.#openForMs = Math.min(MAX_OPEN_MS, Math.max(FIRST_OPEN_MS, leftMs, openForMs));
    this.#open(now + leftMs - this.#openForMs);
    return true;
  }

  /**
   * Closes as another instance's breaker did, whose probe began at `at`. Returns false if this breaker is closed, or has
   * opened since.
   */
  learnClosed(at: number): boolean {
    if (this.#openedAt === undefined || this.#openedAt >= at) return false;
    this.#close();
    return true;
  }

  #close(): void {
    this.#openedAt = undefined;
    this.#openForMs = FIRST_OPEN_MS;
    this.#failuresInARow = 0;
    this.#slots = [];
    this.#probing = false;
    this.#period++;
  }

  #open(now: number): void {
    this.#openedAt = now;
    this.#period++;
  }

  #slot(now: number): Slot {
    const second = Math.floor(now / SLOT_MS);
    const last = this.#slots.at(-1);
    if (last?.second === second) return last;
    const slot: Slot = { second, succeeded: 0, failed: 0 };
    this.#slots.push(slot);
    while (this.#slots[0] !== undefined && this.#slots[0].second <= second - WINDOW_SLOTS)
      this.#slots.shift();
    return slot;
  }

  #mostlyFailing(now: number): boolean {
    const oldest = Math.floor(now / SLOT_MS) - WINDOW_SLOTS;
    let failed = 0;
    let total = 0;
    for (const slot of this.#slots) {
      if (slot.second <= oldest) continue;
      failed += slot.failed;
      total += slot.failed + slot.succeeded;
    }
    return total >= MIN_OUTCOMES && failed * 2 > total;
  }
}
