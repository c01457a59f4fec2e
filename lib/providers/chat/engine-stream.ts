import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { toEngineFailure } from "#lib/providers/call/engine-call.ts";
import { type UpstreamBody, UpstreamError } from "#lib/providers/call/upstream.ts";
import { AnswerReader, type AnswerRules } from "#lib/providers/chat/answer-reader.ts";
import { IdleWatch } from "#lib/providers/chat/idle-watch.ts";
import { readLateUsage } from "#lib/providers/chat/late-usage.ts";
import { EngineFailure } from "#lib/providers/failures/failure.ts";
import type { Decoder } from "#lib/providers/protocols/protocol.ts";
import { type LinkedAbort, NO_LONGER_NEEDED } from "#lib/shared/abort.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** Frames that have already arrived are decoded as one batch, up to this many bytes. */
const BATCH_BYTES = 64 * 1024;
/**
 * How long to wait after a finish reason, milliseconds, for what may follow: content, which takes the reason
 * back, the end mark, or usage. Engines that neither send an end mark nor close must not hold the client up.
 */
const AFTER_FINISH_MS = 2_000;
/** The same where the client's last frame has a usage that is not known yet. */
const FOR_USAGE_MS = 5_000;
/** The same while nothing but the finish reason has arrived: proxies send one before the answer begins. */
const BEFORE_CONTENT_MS = 5_000;

/** Nothing more has come in time, but the body is still open. */
const QUIET = Symbol("quiet");

export type EngineStreamOptions = AnswerRules & {
  body: UpstreamBody;
  decoder: Decoder;
  clock: Clock;
  /** Aborts the upstream request. */
  abort: LinkedAbort;
  /** The client's last frame carries the usage. */
  awaitsUsage: boolean;
};

/**
 * One engine's answer as batches of events: what arrived together comes out together.
 *
 * `next` returns null at the end of a complete answer and throws `EngineFailure` for a truncated one. A finish
 * reason is provisional: the answer ends with the end mark, with the body, or when nothing more comes.
 */
export class EngineStream {
  readonly #options: EngineStreamOptions;
  readonly #reader: AnswerReader;
  #ended = false;
  #failure: EngineFailure | undefined;
  /** When the engine gave its finish reason; undefined while it has not, or has gone on since. */
  #finishedAt: number | undefined;
  /** A read that was under way when nothing more came in time. */
  #pendingRead: Promise<Uint8Array | null> | undefined;
  readonly #idle: IdleWatch;
  /** How long it had waited, milliseconds, before events without content were returned. */
  #waitedBefore = 0;
  constructor(options: EngineStreamOptions) {
    this.#options = options;
    this.#reader = new AnswerReader(options.decoder, options);
    this.#idle = new IdleWatch(options.clock, () => {
      options.abort.controller.abort(
        new EngineFailure({ kind: "timeout", reason: "The engine fell silent." }),
      );
    });
  }

  /**
   * Idle timeout, milliseconds, counted only while a read is pending. Only content resets it, not
   * comments, empty deltas or sources. Infinite until the first content, which has its own timeout.
   */
  set idleMs(milliseconds: number) {
    this.#idle.limitMs = milliseconds;
  }

  get usage(): TokenUsage | undefined {
    return this.#options.decoder.usage;
  }

  /** Tokens that the engine has written, estimated: for usage that it does not report. */
  get estimatedTokens(): number {
    return this.#reader.tokens;
  }

  /** Frames that were skipped because they were not JSON. */
  get malformed(): number {
    return this.#options.decoder.malformed;
  }

  /** The engine has sent its finish reason: no part of the answer is missing. */
  get finished(): boolean {
    return this.#ended || this.#options.decoder.finished;
  }

  /** Whether the answer is complete. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The answer is complete, but its usage may still come. See `readUsage`. */
  get usagePending(): boolean {
    return this.#pendingRead !== undefined;
  }

  /** All events of a complete answer that was not passed on yet; see `AnswerReader`. */
  mended(events: readonly ChatEvent[]): readonly ChatEvent[] {
    return this.#reader.mended(events);
  }

  async next(): Promise<ChatEvent[] | null> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) return null;
    let out: ChatEvent[] = [];
    const { clock } = this.#options;
    const askedAt = clock.now() - this.#waitedBefore;
    try {
      while (out.length === 0 && !this.#ended) {
        const bytes = this.#options.body.poll() ?? (await this.#wait(askedAt));
        this.#idle.end();
        if (bytes === QUIET) out = this.#end(out, true);
        else if (bytes === null) out = this.#end(out, false);
        else if (this.#acceptBatch(bytes, out)) out = this.#end(out, false);
      }
    } catch (error) {
      this.#idle.end();
      const failure = toEngineFailure(error, this.#options.abort.controller.signal);
      this.close();
      // Events from before the fault are valid and are returned first, but not parts of a whole.
      if (out.length === 0 || this.#reader.frames.isWhole) throw failure;
      this.#failure = failure;
    }
    const hasContent = out.some(isContent);
    if (hasContent) this.#finishedAt = undefined;
    // Sources are passed on, but an engine that sends nothing else counts as idle.
    this.#waitedBefore = hasContent ? 0 : clock.now() - askedAt;
    return out.length === 0 && this.#ended ? null : out;
  }

  /** Closes the upstream connection, unless the answer is complete. May be called more than once. */
  close(): void {
    if (this.#ended) return;
    const { body, abort } = this.#options;
    this.#idle.cancel();
    body.cancel();
    abort.unlink();
    abort.controller.abort(NO_LONGER_NEEDED);
  }

  /** Reads on for the usage of the complete answer, until the idle timeout after its finish; see `readLateUsage`. */
  async readUsage(): Promise<void> {
    const pending = this.#pendingRead;
    if (pending === undefined) return;
    const now = this.#options.clock.now();
    const left = Math.max(0, (this.#finishedAt ?? now) + this.#idle.limitMs - now);
    await readLateUsage({ ...this.#options, frames: this.#reader.frames, pending }, left);
    this.#pendingRead = undefined;
  }

  /** The next bytes, or null at the end. The reader has been waiting since `askedAt`. */
  #wait(askedAt: number): Promise<Uint8Array | null | typeof QUIET> {
    const { body, decoder } = this.#options;
    if (decoder.finished && (this.#reader.hasContent || decoder.usage !== undefined))
      return this.#waitForRest();
    this.#idle.begin(askedAt);
    return body.read();
  }

  /** Waits for what follows the finish reason. A fault now counts as the end. */
  async #waitForRest(): Promise<Uint8Array | null | typeof QUIET> {
    const { body, clock, abort } = this.#options;
    const now = clock.now();
    this.#finishedAt ??= now;
    const quiet = Promise.withResolvers<typeof QUIET>();
    const left = this.#finishedAt + Math.min(this.#patience(), this.#idle.limitMs) - now;
    const timer = clock.after(Math.max(0, left), () => quiet.resolve(QUIET));
    const read = body.read();
    this.#pendingRead = read;
    try {
      const bytes = await Promise.race([read, quiet.promise]);
      if (bytes !== QUIET) this.#pendingRead = undefined;
      // The read goes on unobserved, and may end with the connection.
      else void Promise.allSettled([read]);
      return bytes;
    } catch (error) {
      this.#pendingRead = undefined;
      if (error instanceof UpstreamError && !abort.controller.signal.aborted) return null;
      throw error;
    } finally {
      timer.cancel();
    }
  }

  /** How long to wait after the finish reason, milliseconds. */
  #patience(): number {
    const { awaitsUsage, decoder } = this.#options;
    if (!this.#reader.hasContent) return BEFORE_CONTENT_MS;
    return awaitsUsage && decoder.usage === undefined ? FOR_USAGE_MS : AFTER_FINISH_MS;
  }

  /** True if the end mark was in it. */
  #acceptBatch(first: Uint8Array, out: ChatEvent[]): boolean {
    const { decoder, body } = this.#options;
    let bytes: Uint8Array | undefined = first;
    let batch = 0;
    while (bytes !== undefined) {
      batch += bytes.length;
      this.#reader.push(bytes, out);
      if (decoder.done) return true;
      if (batch >= BATCH_BYTES) return false;
      bytes = body.poll();
    }
    return false;
  }

  /** The answer is complete: `out` with its end. `isOpen`: the body is not. */
  #end(out: ChatEvent[], isOpen: boolean): ChatEvent[] {
    const last = this.#reader.end(out, isOpen);
    this.#ended = true;
    this.#idle.cancel();
    this.#release(isOpen);
    return last;
  }

  /** The connection can serve others, unless usage may still come on it. */
  #release(isOpen: boolean): void {
    const { decoder, body, abort } = this.#options;
    if (isOpen && decoder.usage === undefined) return;
    abort.unlink();
    if (!isOpen) return body.release();
    this.#pendingRead = undefined;
    body.cancel();
  }
}
