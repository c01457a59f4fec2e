import { MODE_IDS } from "#lib/ai-models.ts";
import { speakPowerOf } from "#lib/providers/protocols/index.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import { SPEECH_ENGINES, SPEECH_NAMES } from "#lib/providers/speech/speech-engines.ts";
import { parseModelName } from "#lib/router/model-name.ts";
import type { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { SpeechRequest } from "#lib/speech/speech-request.ts";

export type SpeechCatalogue = {
  registry: Pick<Registry, "resolve" | "isKnown" | "providerKeys" | "variablesOf">;
  overrides: Pick<EngineOverrides, "allowed">;
};

export type SpeechChain = { engines: readonly Engine[]; named: boolean };

/**
 * The engines that can answer the request, those first that have its voice. `model` is what the client named, if it
 * did. Throws `model_not_found`, `no_engine_configured` and `engines_refused`.
 */
export function speechChain(
  model: string | undefined,
  request: SpeechRequest,
  { registry, overrides }: SpeechCatalogue,
): SpeechChain {
  const named = model === undefined ? undefined : namedEngine(model, registry);
  const specs = named === undefined ? SPEECH_ENGINES : [named];
  const configured = registry.resolve(specs, "speech");
  if (configured.length === 0) throw notConfigured(model, named?.provider, registry);
  const allowed = overrides.allowed(configured);
  if (allowed.length === 0) {
    throw new GatewayError("model_not_found", "An administrator has switched off speech.", {
      details: { param: "model" },
    });
  }
  const able = allowed.filter((engine) => refusalOf(request, engine) === undefined);
  const [first] = allowed;
  const refusal = first && refusalOf(request, first);
  if (able.length === 0 && refusal !== undefined) throw refusal;
  return { engines: withVoiceFirst(able, request.voice), named: named !== undefined };
}

/** The engine that `provider/model` names; undefined for a name of all engines together. */
function namedEngine(name: string, registry: SpeechCatalogue["registry"]) {
  if (SPEECH_NAMES.includes(name) || (MODE_IDS as readonly string[]).includes(name)) return undefined;
  const target = parseModelName(name, registry.isKnown);
  if (target?.kind === "engine") return { provider: target.provider, model: target.model, label: name };
  throw new GatewayError(
    "model_not_found",
    `There is no speech model "${name}". Name one as provider/model, or one of ${SPEECH_NAMES.join(", ")}.`,
    { details: { param: "model" } },
  );
}

function notConfigured(
  model: string | undefined,
  provider: string | undefined,
  registry: SpeechCatalogue["registry"],
): GatewayError {
  if (provider === undefined) {
    const variables = registry.variablesOf([...new Set(SPEECH_ENGINES.map((spec) => spec.provider))]);
    return new GatewayError(
      "no_engine_configured",
      `No engine that speaks is configured. An operator can set one of ${variables.join(", ")}.`,
    );
  }
  const isConfigured = registry.providerKeys(provider).length > 0;
  const message = isConfigured
    ? `The provider of "${model}" offers no speech.`
    : `The speech model "${model}" does not exist, or its provider is not configured.`;
  return new GatewayError(isConfigured ? "engines_refused" : "model_not_found", message, {
    details: { param: "model" },
  });
}

/** Why the engine cannot do what is asked; undefined if it can. */
function refusalOf({ format, speed = 1 }: SpeechRequest, engine: Engine): GatewayError | undefined {
  const { formats, takesSpeed } = speakPowerOf(engine).abilities(engine);
  if (format !== undefined && format !== "wav" && format !== "pcm" && !formats.includes(format)) {
    return refused(
      `The engines of this model do not make ${format}. Ask for wav or pcm, or leave out response_format.`,
      "response_format",
    );
  }
  if (speed !== 1 && !takesSpeed) {
    return refused("The engines of this model speak at one speed. Leave out speed, or send 1.", "speed");
  }
  return undefined;
}

function refused(message: string, param: string): GatewayError {
  return new GatewayError("engines_refused", message, { details: { param } });
}

function withVoiceFirst(engines: readonly Engine[], voice: string | undefined): readonly Engine[] {
  if (voice === undefined) return engines;
  const has = (engine: Engine): boolean => speakPowerOf(engine).hasVoice(voice);
  return [...engines.filter(has), ...engines.filter((engine) => !has(engine))];
}
