import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from "node:zlib";
import { type UpstreamBody, UpstreamError } from "#lib/providers/call/upstream.ts";

/** The maximum of decompressed bytes: more is a decompression bomb, or an answer that is too large to use. */
const MAX_OUTPUT = 24 * 1024 * 1024;

/**
 * Compressed bytes that are processed at a time: they expand to a thousandfold at most, so a bomb is noticed
 * before it has filled the memory.
 */
const SLICE = 4 * 1024;

/** The maximum for the web is 8 MB, two to the power of this (RFC 8878); a frame may request 128 MB. */
const MAX_ZSTD_WINDOW_LOG = 23;

type Decompressor = ReturnType<typeof createGunzip>;

function decompressorFor(encoding: string): Decompressor | undefined {
  switch (encoding) {
    case "gzip":
    case "x-gzip":
      return createGunzip();
    case "deflate":
      return createInflate();
    case "br":
      return createBrotliDecompress();
    case "zstd":
      return createZstdDecompress({
        params: { [constants.ZSTD_d_windowLogMax]: MAX_ZSTD_WINDOW_LOG },
      });
    default:
      return undefined;
  }
}

/** The decompressed body; the same object if it is not compressed. Some providers compress unasked. */
export function decompressed(body: UpstreamBody, encoding: string | undefined): UpstreamBody {
  if (encoding === undefined || encoding === "identity") return body;
  const decompressor = decompressorFor(encoding.trim().toLowerCase());
  return decompressor === undefined ? body : new DecompressedBody(body, decompressor);
}

class DecompressedBody implements UpstreamBody {
  readonly #source: UpstreamBody;
  readonly #decompressor: Decompressor;
  #queue: Buffer[] = [];
  #produced = 0;
  /** Compressed bytes that are not processed yet. */
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;
  #error: UpstreamError | undefined;

  constructor(source: UpstreamBody, decompressor: Decompressor) {
    this.#source = source;
    this.#decompressor = decompressor;
    decompressor.on("data", (chunk: Buffer) => {
      this.#produced += chunk.length;
      this.#queue.push(chunk);
      if (this.#produced > MAX_OUTPUT) this.#fail("too_large", "The provider's answer was too long.");
    });
    decompressor.on("error", (error) =>
      this.#fail("reset", "The provider's compressed answer was damaged.", error),
    );
    decompressor.on("end", () => {
      this.#ended = true;
    });
  }

  async read(): Promise<Uint8Array | null> {
    while (true) {
      const chunk = this.poll();
      if (chunk !== undefined) return chunk;
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return null;
      await this.#feed(await this.#nextSlice());
    }
  }

  async #nextSlice(): Promise<Uint8Array | null> {
    if (this.#rest.length === 0) {
      const bytes = await this.#source.read();
      if (bytes === null) return null;
      this.#rest = bytes;
    }
    const slice = this.#rest.subarray(0, SLICE);
    this.#rest = this.#rest.subarray(SLICE);
    return slice;
  }

  poll(): Uint8Array | undefined {
    return this.#queue.shift();
  }

  release(): void {
    this.#source.release();
    this.#decompressor.destroy();
  }

  cancel(): void {
    this.#source.cancel();
    this.#decompressor.destroy();
  }

  /** Writes compressed bytes, or null to end, and waits until they are processed. */
  #feed(bytes: Uint8Array | null): Promise<void> {
    return new Promise((resolve) => {
      const decompressor = this.#decompressor;
      // After an error or an early end of the compressed data, the callback of `write` is not called.
      const done = (): void => {
        decompressor.off("close", done);
        decompressor.off("end", done);
        resolve();
      };
      if (decompressor.destroyed || this.#ended) return resolve();
      decompressor.once("close", done);
      decompressor.once("end", done);
      if (bytes === null) decompressor.end();
      else decompressor.write(bytes, done);
    });
  }

  #fail(kind: "reset" | "too_large", message: string, cause?: unknown): void {
    this.#error ??= new UpstreamError(kind, message, cause);
    this.#source.cancel();
    this.#decompressor.destroy();
  }
}
