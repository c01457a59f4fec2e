/**
 * Text or bytes beyond this take so long to work on that others should have their turn between one step and
 * the next.
 */
export const LARGE_BODY = 256 * 1024;

/** Resolves once everything that was waiting for the event loop has had its turn. */
export function othersTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
