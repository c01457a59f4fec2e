import { IMAGE_ENGINES } from "#lib/providers/images/image-engines.ts";
import { drawPowerOf } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";
import {
  type EngineCatalogue,
  engineRefusal,
  type OfferedEngines,
  type OfferedModels,
  offeredEngines,
} from "#lib/services/engines/offered-engines.ts";

/** OpenAI's names, which clients have as a default: whoever draws best here answers to them. */
const ALIASES = /^(?:auto|(?:chat)?gpt-image(?:-[\w.-]+)?|dall-e-[23])$/;

/** Whether an engine of the gateway's choice draws what begins with so many images. */
export function canDraw({ registry, overrides }: EngineCatalogue, inputs = 0): boolean {
  return overrides.allowed(registry.resolve(IMAGE_ENGINES, "images")).some(takes(inputs));
}

/**
 * The engines that can draw what begins with so many images, in the order in which they are asked.
 * Throws `no_engine_configured`, `model_not_found` for a name that is none, and `engines_refused`.
 *
 * @param model a name of OpenAI's, or `provider/model`; undefined for the gateway's own choice.
 */
export function imageEngines(
  model: string | undefined,
  inputs: number,
  catalogue: EngineCatalogue,
): OfferedEngines {
  const { engines, named } = offeredEngines(model, MODELS, catalogue);
  const able = engines.filter(takes(inputs));
  if (able.length > 0) return { engines: able, named };
  const what = inputs === 1 ? "an image that is to be changed" : `${inputs} images`;
  const who = named ? `"${model}" does` : "The image engines of this gateway do";
  throw engineRefusal(`${who} not take ${what}.`, "model");
}

const MODELS: OfferedModels = {
  offer: "images",
  does: { one: "draws", plural: "draw" },
  noun: "image model",
  enginesOf: (name) => (name === undefined || ALIASES.test(name) ? IMAGE_ENGINES : undefined),
  names: ["gpt-image-1", "dall-e-3", "auto"],
};

function takes(inputs: number): (engine: Engine) => boolean {
  return (engine) => drawPowerOf(engine).limits(engine).maxInputs >= inputs;
}
