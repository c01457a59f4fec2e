import type { EngineSpec } from "#lib/ai-models.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import type { Offer } from "#lib/providers/vendors/provider.ts";
import { parseModelName } from "#lib/router/model-name.ts";
import type { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";

/** Where engines are looked up. */
export type EngineCatalogue = {
  registry: Pick<Registry, "resolve" | "isKnown" | "providerKeys" | "variablesOf">;
  overrides: Pick<EngineOverrides, "allowed">;
};

/** Something else than chat that engines do, with the names by which clients ask for it. */
export type OfferedModels = {
  offer: Exclude<Offer, "chat">;
  /** What its engines do, in messages: an engine that `speaks`, engines that `speak`. */
  does: { one: string; plural: string };
  /** What their models are called: `speech model`. */
  noun: string;
  /** The engines behind a name; undefined for one that is not known. Without a name, those of the gateway's choice. */
  enginesOf(name: string | undefined): readonly EngineSpec[] | undefined;
  /** Names that can be sent, for a message. */
  names: readonly string[];
};

/** `named`: the client named this engine. */
export type OfferedEngines = { engines: readonly Engine[]; named: boolean };

/** Characters of a name that a message repeats. */
const MAX_NAME = 100;

/**
 * The engines that a client asks for by the name of a model, or as `provider/model`; the gateway's choice without a
 * name. Never empty.
 *
 * Throws `model_not_found`, `engines_refused` for a provider that does something else, and `no_engine_configured` if
 * the client named nothing.
 */
export function offeredEngines(
  name: string | undefined,
  models: OfferedModels,
  { registry, overrides }: EngineCatalogue,
): OfferedEngines {
  const known = models.enginesOf(name);
  const target = name === undefined ? undefined : parseModelName(name, registry.isKnown);
  const named = known === undefined && target?.kind === "engine";
  const specs = known ?? (target?.kind === "engine" ? [{ ...target, label: name ?? target.model }] : []);
  const configured = registry.resolve(specs, models.offer);
  const engines = overrides.allowed(configured);
  if (engines.length > 0) return { engines, named };
  throw unavailable(
    { name, models, specs, isKnown: known !== undefined, isOff: configured.length > 0 },
    registry,
  );
}

type Missing = {
  name: string | undefined;
  models: OfferedModels;
  specs: readonly EngineSpec[];
  /** The gateway knows the name. */
  isKnown: boolean;
  /** Administrators have switched all of its engines off. */
  isOff: boolean;
};

function unavailable(
  { name, models: { does, noun, names }, specs, isKnown, isOff }: Missing,
  registry: EngineCatalogue["registry"],
): GatewayError {
  const quoted = truncate(name ?? "", MAX_NAME);
  if (isOff) {
    const what = isKnown ? `the engines of this gateway that ${does.plural}` : `the ${noun} "${quoted}"`;
    return notThere(name, `An administrator has switched off ${what}.`);
  }
  if (isKnown) {
    const advice = variablesOf(specs, registry);
    return notThere(name, `No engine that ${does.one} is configured. An operator can set ${advice}.`);
  }
  if (specs.some(({ provider }) => registry.providerKeys(provider).length > 0)) {
    return engineRefusal(`The provider of "${quoted}" has no engine that ${does.one}.`, "model");
  }
  if (specs.length > 0) {
    const advice = variablesOf(specs, registry);
    return notThere(name, `The provider of "${quoted}" is not configured. An operator can set ${advice}.`);
  }
  return notThere(
    name,
    `The ${noun} "${quoted}" does not exist. Name one as provider/model, or one of ${names.join(", ")}.`,
  );
}

/** `GROQ_API_KEY, or CLOUDFLARE_ACCOUNT_ID with CLOUDFLARE_API_TOKEN`. */
function variablesOf(specs: readonly EngineSpec[], registry: EngineCatalogue["registry"]): string {
  const providers = [...new Set(specs.map(({ provider }) => provider))];
  return providers.map((provider) => registry.variablesOf([provider]).join(" with ")).join(", or ");
}

function notThere(name: string | undefined, message: string): GatewayError {
  return name === undefined
    ? new GatewayError("no_engine_configured", message)
    : new GatewayError("model_not_found", message, { details: { param: "model" } });
}

/** What the request asks for, no engine behind the name can do. @param param the field of the request. */
export function engineRefusal(message: string, param: string): GatewayError {
  return new GatewayError("engines_refused", message, { details: { param } });
}
