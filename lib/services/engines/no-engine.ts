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

/** Neither the mode nor one that could replace it has an engine. */
export function noneConfigured(mode: ModeId): GatewayError {
  return new GatewayError(
    "no_engine_configured",
    `No engine of mode "${mode}" or of another mode is configured. Set the API key of a provider, ` +
      "such as GROQ_API_KEY, or of one that MODELS_CONFIG names.",
  );
}
