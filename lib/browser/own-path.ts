/**
 * A path of our own pages that somebody is sent to; `/` for everything else. An address of another site, or
 * one that a browser would take for it (`//evil.example`, `/\evil.example`), never passes.
 */
export function ownPath(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])[^\\\u0000-\u0020\u007f]*$/.test(next)) return "/";
  const url = new URL(next, "http://own.invalid");
  // `/..//evil.example` becomes `//evil.example`, the address of another site.
  return url.origin === "http://own.invalid" && !/^\/(?:\/|api\/)/.test(url.pathname)
    ? `${url.pathname}${url.search}${url.hash}`
    : "/";
}
