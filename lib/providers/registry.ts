import type { Capabilities, EngineSpec } from "#lib/ai-models.ts";
import { contextWindow } from "#lib/providers/catalogue/context-windows.ts";
import { bareModelName, modelRules } from "#lib/providers/catalogue/model-rules.ts";
import { outputCeiling } from "#lib/providers/catalogue/output-ceilings.ts";
import {
  credentialVariables,
  type EngineKey,
  NO_KEY,
  readKeyPool,
  secretsOf,
  tokenOf,
} from "#lib/providers/vendors/credentials.ts";
import { PROTOCOL_HEADER_SETTINGS } from "#lib/providers/vendors/header-settings.ts";
import { type OperatorProvider, operatorDefinition } from "#lib/providers/vendors/operator-provider.ts";
import type {
  InstalledSource,
  Offer,
  ProtocolId,
  ProviderDefinition,
  ServiceProtocolId,
} from "#lib/providers/vendors/provider.ts";
import { PROVIDER_ALIASES, PROVIDERS } from "#lib/providers/vendors/providers.ts";
import {
  baseUrlSetting,
  headerSetting,
  type Setting,
  wrongSetting,
} from "#lib/providers/vendors/settings.ts";
import { truncate } from "#lib/shared/text.ts";

/** An engine that can be called: a row whose provider is configured. */
export type Engine = {
  /** `provider/model`, with the provider's own id, never an alias. */
  id: string;
  label: string;
  provider: ProviderDefinition;
  /** The protocol of its chat: the provider's, unless the model has another. */
  protocol: ProtocolId | ServiceProtocolId;
  /** The issuer of the opaque tokens in its answers; it accepts no other's. */
  issuer: string;
  /** The model id as the provider expects it. */
  model: string;
  /** Base URL after overrides. */
  baseUrl: string;
  origin: string;
  /** Its credentials; never empty. */
  keys: readonly EngineKey[];
  headers: Readonly<Record<string, string>>;
  paid: boolean;
  /** The context window in tokens, if known. */
  contextTokens: number | undefined;
  /** The most tokens that it writes for one request, if known. */
  maxOutputTokens: number | undefined;
  capabilities: Capabilities;
  /** Milliseconds; undefined for the configured default. */
  firstTokenTimeoutMs: number | undefined;
};

/** First-token timeout of models that think first, milliseconds. */
const SLOW_START_MS = 45_000;
/** How much of a wrong setting its error message quotes, characters. */
const MAX_QUOTED = 200;

export type Registry = {
  /** Base URL of a provider after overrides; undefined for an unknown provider. */
  providerEndpoint(providerId: string): string | undefined;
  /** The provider's keys, or the tokens of its accounts; `[""]` if none is needed; empty if not configured. */
  providerKeys(providerId: string): readonly string[];
  /** Whether the provider exists, configured or not: decides whether a name is `provider/model`. */
  isKnown(providerId: string): boolean;
  /** Whether the provider offers this, configured or not. */
  offers(providerId: string, offer: Offer): boolean;
  /**
   * The engines behind catalogue rows that can be called for `offer`, by default chat. Engines of providers
   * that are not configured, or do not offer it, are left out.
   */
  resolve(specs: readonly EngineSpec[], offer?: Offer): Engine[];
  /** Ids of the configured providers, whatever they offer. */
  configured(): string[];
  /** The variables that configure these providers, or those that took over their models; each once. */
  variablesOf(providerIds: readonly string[]): string[];
  /** The configured providers whose engines are the models that are installed there. */
  installations(): Installation[];
  /** Whether calls of this provider count towards budgets: it bills, or it reports costs. */
  hasCosts(providerId: string): boolean;
  /** The parts of all configured credentials that must not appear in logs. */
  secrets(): string[];
};

/** A provider that lists the models that are installed there. */
export type Installation = { provider: string; name: string; baseUrl: string; source: InstalledSource };

function headersOf(definition: ProviderDefinition, setting: Setting): Record<string, string> {
  const headers: Record<string, string> = { ...definition.headers };
  for (const [header, name] of Object.entries(PROTOCOL_HEADER_SETTINGS[definition.protocol])) {
    const value = headerSetting(setting, name);
    if (value !== undefined) headers[header] = value;
  }
  return headers;
}

/** Adds the same model of the provider's successor, if it has one, after the row. */
function withSuccessor(spec: EngineSpec, definition: ProviderDefinition | undefined): EngineSpec[] {
  const { successor, modelPrefix = "" } = definition ?? {};
  if (successor === undefined) return [spec];
  const model = spec.model.startsWith(modelPrefix) ? spec.model.slice(modelPrefix.length) : spec.model;
  // The successor does not have models of other vendors.
  if (model.includes("/")) return [spec];
  const label = spec.label.replace(successor.label.from, successor.label.to);
  return [spec, { ...spec, provider: successor.provider, model, label }];
}

/** Throws for an unknown id: a typo would make a paid provider count as free. */
function assertKnown(paid: ReadonlySet<string>, known: readonly string[]): void {
  const unknown = [...paid].filter((id) => !known.includes(id));
  if (unknown.length === 0) return;
  const wrong = truncate(unknown.map((id) => `"${id}"`).join(", "), MAX_QUOTED);
  throw wrongSetting(
    "PAID_PROVIDERS",
    `there is no provider ${wrong}; allowed are, separated by commas: ${[...known].sort().join(", ")}`,
  );
}

/** A provider with its settings; without keys it is not configured. */
type ConfiguredProvider = {
  definition: ProviderDefinition;
  baseUrl: string;
  keys: readonly EngineKey[];
  headers: Readonly<Record<string, string>>;
};

function configure(definition: ProviderDefinition, setting: Setting): ConfiguredProvider {
  const { baseUrlEnv, credentials } = definition;
  const override = baseUrlEnv === undefined ? undefined : baseUrlSetting(setting, baseUrlEnv);
  // A provider without keys is enabled by its base URL, which an operator's provider always has.
  const isEnabled = baseUrlEnv === undefined || override !== undefined;
  const keys = readKeyPool(setting, credentials);
  return {
    definition,
    baseUrl: plainBaseUrl(override ?? definition.baseUrl, definition.redundantPath),
    headers: headersOf(definition, setting),
    keys: credentials.kind === "none" && isEnabled ? [NO_KEY] : keys,
  };
}

function protocolFor({ protocol, chat }: ProviderDefinition, model: string): Engine["protocol"] {
  const isForResponses = chat?.responsesModels?.test(bareModelName(model)) === true;
  return isForResponses ? "openai-responses" : protocol;
}

function plainBaseUrl(baseUrl: string, redundantPath: RegExp | undefined): string {
  const plain = redundantPath === undefined ? baseUrl : baseUrl.replace(redundantPath, "");
  return plain.replace(/\/+$/, "");
}

function installationOf({ definition, baseUrl, keys }: ConfiguredProvider): Installation | [] {
  const { id, name, installed } = definition;
  if (installed === undefined || keys.length === 0) return [];
  return { provider: id, name, baseUrl, source: installed };
}

/** The provider that took over this one's models, or itself. */
function heirOf(
  definition: ProviderDefinition | undefined,
  find: (id: string) => ConfiguredProvider | undefined,
): ProviderDefinition | undefined {
  const { successor } = definition ?? {};
  return successor === undefined ? definition : find(successor.provider)?.definition;
}

/** Of a provider without keys it is the base URL. */
function variablesOf(definition: ProviderDefinition | undefined): string[] {
  if (definition === undefined) return [];
  const { credentials, baseUrlEnv } = definition;
  const variables = credentialVariables(credentials);
  return variables.length > 0 || baseUrlEnv === undefined ? variables : [baseUrlEnv];
}

function createEngine(spec: EngineSpec, provider: ConfiguredProvider, paid: boolean): Engine {
  const { definition, baseUrl, keys, headers } = provider;
  const prefix = spec.model.includes("/") ? "" : (definition.modelPrefix ?? "");
  const model = `${prefix}${spec.model}`;
  return {
    id: `${definition.id}/${model}`,
    label: spec.label,
    provider: definition,
    protocol: spec.protocol ?? protocolFor(definition, model),
    issuer: definition.issuer ?? definition.id,
    model,
    baseUrl,
    origin: new URL(baseUrl).origin,
    keys,
    headers,
    paid,
    contextTokens: spec.contextTokens ?? contextWindow(definition.pricedAs, model),
    maxOutputTokens: spec.maxOutputTokens ?? outputCeiling(definition.pricedAs, model),
    capabilities: spec.capabilities ?? {},
    firstTokenTimeoutMs:
      definition.firstTokenTimeoutMs ?? (modelRules(spec.model).slowToStart ? SLOW_START_MS : undefined),
  };
}

/**
 * The providers of this process: definitions joined with the configuration.
 * `setting` is read once, here. Throws `not_configured` naming the variable that is wrong.
 */
export function createRegistry(
  setting: Setting,
  operatorProviders: readonly OperatorProvider[] = [],
  definitions: readonly ProviderDefinition[] = PROVIDERS,
): Registry {
  const paidByConfiguration = new Set(
    (setting("PAID_PROVIDERS") ?? "").split(",").flatMap((id) => id.trim() || []),
  );
  const providers = new Map<string, ConfiguredProvider>();
  for (const definition of [...definitions, ...operatorProviders.map(operatorDefinition)])
    providers.set(definition.id, configure(definition, setting));
  const find = (id: string) => providers.get(PROVIDER_ALIASES[id] ?? id);
  assertKnown(paidByConfiguration, [...providers.keys(), ...Object.keys(PROVIDER_ALIASES)]);
  const isPaid = (definition: ProviderDefinition, id: string): boolean =>
    definition.paid === true || paidByConfiguration.has(id) || paidByConfiguration.has(definition.id);

  const engineOf = (spec: EngineSpec, offer: Offer): Engine | undefined => {
    const provider = find(spec.provider);
    if (provider === undefined || provider.keys.length === 0) return undefined;
    const { definition } = provider;
    if (definition[offer] === undefined) return undefined;
    return createEngine(spec, provider, isPaid(definition, spec.provider));
  };

  return {
    providerEndpoint: (id) => find(id)?.baseUrl,
    providerKeys: (id) => find(id)?.keys.map(tokenOf) ?? [],
    isKnown: (id) => find(id) !== undefined,
    offers: (id, offer) => find(id)?.definition[offer] !== undefined,
    resolve: (specs, offer = "chat") =>
      specs
        .flatMap((spec) => withSuccessor(spec, find(spec.provider)?.definition))
        .flatMap((spec) => engineOf(spec, offer) ?? []),
    configured: () => [...providers].filter(([, { keys }]) => keys.length > 0).map(([id]) => id),
    variablesOf: (ids) => [...new Set(ids.flatMap((id) => variablesOf(heirOf(find(id)?.definition, find))))],
    installations: () => [...providers.values()].flatMap(installationOf),
    hasCosts(id) {
      const definition = find(id)?.definition;
      return definition !== undefined && (isPaid(definition, id) || definition.reportsCost === true);
    },
    secrets: () => [...providers.values()].flatMap(({ keys }) => keys.flatMap(secretsOf)),
  };
}
