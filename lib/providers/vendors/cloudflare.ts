import type { ProviderDefinition } from "#lib/providers/vendors/provider.ts";

/**
 * Workers AI: speech, transcription and images, with a free allowance a day for each account. Its chat models are not
 * offered. Sources: docs/PROVIDERS.md.
 */
export const CLOUDFLARE: ProviderDefinition = {
  id: "cloudflare",
  name: "Cloudflare Workers AI",
  protocol: "cloudflare",
  baseUrl: "https://api.cloudflare.com/client/v4",
  baseUrlEnv: "CLOUDFLARE_BASE_URL",
  credentials: {
    kind: "account",
    accountEnv: "CLOUDFLARE_ACCOUNT_ID",
    tokenEnv: "CLOUDFLARE_API_TOKEN",
    path: "/accounts/{account}",
  },
  speech: {},
  transcription: {},
  images: {},
};
