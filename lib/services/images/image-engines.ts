import { IMAGE_ENGINES } from "#lib/providers/images/image-engines.ts";
import { drawPowerOf } from "#lib/providers/protocols/index.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import { parseModelName } from "#lib/router/model-name.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type EngineLookup = Pick<EngineDependencies, "overrides"> & { registry: Registry };

/** The engines for an image, and whether the client named them. */
export type ImageEngines = { engines: readonly Engine[]; named: boolean };

/** OpenAI's names, which clients have as a default: whoever draws best here answers to them. */
const ALIASES = /^(?:auto|(?:chat)?gpt-image(?:-[\w.-]+)?|dall-e-[23])$/;

/** Whether a configured engine draws. */
export function canDraw({ registry, overrides }: EngineLookup): boolean {
  return overrides.allowed(registry.resolve(IMAGE_ENGINES, "images")).length > 0;
}

/**
 * The engines that can draw what begins with so many images, in the order in which they are asked.
 * Throws `no_engine_configured`, `model_not_found` for a name that is none, and `engines_refused`.
 *
 * @param model a name of OpenAI's, or `provider/model`; undefined for the gateway's own choice.
 */
export function imageEngines(model: string | undefined, inputs: number, lookup: EngineLookup): ImageEngines {
  const { engines, named } = configuredEngines(model, lookup);
  const able = engines.filter((engine) => drawPowerOf(engine).limits(engine).maxInputs >= inputs);
  if (able.length > 0) return { engines: able, named };
  const what = inputs === 1 ? "an image that is to be changed" : `${inputs} images`;
  const who = named ? `"${model}" does` : "The image engines of this gateway do";
  throw refused(`${who} not take ${what}.`);
}

function configuredEngines(model: string | undefined, { registry, overrides }: EngineLookup): ImageEngines {
  const named = model !== undefined && !ALIASES.test(model);
  const target = named ? parseModelName(model, registry.isKnown) : undefined;
  if (named && target?.kind !== "engine") throw notFound(model);
  const specs = target?.kind === "engine" ? [{ ...target, label: target.model }] : IMAGE_ENGINES;
  const configured = registry.resolve(specs, "images");
  const engines = overrides.allowed(configured);
  if (engines.length > 0) return { engines, named };
  if (configured.length > 0) throw switchedOff(named ? `the image model "${model}"` : "the image engines");
  if (!named) throw noneConfigured(registry);
  const isConfigured = specs.some(({ provider }) => registry.providerKeys(provider).length > 0);
  throw isConfigured ? refused(`The provider of "${model}" draws no images.`) : notFound(model);
}

function noneConfigured(registry: Registry): GatewayError {
  const variables = registry.variablesOf(IMAGE_ENGINES.map(({ provider }) => provider));
  return new GatewayError(
    "no_engine_configured",
    `This gateway has no engine that draws. Set ${variables.join(" and ")}.`,
  );
}

function switchedOff(what: string): GatewayError {
  return new GatewayError("model_not_found", `An administrator has switched off ${what}.`, {
    details: { param: "model" },
  });
}

function notFound(model: string): GatewayError {
  return new GatewayError(
    "model_not_found",
    `The image model "${model}" does not exist, or its provider is not configured. Name one as provider/model, or ` +
      "leave the choice to the gateway (gpt-image-1).",
    { details: { param: "model" } },
  );
}

function refused(message: string): GatewayError {
  return new GatewayError("engines_refused", message, { details: { param: "model" } });
}
