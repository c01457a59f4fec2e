import { strictAnthropic } from "./anthropic-upstream.ts";
import { strictGemini } from "./gemini-upstream.ts";
import { strictOpenAi } from "./openai-upstream.ts";
import { strictOwn } from "./own-upstream.ts";
import type { StrictUpstream } from "./strict-upstream.ts";

export const STRICT_KINDS = ["openai", "anthropic", "gemini", "own"] as const;
export type StrictKind = (typeof STRICT_KINDS)[number];

/** The four strict upstreams. Each is made anew, so that its refusals are its own. */
export const STRICT: Readonly<Record<StrictKind, () => StrictUpstream>> = {
  openai: strictOpenAi,
  anthropic: strictAnthropic,
  gemini: strictGemini,
  own: strictOwn,
};
