import { type SseMessage, SseReader } from "#lib/streaming/sse-reader.ts";
import { fc } from "./properties.ts";

/** Streams up to this many bytes are cut at every single place. */
const SMALL = 8_192;
const RANDOM_CHUNKINGS = 40;
const SEED = 20_261_122;

/** The bytes as the network might deliver them: a way of cutting, and the pieces. */
export type Chunking = { name: string; chunks: Uint8Array[] };

function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = [...new Set(places)].sort((a, b) => a - b);
  const chunks: Uint8Array[] = [];
  let from = 0;
  for (const place of [...sorted, bytes.length]) {
    chunks.push(bytes.subarray(from, place));
    from = place;
  }
  return chunks;
}

/** Seeded random cuts, a few and many, so that a failure can be repeated. */
function randomChunkings(length: number): number[][] {
  const places = fc.array(fc.integer({ min: 0, max: length }), { minLength: 1, maxLength: 200, size: "max" });
  return fc.sample(places, { numRuns: RANDOM_CHUNKINGS, seed: SEED });
}

/** Whole, byte by byte, and cut in two at every place (large streams: at seeded random places). */
export function* chunkings(bytes: Uint8Array): Generator<Chunking> {
  yield { name: "whole", chunks: [bytes] };
  yield { name: "byte by byte", chunks: Array.from(bytes, (_, index) => bytes.subarray(index, index + 1)) };
  if (bytes.length <= SMALL) {
    for (let place = 1; place < bytes.length; place++) {
      yield { name: `cut at ${place}`, chunks: cut(bytes, [place]) };
    }
    return;
  }
  for (const places of randomChunkings(bytes.length)) {
    yield { name: `cut at ${places.join(",")}`, chunks: cut(bytes, places) };
  }
}

/** What a fresh reader makes of the chunks; `atEnd` adds what it holds when the stream ends. */
export function readMessages(chunks: readonly Uint8Array[], atEnd: boolean): SseMessage[] {
  const reader = new SseReader();
  const messages = chunks.flatMap((chunk) => reader.push(chunk));
  return atEnd ? messages.concat(reader.end()) : messages;
}
