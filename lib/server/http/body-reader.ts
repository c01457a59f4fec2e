import type { BodyRoom } from "#lib/server/http/body-budget.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { JSON_LIMITS } from "#lib/shared/json-depth.ts";
import { type JsonExcess, JsonScan } from "#lib/shared/json-scan.ts";

export const MEGABYTE = 1024 * 1024;

/** Memory that parsed JSON takes beside its text, bytes; measured generously. */
const BYTES_PER_VALUE = 32;
const BYTES_PER_KEY = 50;
const BYTES_PER_CONTAINER = 80;
/** Shorter pieces of a body are copied together: each alone costs some hundred bytes of memory. */
const SMALL_PIECE = 4 * 1024;
/** More pieces than these, of so few bytes on average, are an attack: each costs microseconds. */
const MANY_PIECES = 10_000;
const MIN_BYTES_A_PIECE = 32;
const BLOCK = 64 * 1024;

/** A request whose host delivers the body without a web stream, which costs more than all of the reading. */
export type CollectingRequest = Request & {
  /**
   * Passes each piece of the body to `take`, and resolves at its end. Rejects with what `take` throws, leaving
   * the rest to the host, and if the body breaks off.
   */
  collectBody(take: (chunk: Uint8Array) => void): Promise<void>;
};

function collectsBody(request: Request): request is CollectingRequest {
  return "collectBody" in request && typeof request.collectBody === "function";
}

/** How much of a refused body is still read, and for how long, milliseconds. */
const MAX_DISCARDED = 25 * MEGABYTE;
const DISCARD_MS = 10_000;

/** Reads one body, and checks its size, and its JSON if it is some, as it arrives. */
export class BodyReader {
  readonly #maxBytes: number;
  readonly #room: BodyRoom;
  readonly #scan: JsonScan | undefined;
  readonly #chunks: Buffer[] = [];
  /** Collects small pieces. */
  #block: Buffer | undefined;
  #blockUsed = 0;
  #bytes = 0;
  #pieces = 0;
  /** What the room holds for this body. */
  #taken = 0;
  #isGivenUp = false;

  constructor(maxBytes: number, room: BodyRoom, format: "json" | "bytes" = "json") {
    this.#maxBytes = maxBytes;
    this.#room = room;
    this.#scan = format === "json" ? new JsonScan(JSON_LIMITS) : undefined;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async read(request: Request): Promise<void> {
    const declared = Number(request.headers.get("content-length") ?? 0) || 0;
    if (declared > this.#maxBytes) throw tooLarge(this.#maxBytes);
    // Before a byte is read, so that a slow upload is refused early if there is no room for all of it.
    this.#reserve(declared);
    // A small body holds too little memory to be timed.
    if (declared > 0 && declared <= this.#room.pace.minBytes) return this.#readAll(request);
    const stalled = this.#watchPace();
    try {
      await Promise.race([this.#readAll(request), stalled.promise]);
    } finally {
      stalled.end();
    }
  }

  async #readAll(request: Request): Promise<void> {
    if (collectsBody(request)) return request.collectBody((chunk) => this.#take(chunk)).catch(brokenOff);
    if (request.body === null) return;
    const reader = request.body.getReader();
    while (true) {
      const { done, value } = await reader.read().catch(brokenOff);
      if (done) return;
      try {
        this.#take(value);
      } catch (error) {
        // Not awaited: the client may go on sending for as long as it likes.
        discardRest(reader).catch(toGatewayError);
        throw error;
      }
    }
  }

  /** Rejects once the body comes too slowly, since it holds memory that others wait for. */
  #watchPace(): { promise: Promise<never>; end: () => void } {
    const { minBytes, spanMs } = this.#room.pace;
    const { promise, reject } = Promise.withResolvers<never>();
    let before = this.#bytes;
    const timer = setInterval(() => {
      if (this.#bytes - before < minBytes) {
        this.#isGivenUp = true;
        reject(tooSlow(spanMs));
      }
      before = this.#bytes;
    }, spanMs);
    return { promise, end: () => clearInterval(timer) };
  }

  /** The body in one piece; the pieces that it came in are released. */
  whole(): Buffer {
    this.#endBlock();
    const chunks = this.#chunks.splice(0);
    const [only] = chunks;
    return only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks);
  }

  #take(bytes: Uint8Array): void {
    if (this.#isGivenUp) throw tooSlow(this.#room.pace.spanMs);
    const chunk = asBuffer(bytes);
    if (this.#bytes === 0 && chunk[0] === GZIP_MAGIC) throw notCompressed("gzip");
    this.#bytes += chunk.byteLength;
    if (this.#bytes > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (++this.#pieces > MANY_PIECES && this.#bytes < this.#pieces * MIN_BYTES_A_PIECE) {
      throw new GatewayError("invalid_request", "The body comes in too many small pieces.");
    }
    this.#reserve(this.#bytes + (this.#scan === undefined ? 0 : parsedBytes(this.#scan, chunk)));
    this.#keep(chunk);
  }

  /** The first piece is most often the only one, and is kept as it came. */
  #keep(chunk: Buffer): void {
    if (chunk.byteLength >= SMALL_PIECE || this.#chunks.length === 0) {
      this.#endBlock();
      this.#chunks.push(chunk);
      return;
    }
    if (this.#block === undefined || this.#blockUsed + chunk.byteLength > BLOCK) {
      this.#endBlock();
      this.#block = Buffer.allocUnsafeSlow(BLOCK);
    }
    this.#blockUsed += chunk.copy(this.#block, this.#blockUsed);
  }

  #endBlock(): void {
    if (this.#block !== undefined) this.#chunks.push(this.#block.subarray(0, this.#blockUsed));
    this.#block = undefined;
    this.#blockUsed = 0;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#taken) return;
    this.#room.take(bytes - this.#taken);
    this.#taken = bytes;
  }
}

/** What the JSON so far takes beside its text once it is parsed. Throws if it is too complex. */
function parsedBytes(scan: JsonScan, chunk: Buffer): number {
  const excess = scan.push(chunk);
  if (excess !== undefined) throw tooComplex(excess);
  const { values, keys, containers } = scan;
  return values * BYTES_PER_VALUE + keys * BYTES_PER_KEY + containers * BYTES_PER_CONTAINER;
}

/**
 * Reads on for a while, and discards what comes: a client whose connection is closed while it sends may never
 * see the refusal. The self-host server does this by itself.
 */
async function discardRest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const until = performance.now() + DISCARD_MS;
  let bytes = 0;
  while (bytes < MAX_DISCARDED && performance.now() < until) {
    const { done, value } = await reader.read();
    if (done) return;
    bytes += value.byteLength;
  }
  await reader.cancel();
}

/** The first byte of a gzip file; no JSON, and no UTF-8, begins with it. */
const GZIP_MAGIC = 0x1f;

/** The text for each limit of a body's JSON. */
const EXCESS: Readonly<Record<JsonExcess, string>> = {
  maxDepth: `The body is nested more than ${JSON_LIMITS.maxDepth} levels deep.`,
  maxValues: `The body has more than ${JSON_LIMITS.maxValues} values.`,
  maxKeys: `The objects of the body have more than ${JSON_LIMITS.maxKeys} keys in all.`,
  maxKeysPerObject: `An object of the body has more than ${JSON_LIMITS.maxKeysPerObject} keys.`,
};

function tooSlow(spanMs: number): GatewayError {
  return new GatewayError(
    "request_timeout",
    `The body came too slowly: less than 32 KB within ${Math.ceil(spanMs / 1_000)} s.`,
  );
}

function tooComplex(excess: JsonExcess): GatewayError {
  return new GatewayError("invalid_request", EXCESS[excess]);
}

function brokenOff(cause: unknown): never {
  if (cause instanceof GatewayError) throw cause;
  throw new GatewayError("client_closed_request", "The body broke off.", { cause });
}
export function notCompressed(encoding: string): GatewayError {
  return new GatewayError(
    "unsupported_media_type",
    `The body is compressed (${encoding.slice(0, 20)}). Send it as plain JSON, without Content-Encoding.`,
  );
}
function tooLarge(maxBytes: number): GatewayError {
  return new GatewayError(
    "payload_too_large",
    `The body may have at most ${Math.floor(maxBytes / MEGABYTE)} MB.`,
  );
}
