import type { ModeId } from "#lib/ai-models.ts";
import { CAPABILITY_ADVICE, CAPABILITY_FIELDS, type Capability } from "#lib/chat/capabilities.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** No engine behind these names can do this. */
export function noneCan(missing: Capability, models: readonly string[]): GatewayError {
  const why = `No configured engine behind "${models.join(", ")}" can do what the request asks for (${missing}).`;
  const advice = CAPABILITY_ADVICE[missing];
  return new GatewayError("engines_refused", advice === undefined ? why : `${why} ${advice}`, {
    details: { param: CAPABILITY_FIELDS[missing] },
  });
}

/**
 * Neither the mode nor one that could replace it has an engine. Only an operator can change that, so clients are
 * not told to try again.
 * @param advice what an operator can do, as a sentence.
 */
export function noneConfigured(mode: ModeId, advice: string): GatewayError {
  return new GatewayError(
    "no_engine_configured",
    `No engine of mode "${mode}" or of another mode is configured. ${advice}`,
    { details: { param: "model" } },
  );
}

/** Administrators have switched off all engines of the mode, which clients cannot change. */
export function allSwitchedOff(mode: ModeId): GatewayError {
  return new GatewayError(
    "no_engine_configured",
    `An administrator has switched off all engines of mode "${mode}". Use another mode, or ask them.`,
    { details: { param: "model" } },
  );
}
