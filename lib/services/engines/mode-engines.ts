import type { ModeId } from "#lib/ai-models.ts";
import { hasCapability } from "#lib/providers/chat/eligibility.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { NEAREST_MODES } from "#lib/router/nearest-modes.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { noneCan, noneConfigured } from "#lib/services/engines/no-engine.ts";

export type ModeRequest = {
  wanted: ModeId;
  /** The conversation contains an image: only engines that accept images count. */
  hasImage: boolean;
};

export type ModeEngines = {
  /** The mode whose engines answer: the wanted one, or the one that it borrows from. */
  mode: ModeId;
  /** Never empty. */
  engines: readonly Engine[];
  /** Why another mode's engines answer; undefined if the wanted mode's do. */
  borrowedReason: string | undefined;
};

type Lookup = Pick<EngineDependencies, "enginesOf">;
type AdvisedLookup = Pick<EngineDependencies, "enginesOf" | "howToConfigure">;

/** The mode's own engines that can take the request; none if it would have to borrow. */
export async function ownEngines(
  { wanted, hasImage }: ModeRequest,
  { enginesOf }: Lookup,
): Promise<readonly Engine[]> {
  return usable(await enginesOf(wanted), hasImage);
}

/**
 * The engines that follow those of every mode when the conversation has an image, since it may be too much for
 * the few engines of a mode that can see.
 */
export function enginesForImages({ enginesOf }: Lookup): Promise<readonly Engine[]> {
  return ownEngines({ wanted: "vision", hasImage: true }, { enginesOf });
}

/**
 * The engines that answer for a mode: its own, or those of the nearest mode that has some.
 * Throws `no_engine_configured`, or `engines_refused` if there are engines, but none accepts images.
 */
export async function enginesFor(request: ModeRequest, dependencies: AdvisedLookup): Promise<ModeEngines> {
  const { wanted, hasImage } = request;
  const own = await dependencies.enginesOf(wanted);
  let lacksImages = false;
  for (const mode of [wanted, ...NEAREST_MODES[wanted]]) {
    const all = mode === wanted ? own : await dependencies.enginesOf(mode);
    const engines = usable(all, hasImage);
    if (engines.length > 0) return { mode, engines, borrowedReason: reasonFor(wanted, mode, own) };
    lacksImages ||= all.length > 0;
  }
  throw lacksImages
    ? noneCan("images", [wanted])
    : noneConfigured(wanted, dependencies.howToConfigure(wanted));
}

function reasonFor(wanted: ModeId, mode: ModeId, own: readonly Engine[]): string | undefined {
  if (mode === wanted) return undefined;
  return own.length === 0
    ? `Mode "${wanted}" has no configured engine.`
    : `No engine of mode "${wanted}" accepts images.`;
}

function usable(engines: readonly Engine[], hasImage: boolean): readonly Engine[] {
  return hasImage ? engines.filter((engine) => hasCapability(engine, "images")) : engines;
}
