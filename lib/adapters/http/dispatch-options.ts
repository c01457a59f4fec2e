import { Readable } from "node:stream";
import type { UpstreamRequest } from "#lib/providers/call/upstream.ts";
import { memoized } from "#lib/shared/memo.ts";

/** A request as undici takes it. */
export type DispatchOptions = {
  origin: string;
  path: string;
  method: UpstreamRequest["method"];
  headers: Record<string, string>;
  body: string | Uint8Array | Readable | null;
};

const MAX_ADDRESSES = 1_000;

/** The parts of a URL. There are as many URLs as engines, and each is used again and again. */
const partsOf = memoized((address) => {
  const { origin, pathname, search } = new URL(address);
  return { origin, path: `${pathname}${search}` };
}, MAX_ADDRESSES);

export function dispatchOptions(request: UpstreamRequest): DispatchOptions {
  const { origin, path } = partsOf(request.url);
  const options: DispatchOptions = {
    origin,
    path,
    method: request.method,
    // Compression would delay the tokens of a stream.
    headers: {
      accept: "text/event-stream, application/json",
      "accept-encoding": "identity",
      ...request.headers,
    },
    body: request.body === undefined || isPieces(request.body) ? null : request.body,
  };
  return request.body !== undefined && isPieces(request.body) ? inPieces(options, request.body) : options;
}

function isPieces(body: string | Uint8Array | readonly Uint8Array[]): body is readonly Uint8Array[] {
  return Array.isArray(body);
}

/** Streams the pieces to the socket. Their length is known, so the request is not chunked. */
function inPieces(options: DispatchOptions, pieces: readonly Uint8Array[]): DispatchOptions {
  const length = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return {
    ...options,
    headers: { ...options.headers, "content-length": String(length) },
    body: Readable.from(pieces),
  };
}
