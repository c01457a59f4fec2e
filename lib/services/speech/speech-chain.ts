import { speakPowerOf } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { SPEECH_ENGINES, SPEECH_MODELS } from "#lib/providers/speech/speech-engines.ts";
import { isMode } from "#lib/router/model-name.ts";
import {
  type EngineCatalogue,
  engineRefusal,
  type OfferedEngines,
  type OfferedModels,
  offeredEngines,
} from "#lib/services/engines/offered-engines.ts";
import type { GatewayError } from "#lib/shared/errors.ts";
import type { SpeechRequest } from "#lib/speech/speech-request.ts";

/**
 * The engines that can answer the request, those first that have its voice. `model` is what the client named, if it
 * did. Throws `model_not_found`, `no_engine_configured` and `engines_refused`.
 */
export function speechChain(
  model: string | undefined,
  request: SpeechRequest,
  catalogue: EngineCatalogue,
): OfferedEngines {
  const { engines, named } = offeredEngines(model, MODELS, catalogue);
  const able = engines.filter((engine) => refusalOf(request, engine) === undefined);
  const [first] = engines;
  const refusal = first && refusalOf(request, first);
  if (able.length === 0 && refusal !== undefined) throw refusal;
  return { engines: withVoiceFirst(able, request.voice), named };
}

const MODELS: OfferedModels = {
  offer: "speech",
  does: { one: "speaks", plural: "speak" },
  noun: "speech model",
  enginesOf(name) {
    if (name === undefined || isMode(name)) return SPEECH_ENGINES;
    return Object.hasOwn(SPEECH_MODELS, name) ? SPEECH_MODELS[name] : undefined;
  },
  names: Object.keys(SPEECH_MODELS),
};

/** Why the engine cannot do what is asked; undefined if it can. */
function refusalOf({ format, speed = 1 }: SpeechRequest, engine: Engine): GatewayError | undefined {
  const { formats, takesSpeed } = speakPowerOf(engine).abilities(engine);
  if (format !== undefined && format !== "wav" && format !== "pcm" && !formats.includes(format)) {
    return engineRefusal(
      `The engines of this model do not make ${format}. Ask for wav or pcm, or leave out response_format.`,
      "response_format",
    );
  }
  if (speed !== 1 && !takesSpeed) {
    return engineRefusal(
      "The engines of this model speak at one speed. Leave out speed, or send 1.",
      "speed",
    );
  }
  return undefined;
}

function withVoiceFirst(engines: readonly Engine[], voice: string | undefined): readonly Engine[] {
  if (voice === undefined) return engines;
  const has = (engine: Engine): boolean => speakPowerOf(engine).hasVoice(voice);
  return [...engines.filter(has), ...engines.filter((engine) => !has(engine))];
}
