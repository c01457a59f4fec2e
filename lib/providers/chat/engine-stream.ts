import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import { toEngineFailure } from "#lib/providers/call/engine-call.ts";
import { type UpstreamBody, UpstreamError } from "#lib/providers/call/upstream.ts";
import { detectBodyFormat } from "#lib/providers/chat/body-format.ts";
import { badResponse, EngineFailure } from "#lib/providers/failures/failure.ts";
import type { Decoder } from "#lib/providers/protocols/protocol.ts";
import { type LinkedAbort, NO_LONGER_NEEDED } from "#lib/shared/abort.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import type { Clock, Timer } from "#lib/shared/clock.ts";
import { ANSWER_LIMITS } from "#lib/shared/json-depth.ts";
import { JsonScan } from "#lib/shared/json-scan.ts";
import { decodeLenient } from "#lib/shared/text.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";

/** The longest answer, in decompressed bytes. */
const MAX_ANSWER = 16 * 1024 * 1024;
/** Frames that have already arrived are decoded as one batch, up to this many bytes. */
const BATCH_BYTES = 64 * 1024;
/** How long to wait, after the finish reason, for usage and the end mark. */
const AFTER_FINISH_MS = 1_000;

export type EngineStreamOptions = {
  body: UpstreamBody;
  decoder: Decoder;
  clock: Clock;
  /** Aborts the upstream request. */
  abort: LinkedAbort;
  /** An answer without content is valid: it may begin with the client's stop sequence. */
  emptyAnswerAllowed: boolean;
};

/**
 * One engine's answer as batches of events: what arrived together comes out together.
 *
 * Accepts a stream or one JSON body, whatever the content type says, since providers mix them up.
 * `next` returns null at the end of a complete answer and throws `EngineFailure` for a truncated one.
 */
export class EngineStream {
  readonly #options: EngineStreamOptions;
  /** Created with the first bytes of a stream: a JSON body needs none. */
  #reader: SseReader | undefined;
  #mode: "unknown" | "events" | "json" = "unknown";
  #json: Uint8Array[] = [];
  #scan: JsonScan | undefined;
  #bytes = 0;
  #hasContent = false;
  #ended = false;
  #failure: EngineFailure | undefined;
  /** When to stop waiting for what may follow the finish reason. */
  #finishBy: number | undefined;
  #idleTimer: Timer | undefined;
  /** Since when the reader has been waiting for content; undefined while it is not waiting. */
  #waitingSince: number | undefined;
  /** How long it had waited, milliseconds, before events without content were returned. */
  #waitedBefore = 0;
  /**
   * Idle timeout, milliseconds, counted only while a read is pending. Only content resets it, not
   * comments, empty deltas or sources. Infinite until the first content, which has its own timeout.
   */
  idleMs = Number.POSITIVE_INFINITY;

  constructor(options: EngineStreamOptions) {
    this.#options = options;
  }

  get usage(): TokenUsage | undefined {
    return this.#options.decoder.usage;
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

  async next(): Promise<ChatEvent[] | null> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#ended) return null;
    const out: ChatEvent[] = [];
    const { clock } = this.#options;
    const askedAt = clock.now() - this.#waitedBefore;
    try {
      while (out.length === 0 && !this.#ended) {
        const bytes = this.#options.body.poll() ?? (await this.#wait(askedAt));
        this.#waitingSince = undefined;
        if (bytes === null) this.#end(out);
        else this.#acceptBatch(bytes, out);
      }
    } catch (error) {
      this.#waitingSince = undefined;
      const failure = toEngineFailure(error, this.#options.abort.controller.signal);
      this.close();
      // Events from before the fault are valid and are returned first.
      if (out.length === 0) throw failure;
      this.#failure = failure;
    }
    // Sources are passed on, but an engine that sends nothing else counts as idle.
    this.#waitedBefore = out.some(isContent) ? 0 : clock.now() - askedAt;
    return out.length === 0 && this.#ended ? null : out;
  }

  /** Closes the upstream connection, unless the answer is complete. May be called more than once. */
  close(): void {
    if (this.#ended) return;
    const { body, abort } = this.#options;
    this.#idleTimer?.cancel();
    body.cancel();
    abort.unlink();
    abort.controller.abort(NO_LONGER_NEEDED);
  }

  /** The next bytes, or null at the end. The reader has been waiting since `askedAt`. */
  #wait(askedAt: number): Promise<Uint8Array | null> {
    const { body, decoder } = this.#options;
    if (decoder.finished) return this.#waitForRest();
    this.#waitingSince = askedAt;
    if (this.#idleTimer === undefined && Number.isFinite(this.idleMs)) this.#watch(this.idleMs);
    return body.read();
  }

  /** One timer for the whole stream instead of one per chunk: when it fires, it checks the time waited. */
  #watch(milliseconds: number): void {
    const { clock, abort } = this.#options;
    this.#idleTimer = clock.after(milliseconds, () => {
      this.#idleTimer = undefined;
      if (this.#waitingSince === undefined) return;
      const left = this.#waitingSince + this.idleMs - clock.now();
      if (left > 0) this.#watch(left);
      else abort.controller.abort(new EngineFailure({ kind: "timeout", reason: "The engine fell silent." }));
    });
  }

  /** Waits briefly for what follows the finish reason. A timeout or a fault now counts as the end. */
  async #waitForRest(): Promise<Uint8Array | null> {
    const { body, clock, abort } = this.#options;
    const now = clock.now();
    this.#finishBy ??= now + AFTER_FINISH_MS;
    const timer = clock.after(Math.max(0, this.#finishBy - now), () => body.cancel());
    try {
      return await body.read();
    } catch (error) {
      if (error instanceof UpstreamError && !abort.controller.signal.aborted) return null;
      throw error;
    } finally {
      timer.cancel();
    }
  }

  #acceptBatch(first: Uint8Array, out: ChatEvent[]): void {
    let bytes: Uint8Array | undefined = first;
    let batch = 0;
    while (bytes !== undefined) {
      batch += bytes.length;
      this.#accept(bytes, out);
      if (this.#ended || batch >= BATCH_BYTES) return;
      bytes = this.#options.body.poll();
    }
  }

  #accept(bytes: Uint8Array, out: ChatEvent[]): void {
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_ANSWER) throw badResponse("The engine's answer was too long.");
    if (this.#mode === "unknown") this.#mode = detectBodyFormat(bytes);
    if (this.#mode === "json") {
      this.#scan ??= new JsonScan(ANSWER_LIMITS);
      if (this.#scan.push(asBuffer(bytes)) !== undefined)
        throw badResponse("The engine's answer was too complex.");
      this.#json.push(bytes);
      return;
    }
    if (this.#mode === "unknown") return;
    this.#reader ??= new SseReader();
    this.#decode(this.#reader.push(bytes), out);
    if (this.#reader.overflowed) throw badResponse("The engine sent a line that was too long.");
    if (this.#options.decoder.done) this.#end(out);
  }

  #decode(messages: { event: string | undefined; data: string }[], out: ChatEvent[]): void {
    const { decoder } = this.#options;
    const from = out.length;
    try {
      for (const message of messages) {
        decoder.push(message.data, message.event, out);
        if (decoder.done) break;
      }
    } finally {
      this.#noteContent(out, from);
    }
  }

  #noteContent(out: readonly ChatEvent[], from: number): void {
    for (let index = from; index < out.length && !this.#hasContent; index++) {
      const event = out[index];
      if (event !== undefined && isContent(event)) this.#hasContent = true;
    }
  }

  #end(out: ChatEvent[]): void {
    const { decoder, body, abort, emptyAnswerAllowed } = this.#options;
    if (this.#mode === "json") {
      this.#decode([{ event: undefined, data: decodeLenient(this.#json) }], out);
      this.#json = [];
    } else if (!decoder.done) {
      // A last frame without its blank line is accepted by the decoder if it is complete.
      this.#decode(this.#reader?.end() ?? [], out);
    }
    const from = out.length;
    decoder.end(out);
    this.#noteContent(out, from);
    const finish = out.findLast((event) => event.type === "finish");
    // One complete choice does not make up for another that was cut off.
    if (finish === undefined || !(decoder.finished || decoder.done)) {
      if (this.#hasContent)
        throw new EngineFailure({ kind: "truncated", reason: "The engine's answer was cut off." });
      throw badResponse("The engine's answer was empty.");
    }
    if (!this.#hasContent) {
      if (finish.reason === "content_filter") {
        const reason = decoder.refusalReason ?? "The provider declined to answer.";
        throw new EngineFailure({ kind: "content_policy", reason });
      }
      if (finish.reason !== "length" && !(emptyAnswerAllowed && finish.reason === "stop")) {
        throw noAnswer();
      }
    }
    this.#ended = true;
    this.#idleTimer?.cancel();
    abort.unlink();
    body.release();
  }
}

function noAnswer(): EngineFailure {
  return new EngineFailure({ kind: "no_answer", reason: "The engine's answer was empty." });
}
