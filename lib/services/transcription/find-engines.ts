import type { Engine, Registry } from "#lib/providers/registry.ts";
import {
  TRANSCRIPTION_ENGINES,
  TRANSCRIPTION_MODELS,
} from "#lib/providers/transcription/transcription-engines.ts";
import { parseModelName } from "#lib/router/model-name.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type Found = {
  engines: readonly Engine[];
  /** The client named this engine. */
  named: boolean;
};

/**
 * The engines for a name that a client uses; without one, those of the chain.
 *
 * Throws `model_not_found`, `engines_refused` for a provider that does not transcribe, and `no_engine_configured`.
 */
export function findTranscribers(
  name: string | undefined,
  { registry, overrides }: { registry: Registry; overrides: EngineDependencies["overrides"] },
): Found {
  const known = name === undefined ? TRANSCRIPTION_ENGINES : knownAs(name);
  const target = name === undefined ? undefined : parseModelName(name, registry.isKnown);
  const named = known === undefined && target?.kind === "engine";
  const specs = known ?? (target?.kind === "engine" ? [{ ...target, label: name ?? "" }] : []);
  const configured = registry.resolve(specs, "transcription");
  const engines = overrides.allowed(configured);
  if (engines.length > 0) return { engines, named };
  if (configured.length > 0) throw switchedOff();
  if (known !== undefined) throw noneConfigured(registry.variablesOf(known.map(({ provider }) => provider)));
  const isConfigured = specs.some(({ provider }) => registry.providerKeys(provider).length > 0);
  throw isConfigured ? notOffered(name ?? "") : notFound(name ?? "");
}

function knownAs(name: string): (typeof TRANSCRIPTION_MODELS)[string] | undefined {
  return Object.hasOwn(TRANSCRIPTION_MODELS, name) ? TRANSCRIPTION_MODELS[name] : undefined;
}

function switchedOff(): GatewayError {
  return new GatewayError("no_engine_configured", "An administrator has switched off transcription.");
}

function noneConfigured(variables: readonly string[]): GatewayError {
  return new GatewayError(
    "no_engine_configured",
    `No engine that transcribes is configured. Set one of ${variables.join(", ")}.`,
  );
}

function notOffered(name: string): GatewayError {
  return new GatewayError("engines_refused", `The provider of "${name}" offers no transcription.`, {
    details: { param: "model" },
  });
}

function notFound(name: string): GatewayError {
  return new GatewayError(
    "model_not_found",
    `The transcription model "${name}" does not exist, or its provider is not configured. Name one as ` +
      `provider/model, or one of ${Object.keys(TRANSCRIPTION_MODELS).join(", ")}.`,
    { details: { param: "model" } },
  );
}
