/** Where a signal keeps its request. A `WeakMap` of all signals costs some 30 µs a request. */
const REQUEST = Symbol("request");

/**
 * The signal that aborts when the client of `request` leaves, good for as long as it is held. The signal of a
 * `Request` that was made with another signal follows that one only while the request itself is held (undici
 * refers to it weakly), and what answers holds the signal alone.
 */
export function clientSignal(request: { readonly signal: AbortSignal }): AbortSignal {
  const signal: AbortSignal & { [REQUEST]?: object } = request.signal;
  signal[REQUEST] = request;
  return signal;
}
