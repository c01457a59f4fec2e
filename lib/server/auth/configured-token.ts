import { createHash, timingSafeEqual } from "node:crypto";

/**
 * Whether a bearer is the token that the operator has set; nothing is if none is set. Digests are compared, so that
 * neither content nor length shows in the time.
 */
export function isConfiguredToken(bearer: string | undefined, configured: string | undefined): boolean {
  if (bearer === undefined || configured === undefined) return false;
  return timingSafeEqual(digest(bearer), digest(configured));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
