import type { ModeId } from "#lib/ai-models.ts";
import { type ChatRequest, hasImage } from "#lib/chat/request.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import { parseModelName } from "#lib/router/model-name.ts";
import { personMessages } from "#lib/router/person-text.ts";
import { DEFAULT_MODE, stickyMode } from "#lib/router/sticky-mode.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { enginesFor, enginesForImages, openMode, ownEngines } from "#lib/services/engines/mode-engines.ts";
import { modelNotFound } from "#lib/services/engines/model-not-found.ts";
import { NAMED_MODE } from "#lib/services/identity/caller.ts";

export type CompletionInput = {
  chat: ChatRequest;
  /** Modes, engines, or names that are mapped to a mode; in order of preference. */
  models: readonly string[];
};

/** How an engine got into a chain: the name that the answer gives it, and the mode that it came by. */
type Origin = { name: string; mode: ModeId | undefined };

/** The engines that may answer, and what the client calls each. */
export type Chain = {
  engines: readonly Engine[];
  /** The first mode among the targets; undefined when the client named engines only. */
  wanted: ModeId | undefined;
  /** The same, or the mode that it borrows engines from. */
  mode: ModeId | undefined;
  /** Why engines are borrowed; undefined if they are not. */
  borrowedReason?: string | undefined;
  /** All modes involved, also one that is borrowed from, and `named` for engines that the client named. */
  modes: readonly string[];
  /** Every target is an engine that the client named. */
  named: boolean;
  /** For each engine id, the first name of the client that led to it: its own, or a mode's. */
  origins: ReadonlyMap<string, Origin>;
};

export type ChainDependencies = Pick<
  EngineDependencies,
  "enginesOf" | "howToConfigure" | "overrides" | "toolsFor"
> & { registry: Registry };

/**
 * Throws `model_not_found`, `no_engine_configured` or `engines_refused` (no engine accepts the image).
 * @param mayUse whether the caller may use the engines of a mode that it did not ask for.
 */
export async function resolveChain(
  { chat, models }: CompletionInput,
  dependencies: ChainDependencies,
  mayUse: (mode: ModeId) => boolean = () => true,
): Promise<Chain> {
  const { registry, overrides } = dependencies;
  const found = new FoundEngines();
  const modes = new Set<string>();
  const withImage = hasImage(chat);
  let first: { name: string; wanted: ModeId } | undefined;
  for (const name of models) {
    const target = parseModelName(name, registry.isKnown);
    if (target?.kind === "engine") {
      modes.add(NAMED_MODE);
      const named = overrides.allowed(registry.resolve([{ ...target, label: name }]));
      found.add(named, ({ id }) => ({ name: id, mode: undefined }));
    } else if (target?.kind === "mode") {
      const wanted = target.mode === "auto" ? await autoMode(chat, mayUse, dependencies) : target.mode;
      first ??= { name, wanted };
      modes.add(wanted);
      const own = await ownEngines({ wanted, hasImage: withImage }, dependencies);
      found.add(own, () => ({ name, mode: wanted }));
    }
  }
  const chain = { ...found, wanted: first?.wanted, mode: first?.wanted, named: first === undefined };
  if (first === undefined) {
    if (found.engines.length === 0) throw modelNotFound(models, dependencies);
    return { ...chain, modes: [...modes] };
  }
  const { name, wanted } = first;
  if (withImage && mayUse("vision")) {
    found.add(await enginesForImages(wanted, dependencies), () => ({ name, mode: wanted }));
  }
  if (found.engines.length > 0) return { ...chain, modes: [...modes] };
  const borrowed = await enginesFor({ wanted, hasImage: withImage }, dependencies);
  const { mode, borrowedReason } = borrowed;
  found.add(borrowed.engines, () => ({ name, mode }));
  return { ...chain, mode, borrowedReason, modes: [...modes.add(mode)] };
}

/** The mode of a conversation that its client leaves to the gateway: by what its person wrote. */
function autoMode(
  chat: ChatRequest,
  mayUse: (mode: ModeId) => boolean,
  dependencies: ChainDependencies,
): Promise<ModeId> {
  const mode = stickyMode(personMessages(chat), dependencies.toolsFor) ?? DEFAULT_MODE;
  return openMode(allowedMode(mode, mayUse), dependencies, mayUse);
}

/** What `auto` has led to, or the default if the caller may use that mode only. */
export function allowedMode(mode: ModeId, mayUse: (mode: ModeId) => boolean): ModeId {
  return !mayUse(mode) && mayUse(DEFAULT_MODE) ? DEFAULT_MODE : mode;
}

/** Engines in the order in which they were found, each once. */
class FoundEngines {
  readonly engines: Engine[] = [];
  readonly origins = new Map<string, Origin>();

  add(found: readonly Engine[], originOf: (engine: Engine) => Origin): void {
    for (const engine of found) {
      if (this.origins.has(engine.id)) continue;
      this.engines.push(engine);
      this.origins.set(engine.id, originOf(engine));
    }
  }
}
