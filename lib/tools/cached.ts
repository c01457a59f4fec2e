import { NO_LONGER_NEEDED } from "#lib/shared/abort.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type CacheOptions<Value> = {
  clock: Pick<Clock, "now">;
  /** When full, the value that was used longest ago is evicted. */
  maxEntries: number;
  /** How long a value holds from the moment it arrives, milliseconds; 0 or less: it is not kept. */
  lifeMs(value: Value): number;
};

/** The value of a key: a kept one, or what `load` fetches. Rejects as `load` does, or with the signal's reason. */
export type Cached<Value> = (
  key: string,
  signal: AbortSignal,
  load: (signal: AbortSignal) => Promise<Value>,
) => Promise<Value>;

type Loading<Value> = { value: Promise<Value>; abort: AbortController; waiting: number };

/**
 * Keeps what a source answered for as long as its data lives. Concurrent calls of one key share one request,
 * which is aborted when the last of them is. A failure is not kept.
 */
export function cached<Value>({ clock, maxEntries, lifeMs }: CacheOptions<Value>): Cached<Value> {
  const kept = new BoundedMap<string, { value: Value; until: number }>(maxEntries);
  const loading = new Map<string, Loading<Value>>();

  const start = (key: string, load: (signal: AbortSignal) => Promise<Value>): Loading<Value> => {
    const abort = new AbortController();
    const request = { value: load(abort.signal), abort, waiting: 0 };
    const end = (): void => {
      if (loading.get(key) === request) loading.delete(key);
    };
    loading.set(key, request);
    request.value.then((value) => {
      end();
      const life = lifeMs(value);
      if (life > 0) kept.set(key, { value, until: clock.now() + life });
    }, end);
    return request;
  };

  const leave = (key: string, request: Loading<Value>): void => {
    request.waiting--;
    if (request.waiting > 0) return;
    // The next call of this key must not join a request that is ending.
    if (loading.get(key) === request) loading.delete(key);
    request.abort.abort(NO_LONGER_NEEDED);
  };

  return async (key, signal, load) => {
    signal.throwIfAborted();
    const known = kept.use(key);
    if (known !== undefined && clock.now() < known.until) return known.value;
    const request = loading.get(key) ?? start(key, load);
    request.waiting++;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        leave(key, request);
        reject(signal.reason);
      };
      signal.addEventListener("abort", onAbort, { once: true });
      request.value.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
    });
  };
}
