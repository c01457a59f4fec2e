import { abortError } from "#lib/providers/failures/run-errors.ts";

/** Work that is shared with others: whoever leaves stops waiting for it, and it goes on. */
export async function whileWanted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  if (signal.aborted) throw abortError(signal);
  const { promise, reject } = Promise.withResolvers<never>();
  const leave = (): void => reject(abortError(signal));
  signal.addEventListener("abort", leave, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
