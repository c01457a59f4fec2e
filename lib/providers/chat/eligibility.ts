import { type Capability, requiredCapabilities } from "#lib/chat/capabilities.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import { protocolOf } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";

/** Whether the engine, as far as is known, can do this: the catalogue's own word first. */
export function hasCapability(engine: Engine, capability: Capability): boolean {
  return engine.capabilities[capability] ?? !protocolOf(engine).chat.lacks(capability, engine);
}

export type Eligibility = {
  /** The engines that can take this request, in their order. */
  engines: readonly Engine[];
  /** When there is none: what no engine can do. */
  missing: Capability | undefined;
};

/**
 * The engines of a chain that are worth asking. One that lacks what the request must have would refuse it,
 * or answer something else; what it should have only decides while there are engines that have it.
 */
export function eligibleEngines(engines: readonly Engine[], request: ChatRequest): Eligibility {
  const { must, should } = requiredCapabilities(request);
  if (must.length === 0 && should.length === 0) return { engines, missing: undefined };
  let able = engines;
  for (const capability of must) {
    able = able.filter((engine) => hasCapability(engine, capability));
    if (able.length === 0) return { engines: [], missing: capability };
  }
  const best = able.filter((engine) => should.every((capability) => hasCapability(engine, capability)));
  return { engines: best.length > 0 ? best : able, missing: undefined };
}
