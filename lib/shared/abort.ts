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
