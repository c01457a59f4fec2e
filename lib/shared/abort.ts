export type LinkedAbort = {
  controller: AbortController;
  /** Stops following; a signal that outlives many requests must not collect their listeners. */
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
