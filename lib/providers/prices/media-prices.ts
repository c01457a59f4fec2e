import type { Price } from "#lib/providers/prices/price.ts";

/** The day on which the prices below were read. */
export const MEDIA_PRICES_AS_OF = "2026-11-22";

/**
 * List prices of models that hear, speak or draw, which the price library does not have. Their providers have free
 * allowances: they are billed only if the operator says so (`PAID_PROVIDERS`). Sources: docs/PROVIDERS.md.
 * An image counts as one of 1024 by 1024.
 */
const MEDIA_PRICES: Readonly<Record<string, Price>> = {
  "cloudflare/@cf/myshell-ai/melotts": { input: 0, output: 0, audioMinute: 0.0002 },
  "cloudflare/@cf/openai/whisper": { input: 0, output: 0, audioMinute: 0.00045 },
  "cloudflare/@cf/openai/whisper-large-v3-turbo": { input: 0, output: 0, audioMinute: 0.00051 },
  "cloudflare/@cf/black-forest-labs/flux-1-schnell": { input: 0, output: 0, image: 0.00064 },
  "cloudflare/@cf/black-forest-labs/flux-2-klein-4b": { input: 0, output: 0, image: 0.00115 },
  "cloudflare/@cf/black-forest-labs/flux-2-klein-9b": { input: 0, output: 0, image: 0.015 },
  // OpenAI bills its newer models by the token, and gives this for what a minute comes to.
  "openai/gpt-4o-mini-transcribe": { input: 0, output: 0, audioMinute: 0.003 },
  "openai/gpt-4o-mini-transcribe-2025-12-15": { input: 0, output: 0, audioMinute: 0.003 },
  "openai/gpt-4o-transcribe": { input: 0, output: 0, audioMinute: 0.006 },
  "openai/whisper-1": { input: 0, output: 0, audioMinute: 0.006 },
  "gemini-grounded/gemini-3.8-flash-lite-tts": { input: 0.5, output: 6 },
  "openai/gpt-4o-mini-tts": { input: 0.6, output: 0, audioMinute: 0.015 },
  "groq/whisper-large-v3": { input: 0, output: 0, audioMinute: 0.00185 },
  "groq/whisper-large-v3-turbo": { input: 0, output: 0, audioMinute: 0.000667 },
};

/** The list price of a model that hears, speaks or draws; undefined if it is not known. */
export function mediaPrice(provider: string, model: string): Price | undefined {
  const name = `${provider}/${model}`;
  return Object.hasOwn(MEDIA_PRICES, name) ? MEDIA_PRICES[name] : undefined;
}
