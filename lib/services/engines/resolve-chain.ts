import type { ModeId } from "#lib/ai-models.ts";
import { type ChatRequest, hasImage } from "#lib/chat/request.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import { parseModelName } from "#lib/router/model-name.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { enginesFor, type ModeRequest, ownEngines } from "#lib/services/engines/mode-engines.ts";
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
  /** All modes involved, also one that is borrowed from, and `named` for engines that the client named. */
  modes: readonly string[];
  /** Every target is an engine that the client named. */
  named: boolean;
  /** For each engine id, the first name of the client that led to it: its own, or a mode's. */
  origins: ReadonlyMap<string, Origin>;
};

export type ChainDependencies = Pick<EngineDependencies, "enginesOf"> & { registry: Registry };

/** Throws `model_not_found`, `no_engine_configured` or `engines_refused` (no engine accepts the image). */
export async function resolveChain(
  { chat, models }: CompletionInput,
  { registry, enginesOf }: ChainDependencies,
): Promise<Chain> {
  const engines: Engine[] = [];
  const origins = new Map<string, Origin>();
  const add = (found: readonly Engine[], originOf: (engine: Engine) => Origin): void => {
    for (const engine of found) {
      engines.push(engine);
      if (!origins.has(engine.id)) origins.set(engine.id, originOf(engine));
    }
  };
  const modes = new Set<string>();
  let first: { name: string; mode: ModeId; request: ModeRequest } | undefined;
  for (const name of models) {
    const target = parseModelName(name, registry.isKnown);
    if (target?.kind === "engine") {
      modes.add(NAMED_MODE);
      const found = registry.resolve([{ ...target, label: name }]);
      add(found, ({ id }) => ({ name: id, mode: undefined }));
    } else if (target?.kind === "mode") {
      const request = { requested: target.mode, hasImage: hasImage(chat) };
      const own = await ownEngines(request, { enginesOf });
      first ??= { name, mode: own.mode, request };
      modes.add(own.mode);
      add(own.engines, () => ({ name, mode: own.mode }));
    }
  }
  let mode = first?.mode;
  if (engines.length === 0) {
    if (first === undefined) throw modelNotFound(models, registry);
    const { name, request } = first;
    const borrowed = await enginesFor(request, { enginesOf });
    mode = borrowed.mode;
    modes.add(borrowed.mode);
    add(borrowed.engines, () => ({ name, mode: borrowed.mode }));
  }
  const wanted = first?.mode;
  return { engines, wanted, mode, modes: [...modes], named: first === undefined, origins };
}
