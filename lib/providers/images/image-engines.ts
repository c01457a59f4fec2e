import type { EngineSpec } from "#lib/ai-models.ts";
import { CLOUDFLARE } from "#lib/providers/vendors/cloudflare.ts";

const provider = CLOUDFLARE.id;

/** The engines that draw, in the order in which they are asked: the best one first, the cheapest one last. */
export const IMAGE_ENGINES: readonly EngineSpec[] = [
  { provider, model: "@cf/black-forest-labs/flux-2-klein-9b", label: "FLUX.2 klein 9B" },
  { provider, model: "@cf/black-forest-labs/flux-2-klein-4b", label: "FLUX.2 klein 4B" },
  { provider, model: "@cf/black-forest-labs/flux-1-schnell", label: "FLUX.1 schnell" },
];
