import { type Capability, requiredCapabilities } from "#lib/chat/capabilities.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import { chatPowerOf } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";

/** Whether the engine is expected to support this. A catalogue entry overrides the protocol's rules. */
export function hasCapability(engine: Engine, capability: Capability): boolean {
  return engine.capabilities[capability] ?? !chatPowerOf(engine).lacks(capability, engine);
}

export type Eligibility = {
  /** The engines that can take this request, in their order. */
  engines: readonly Engine[];
  /** If there is none: the capability that no engine has. */
  missing: Capability | undefined;
};

/**
 * The engines of a chain that can take this request. An engine without a required capability is left out; a
 * preferred one only matters if some engine has it.
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
