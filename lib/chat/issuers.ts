/**
 * The issuers whose tokens have a place of their own in a public API, where the issuer's own clients look for
 * them. Tokens of all others travel packed, with their issuer's name. Conversations that clients have stored
 * hold these names: they never change.
 */
export const ISSUERS = {
  anthropic: "anthropic",
  google: "gemini-grounded",
  openRouter: "openrouter",
} as const;
