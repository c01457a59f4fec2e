/**
 * The issuers whose tokens have their own field in a public API, where their clients expect them. Other tokens
 * are packed together with their issuer's name. Clients have stored conversations with these names, so they
 * must never change.
 */
export const ISSUERS = {
  anthropic: "anthropic",
  google: "gemini-grounded",
  openRouter: "openrouter",
} as const;
