import { type EngineSpec, MODE_IDS } from "#lib/ai-models.ts";
import { speakPowerOf } from "#lib/providers/protocols/index.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import { SPEECH_ENGINES, SPEECH_MODELS } from "#lib/providers/speech/speech-engines.ts";
import { parseModelName } from "#lib/router/model-name.ts";
import type { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";
import type { SpeechRequest } from "#lib/speech/speech-request.ts";

export type SpeechCatalogue = {
  registry: Pick<Registry, "resolve" | "isKnown" | "providerKeys" | "variablesOf">;
  overrides: Pick<EngineOverrides, "allowed">;
};

/** Characters of a name that a message repeats. */
const MAX_NAME = 100;

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
  const { specs, named } = model === undefined ? ANY : specsOf(model, registry);
  const configured = registry.resolve(specs, "speech");
  if (configured.length === 0) throw notConfigured(specs, model, registry);
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
  return { engines: withVoiceFirst(able, request.voice), named };
}

type Specs = { specs: readonly EngineSpec[]; named: boolean };

const ANY: Specs = { specs: SPEECH_ENGINES, named: false };

/** The engines behind the name of a model, of a mode, or of one engine as `provider/model`. */
function specsOf(name: string, registry: SpeechCatalogue["registry"]): Specs {
  const known = Object.hasOwn(SPEECH_MODELS, name) ? SPEECH_MODELS[name] : undefined;
  if (known !== undefined) return { specs: known, named: false };
  if (name === "auto" || (MODE_IDS as readonly string[]).includes(name)) return ANY;
  const target = parseModelName(name, registry.isKnown);
  if (target?.kind === "engine") return { specs: [{ ...target, label: name }], named: true };
  const names = Object.keys(SPEECH_MODELS).join(", ");
  throw new GatewayError(
    "model_not_found",
    `There is no speech model "${truncate(name, MAX_NAME)}". Name one as provider/model, or one of ${names}.`,
    { details: { param: "model" } },
  );
}

function notConfigured(
  specs: readonly EngineSpec[],
  model: string | undefined,
  { providerKeys, variablesOf }: SpeechCatalogue["registry"],
): GatewayError {
  const providers = [...new Set(specs.map(({ provider }) => provider))];
  const isConfigured = providers.some((provider) => providerKeys(provider).length > 0);
  const details = { param: "model" };
  if (model?.includes("/") && isConfigured) {
    return new GatewayError("engines_refused", `The provider of "${model}" offers no speech.`, { details });
  }
  const advice = `An operator can set one of ${variablesOf(providers).join(", ")}.`;
  const message = `No engine that speaks is configured. ${advice}`;
  return model === undefined
    ? new GatewayError("no_engine_configured", message)
    : new GatewayError("model_not_found", message, { details });
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
