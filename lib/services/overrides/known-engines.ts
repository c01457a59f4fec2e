import { MODE_IDS, type ModeId, type Modes } from "#lib/ai-models.ts";
import { EMBEDDING_MODELS } from "#lib/providers/embeddings/embedding-models.ts";
import { IMAGE_ENGINES } from "#lib/providers/images/image-engines.ts";
import type { Engine, Registry } from "#lib/providers/registry.ts";
import { SPEECH_MODELS } from "#lib/providers/speech/speech-engines.ts";
import { TRANSCRIPTION_ENGINES } from "#lib/providers/transcription/transcription-engines.ts";
import { SEARCH_ENGINES } from "#lib/providers/vendors/search-providers.ts";
import { nearNames } from "#lib/services/overrides/near-names.ts";
import type { OffTarget, OverrideRule } from "#lib/services/overrides/override.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";

/** Characters of a name that a message repeats. */
const MAX_NAME = 100;

/** The engines that this gateway has. */
export type EngineCatalogue = {
  registry: Registry;
  modes: Modes;
  enginesOf(mode: ModeId): Promise<readonly Engine[]>;
  /** Ids of engines that overrides name already: some are switched off, and in no chain for that. */
  overridden: readonly string[];
};

type Engines = {
  /** Ids of engines: of configured ones as they are called, of others as the chains have them. */
  byMode: ReadonlyMap<ModeId, ReadonlySet<string>>;
  others: ReadonlySet<string>;
};

/**
 * The rule with the names that engines have here, whatever alias was sent. Throws `invalid_request`, naming near names,
 * for an engine or provider that this gateway does not know: a typo would switch nothing off.
 */
export async function knownRule(rule: OverrideRule, catalogue: EngineCatalogue): Promise<OverrideRule> {
  const engines = await enginesOf(catalogue);
  if (rule.kind === "off") return { ...rule, target: knownTarget(rule, engines, catalogue.registry) };
  const chain = engines.byMode.get(rule.mode) ?? new Set();
  const known = rule.engines.map((name) => {
    const id = canonicalId(name, catalogue.registry);
    if (chain.has(id)) return id;
    throw unknown(`No engine of mode "${rule.mode}" is called`, "engines", name, chain);
  });
  const twice = known.find((id, index) => known.indexOf(id) !== index);
  if (twice === undefined) return { ...rule, engines: known };
  throw new GatewayError("invalid_request", `"engines": names "${twice}" more than once.`);
}

function knownTarget(
  { target, mode }: Extract<OverrideRule, { kind: "off" }>,
  { byMode, others }: Engines,
  registry: Registry,
): OffTarget {
  const { provider, model } = target;
  if (!registry.isKnown(provider)) {
    const providers = [...byMode.values(), others].flatMap((ids) => [...ids].map(providerOf));
    throw unknown("No provider is called", model === undefined ? "provider" : "engine", provider, [
      ...registry.configured(),
      ...providers,
    ]);
  }
  if (model === undefined) return { provider: canonicalProvider(provider, registry), model };
  const known =
    mode === undefined ? new Set([...byMode.values(), others].flatMap((ids) => [...ids])) : byMode.get(mode);
  const name = `${provider}/${model}`;
  const id = canonicalId(name, registry);
  if (known?.has(id) === true)
    return { provider: providerOf(id), model: id.slice(providerOf(id).length + 1) };
  const where = mode === undefined ? "No engine is called" : `No engine of mode "${mode}" is called`;
  throw unknown(where, "engine", name, known ?? []);
}

async function enginesOf({ registry, modes, enginesOf, overridden }: EngineCatalogue): Promise<Engines> {
  const chains = await Promise.all(
    MODE_IDS.map(async (mode): Promise<[ModeId, Set<string>]> => {
      const configured = (await enginesOf(mode)).map(({ id }) => id);
      const rows = modes[mode].failover.map(({ provider, model }) =>
        canonicalId(`${provider}/${model}`, registry),
      );
      return [mode, new Set([...configured, ...rows, ...overridden])];
    }),
  );
  const others = [
    ...Object.values(EMBEDDING_MODELS).flat(),
    ...SEARCH_ENGINES,
    ...IMAGE_ENGINES,
    ...Object.values(SPEECH_MODELS).flat(),
    ...TRANSCRIPTION_ENGINES,
    ...IMAGE_ENGINES,
  ];
  return {
    byMode: new Map(chains),
    others: new Set(others.map(({ provider, model }) => canonicalId(`${provider}/${model}`, registry))),
  };
}

const OFFERS = ["chat", "embeddings", "speech", "transcription", "images", "search"] as const;

/** The id of the engine that is called by this name; the name itself if its provider is not configured. */
function canonicalId(name: string, registry: Registry): string {
  const provider = providerOf(name);
  const spec = { provider, model: name.slice(provider.length + 1), label: name };
  for (const offer of OFFERS) {
    // The first one; the second is a successor's.
    const [engine] = registry.resolve([spec], offer);
    if (engine !== undefined) return engine.id;
  }
  return name;
}

function canonicalProvider(name: string, registry: Registry): string {
  return providerOf(canonicalId(`${name}/any`, registry));
}

function providerOf(id: string): string {
  return id.slice(0, Math.max(0, id.indexOf("/")));
}

function unknown(what: string, field: string, name: string, known: Iterable<string>): GatewayError {
  const near = nearNames(name, known);
  const advice = near.length === 0 ? "" : ` Did you mean ${near.map((one) => `"${one}"`).join(", ")}?`;
  return new GatewayError("invalid_request", `"${field}": ${what} "${truncate(name, MAX_NAME)}".${advice}`);
}
