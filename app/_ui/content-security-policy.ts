/**
 * What a page may load: our own origin's scripts and styles, marked with this answer's nonce, and nothing
 * written into the page by somebody else. Pictures and calls go to our own origin only, so a model's answer
 * cannot carry a secret away in an address.
 * Development evaluates code (React's error overlay) and has styles of its tools; production has neither.
 */
export function contentSecurityPolicy(nonce: string, isDevelopment: boolean): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ""}`,
    // Development's own tools draw themselves with style elements that have no nonce.
    `style-src 'self' ${isDevelopment ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
