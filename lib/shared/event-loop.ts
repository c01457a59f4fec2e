/**
 * Work on a longer text or body takes so long that it should be done in steps, so that other requests run in
 * between. Characters or bytes.
 */
export const LARGE_BODY = 256 * 1024;

/** Resolves after everything that was waiting for the event loop has run. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
