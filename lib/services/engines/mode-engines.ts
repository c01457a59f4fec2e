import type { ModeId } from "#lib/ai-models.ts";
import { hasCapability } from "#lib/providers/chat/eligibility.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { NEAREST_MODES } from "#lib/router/nearest-modes.ts";
import { resolveMode } from "#lib/router/resolve-mode.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { noneCan, noneConfigured } from "#lib/services/engines/no-engine.ts";

export type ModeRequest = {
  /** As the client requested it. */
  requested: ModeId | "auto";
  /** The request contains an image: only engines that accept images count. */
  hasImage: boolean;
};

export type ModeEngines = {
  /** The mode that the request is for: the requested one, or the one that `auto` or an image led to. */
  wanted: ModeId;
  /** The mode whose engines answer: `wanted`, or the one that it borrows from. */
  mode: ModeId;
  /** Never empty. */
  engines: readonly Engine[];
};

type Lookup = Pick<EngineDependencies, "enginesOf">;

/** The mode's own engines that can take the request; none if it would have to borrow. */
export async function ownEngines(
  { requested, hasImage }: ModeRequest,
  { enginesOf }: Lookup,
): Promise<{ mode: ModeId; engines: readonly Engine[] }> {
  const mode = resolveMode(requested, hasImage);
  return { mode, engines: usable(await enginesOf(mode), hasImage) };
}

/**
 * The engines that answer for a mode: its own, or those of the nearest mode that has some.
 * Throws `no_engine_configured`, or `engines_refused` if there are engines, but none accepts images.
 */
export async function enginesFor(request: ModeRequest, dependencies: Lookup): Promise<ModeEngines> {
  const { mode: wanted, engines: own } = await ownEngines(request, dependencies);
  if (own.length > 0) return { wanted, mode: wanted, engines: own };
  // If an image led to another mode than the requested one, the requested one is the nearest.
  const requested = request.requested === "auto" ? [] : [request.requested];
  const order = new Set<ModeId>([wanted, ...requested, ...NEAREST_MODES[wanted]]);
  let lacksImages = false;
  for (const mode of order) {
    const all = await dependencies.enginesOf(mode);
    const engines = usable(all, request.hasImage);
    if (engines.length > 0) return { wanted, mode, engines };
    lacksImages ||= all.length > 0;
  }
  throw lacksImages ? noneCan("images", [request.requested]) : noneConfigured(wanted);
}

/** Why another mode answers than the one that the request is for; undefined if that one answers. */
export function borrowedReason({ wanted, mode }: Pick<ModeEngines, "wanted" | "mode">): string | undefined {
  return wanted === mode ? undefined : `Mode "${wanted}" has no configured engine.`;
}

function usable(engines: readonly Engine[], hasImage: boolean): readonly Engine[] {
  return hasImage ? engines.filter((engine) => hasCapability(engine, "images")) : engines;
}
