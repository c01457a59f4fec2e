import type { Capabilities, EngineSpec } from "#lib/ai-models.ts";
import { modelRules } from "#lib/providers/catalogue/model-rules.ts";
import { baseUrlProblem } from "#lib/providers/vendors/base-url.ts";
import type { OperatorProvider } from "#lib/providers/vendors/providers.ts";
import {
  PROTOCOL_HEADER_SETTINGS,
  PROVIDER_ALIASES,
  PROVIDERS,
  type ProviderDefinition,
  STANDARD_DIALECT,
  STANDARD_EMBEDDINGS,
} from "#lib/providers/vendors/providers.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";

/** Reads one configuration variable; undefined when it is unset or empty. */
export type Setting = (name: string) => string | undefined;

/** An engine that can be called: a row whose provider is configured. */
export type Engine = {
  /** `provider/model`, as the provider is really called: other names of it do not make another engine. */
  id: string;
  label: string;
  provider: ProviderDefinition;
  /** The model as the provider wants to read it. */
  model: string;
  /** Base URL after overrides. */
  baseUrl: string;
  origin: string;
  keys: readonly string[];
  headers: Readonly<Record<string, string>>;
  paid: boolean;
  /** Longest prompt, in tokens, where it is known. */
  contextTokens: number | undefined;
  capabilities: Capabilities;
  /** Milliseconds; undefined: the configured default. */
  firstTokenTimeoutMs: number | undefined;
};

/** Stands in for the key of a provider that needs none, so that every engine has a key to walk. */
const NO_KEY = "";
/** The first token of a model that thinks first may take this long, milliseconds. */
const SLOW_START_MS = 45_000;
const MOST_KEYS = 50;
/** Characters of a wrong setting that its error repeats. */
const MAX_QUOTED = 200;

export type Registry = {
  /** Base URL of a provider, overrides applied; undefined for an unknown one. */
  providerEndpoint(providerId: string): string | undefined;
  /** The provider's key pool; `[""]` where no key is needed; empty where it is not configured. */
  providerKeys(providerId: string): readonly string[];
  /** Whether there is such a provider, configured or not: what tells `provider/model` from other names. */
  isKnown(providerId: string): boolean;
  /** The engines behind catalogue rows, those of unconfigured providers left out. */
  resolve(specs: readonly EngineSpec[]): Engine[];
  /** Ids of the providers that can be called. */
  configured(): string[];
  /** Whether calls of this provider cost something: it bills, or its answers say what they cost. */
  hasCosts(providerId: string): boolean;
};

function wrongSetting(name: string, problem: string): GatewayError {
  return new GatewayError("not_configured", `The variable ${name} is wrong: ${problem}.`);
}

/** A setting that is sent as a header. */
function headerSetting(setting: Setting, name: string): string | undefined {
  const value = setting(name);
  if (value === undefined || /^[\x20-\x7e]*$/.test(value)) return value;
  throw wrongSetting(
    name,
    "it has a character that no header can carry, such as a line break or a typographic quote",
  );
}

function baseUrlSetting(setting: Setting, name: string): string | undefined {
  const value = setting(name);
  const problem = value === undefined ? undefined : baseUrlProblem(value);
  if (problem !== undefined) throw wrongSetting(name, problem);
  return value;
}

/** `NAME`, `NAME_2`, `NAME_3` …: gaps are allowed, duplicates are not counted twice. */
function keyPool(setting: Setting, name: string): string[] {
  const keys = new Set<string>();
  for (let number = 1; number <= MOST_KEYS; number++) {
    const key = headerSetting(setting, number === 1 ? name : `${name}_${number}`);
    if (key !== undefined) keys.add(key);
  }
  return [...keys];
}

function headersOf(definition: ProviderDefinition, setting: Setting): Record<string, string> {
  const headers: Record<string, string> = { ...definition.headers };
  for (const [header, name] of Object.entries(PROTOCOL_HEADER_SETTINGS[definition.protocol])) {
    const value = headerSetting(setting, name);
    if (value !== undefined) headers[header] = value;
  }
  return headers;
}

function fromOperator(provider: OperatorProvider): ProviderDefinition {
  return {
    id: provider.id,
    name: provider.id,
    protocol: provider.protocol,
    baseUrl: provider.baseUrl,
    baseUrlEnv: undefined,
    keyEnv: provider.apiKeyEnv,
    dialect: STANDARD_DIALECT,
    ...(provider.neverBenched === true ? { neverBenched: true } : {}),
    ...(provider.protocol === "anthropic" ? {} : { embeddings: STANDARD_EMBEDDINGS }),
  };
}

/** GitHub Models has ended: where its token still answers it goes first, then OpenAI's models at OpenAI. */
function expand(spec: EngineSpec): EngineSpec[] {
  if (spec.provider !== "github-models") return [spec];
  const model = spec.model.replace(/^openai\//, "");
  if (model.includes("/")) return [spec];
  return [spec, { ...spec, provider: "openai", model, label: spec.label.replace(/^GitHub\b/, "OpenAI") }];
}

/** Throws for an id that is nobody's: whoever misspelt one would take a bill for a free tier. */
function assertKnown(paid: ReadonlySet<string>, known: readonly string[]): void {
  const unknown = [...paid].filter((id) => !known.includes(id));
  if (unknown.length === 0) return;
  const wrong = truncate(unknown.map((id) => `"${id}"`).join(", "), MAX_QUOTED);
  throw wrongSetting(
    "PAID_PROVIDERS",
    `there is no provider ${wrong}; allowed are, separated by commas: ${[...known].sort().join(", ")}`,
  );
}

/**
 * The providers of this process: definitions joined with the configuration.
 * `setting` is read once, here. Throws `not_configured` naming the variable that is wrong.
 */
export function createRegistry(
  setting: Setting,
  operatorProviders: readonly OperatorProvider[] = [],
): Registry {
  const paidByConfiguration = new Set(
    (setting("PAID_PROVIDERS") ?? "").split(",").flatMap((id) => id.trim() || []),
  );
  const providers = new Map<
    string,
    { definition: ProviderDefinition; baseUrl: string; keys: string[]; headers: Record<string, string> }
  >();
  for (const definition of [...PROVIDERS, ...operatorProviders.map(fromOperator)]) {
    const override =
      definition.baseUrlEnv === undefined ? undefined : baseUrlSetting(setting, definition.baseUrlEnv);
    const isOperators = definition.baseUrlEnv === undefined;
    const needsNoKey = definition.keyEnv === undefined && (isOperators || override !== undefined);
    providers.set(definition.id, {
      definition,
      baseUrl: (override ?? definition.baseUrl).replace(/\/+$/, ""),
      headers: headersOf(definition, setting),
      keys:
        definition.keyEnv === undefined ? (needsNoKey ? [NO_KEY] : []) : keyPool(setting, definition.keyEnv),
    });
  }
  const find = (id: string) => providers.get(PROVIDER_ALIASES[id] ?? id);
  assertKnown(paidByConfiguration, [...providers.keys(), ...Object.keys(PROVIDER_ALIASES)]);
  const isPaid = (definition: ProviderDefinition, id: string): boolean =>
    definition.paid === true || paidByConfiguration.has(id) || paidByConfiguration.has(definition.id);

  const engineOf = (spec: EngineSpec): Engine | undefined => {
    const provider = find(spec.provider);
    if (provider === undefined || provider.keys.length === 0) return undefined;
    const { definition, baseUrl, keys } = provider;
    const prefix = spec.model.includes("/") ? "" : (definition.modelPrefix ?? "");
    const model = `${prefix}${spec.model}`;
    return {
      id: `${definition.id}/${model}`,
      label: spec.label,
      provider: definition,
      model,
      baseUrl,
      origin: new URL(baseUrl).origin,
      keys,
      headers: provider.headers,
      paid: isPaid(definition, spec.provider),
      contextTokens: spec.contextTokens,
      capabilities: spec.capabilities ?? {},
      firstTokenTimeoutMs:
        definition.firstTokenTimeoutMs ?? (modelRules(spec.model).slowToStart ? SLOW_START_MS : undefined),
    };
  };

  return {
    providerEndpoint: (id) => find(id)?.baseUrl,
    providerKeys: (id) => find(id)?.keys ?? [],
    isKnown: (id) => find(id) !== undefined,
    resolve: (specs) => specs.flatMap(expand).flatMap((spec) => engineOf(spec) ?? []),
    configured: () => [...providers].filter(([, { keys }]) => keys.length > 0).map(([id]) => id),
    hasCosts(id) {
      const definition = find(id)?.definition;
      return definition !== undefined && (isPaid(definition, id) || definition.reportsCost === true);
    },
  };
}
