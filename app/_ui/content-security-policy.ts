type PolicyParts = {
  nonce: string;
  isDevelopment: boolean;
  /** Where the operator's own storage keeps pictures of answers. */
  storage: readonly string[];
};

/**
 * What a page may load: our own origin's scripts and styles, marked with this answer's nonce, and nothing
 * written into the page by somebody else. Calls go to our own origin, and pictures come from there or from the
 * operator's storage, so a model's answer cannot carry a secret away in an address. What is read aloud is a blob.
 * Development evaluates code (React's error overlay) and has styles of its tools; production has neither.
 */
export function contentSecurityPolicy({ nonce, isDevelopment, storage }: PolicyParts): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ""}`,
    // Development's own tools draw themselves with style elements that have no nonce.
    `style-src 'self' ${isDevelopment ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    ["img-src 'self' data: blob:", ...storage].join(" "),
    "media-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
