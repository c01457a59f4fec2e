/** The page for signing in, which comes back to this one. Only a browser knows the whole address. */
export function signInPath(): string {
  return `/sign-in?next=${encodeURIComponent(`${location.pathname}${location.search}`)}`;
}
