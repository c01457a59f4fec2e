/**
 * The reason of an abort that only tidies up behind something that is over. An abort without a reason makes a
 * DOMException with a stack trace each time, which costs about 0.1 ms.
 */
export const NO_LONGER_NEEDED = new Error("It is no longer needed.");

export type LinkedAbort = {
  controller: AbortController;
  /** Removes the listener: a signal that outlives many requests must not collect listeners. */
  unlink(): void;
};

/** A controller that aborts when `signal` does, with the same reason, and can also be aborted alone. */
export function linkAbort(signal: AbortSignal): LinkedAbort {
  const controller = new AbortController();
  const follow = (): void => controller.abort(signal.reason);
  if (signal.aborted) follow();
  else signal.addEventListener("abort", follow, { once: true });
  return { controller, unlink: () => signal.removeEventListener("abort", follow) };
}
