const API_PATH = /^\/api(?:[/?#]|$)/;
/** No escapes, no dot segments, no host: such a target needs no decoding. */
const PLAIN_TARGET = /^(?:\/[\w-][\w.-]*)*\/?(?:\?|$)/;

/**
 * Whether a request target is under `/api`, however it is written. A target that Next's router would decode to
 * an API route must not run in Next, with a gateway of its own and outside the shutdown.
 */
export function isApiTarget(target: string): boolean {
  if (API_PATH.test(target)) return true;
  if (PLAIN_TARGET.test(target)) return false;
  const url = URL.parse(target, "http://localhost");
  // The API refuses what is not a URL.
  if (url === null) return true;
  return API_PATH.test(decoded(url.pathname).replace(/^\/+/, "/"));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return path;
  }
}
