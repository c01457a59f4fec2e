import type { ModeId } from "#lib/ai-models.ts";
import { hasCapability } from "#lib/providers/chat/eligibility.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { NEAREST_MODES } from "#lib/router/nearest-modes.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { allSwitchedOff, noneCan, noneConfigured } from "#lib/services/engines/no-engine.ts";

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
type AdvisedLookup = Pick<EngineDependencies, "enginesOf" | "howToConfigure" | "overrides">;

/** The mode's own engines that can take the request; none if it would have to borrow. */
export async function ownEngines(
  { wanted, hasImage }: ModeRequest,
  { enginesOf }: Lookup,
): Promise<readonly Engine[]> {
  return usable(await enginesOf(wanted), hasImage);
}

/**
 * The engines that follow those of a mode when the conversation has an image, since it may be too much for the few
 * engines of a mode that can see. None for a mode that is switched off.
 */
export async function enginesForImages(
  mode: ModeId,
  { enginesOf, overrides }: Pick<EngineDependencies, "enginesOf" | "overrides">,
): Promise<readonly Engine[]> {
  if (overrides.isSwitchedOff(mode)) return [];
  return overrides.lent(mode, await ownEngines({ wanted: "vision", hasImage: true }, { enginesOf }));
}

/**
 * The mode itself, or the nearest one that is not switched off: for modes that nobody has named.
 * @param mayUse whether the caller may use a mode.
 */
export async function openMode(
  mode: ModeId,
  { enginesOf, overrides }: Pick<EngineDependencies, "enginesOf" | "overrides">,
  mayUse: (mode: ModeId) => boolean = () => true,
): Promise<ModeId> {
  if (overrides.isEmpty) return mode;
  for (const one of [mode, ...NEAREST_MODES[mode]]) {
    if (!mayUse(one)) continue;
    if ((await enginesOf(one)).length > 0 || !overrides.isSwitchedOff(one)) return one;
  }
  return mode;
}

/**
 * The engines that answer for a mode: its own, or those of the nearest mode that has some. A mode whose engines an
 * administrator has switched off borrows none: they may be the same.
 * Throws `no_engine_configured`, or `engines_refused` if there are engines, but none accepts images.
 */
export async function enginesFor(request: ModeRequest, dependencies: AdvisedLookup): Promise<ModeEngines> {
  const { wanted, hasImage } = request;
  const own = await dependencies.enginesOf(wanted);
  if (own.length === 0 && dependencies.overrides.isSwitchedOff(wanted)) throw allSwitchedOff(wanted);
  let lacksImages = false;
  for (const mode of [wanted, ...NEAREST_MODES[wanted]]) {
    const all = mode === wanted ? own : await dependencies.enginesOf(mode);
    const engines = dependencies.overrides.lent(wanted, usable(all, hasImage));
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
