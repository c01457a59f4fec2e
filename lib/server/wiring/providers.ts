import { SANDBOX_ORIGIN } from "#lib/adapters/sandbox/sandbox-upstream.ts";
import {
  type Catalogue,
  DEFAULT_CATALOGUE,
  parseModelsConfig,
} from "#lib/providers/catalogue/models-config.ts";
import { createRegistry, type Registry } from "#lib/providers/registry.ts";
import type { OperatorProvider } from "#lib/providers/vendors/operator-provider.ts";
import type { Offer } from "#lib/providers/vendors/provider.ts";
import type { Env } from "#lib/server/env/env.ts";
import { type ConfigText, readConfigText } from "#lib/server/wiring/configuration/config-text.ts";
import { pluginTokens } from "#lib/server/wiring/plugins.ts";
import { telemetrySecrets } from "#lib/server/wiring/telemetry-settings.ts";

/** Providers, the sandbox instead of them, or none: then every chat is answered with 503. */
export type EngineSource = "providers" | "sandbox" | "none";

/** The modes, and the providers that can answer in them. */
export type Providers = { catalogue: Catalogue; registry: Registry };

export const SANDBOX_PROVIDER: OperatorProvider = {
  id: "sandbox",
  baseUrl: `${SANDBOX_ORIGIN}/v1`,
  protocol: "openai-compatible",
  // It fails on command, and a bench would keep it from failing again.
  neverBenched: true,
};

/**
 * The modes and providers of these settings. Throws `not_configured`, naming the variable or the line that is
 * wrong.
 */
export async function loadProviders(env: Env): Promise<Providers> {
  return providersOf(env, await readConfigText("MODELS_CONFIG", env.MODELS_CONFIG));
}

/** The same with a `MODELS_CONFIG` that has been read already. */
export async function providersOf(env: Env, models: ConfigText): Promise<Providers> {
  const catalogue = await catalogueOf(models);
  const registry = createRegistry(env.setting, catalogue.providers);
  // Registered only if it is in use, so that clients cannot name it otherwise.
  if (engineSourceOf(env, { registry, catalogue }) !== "sandbox") return { catalogue, registry };
  return { catalogue, registry: createRegistry(env.setting, [...catalogue.providers, SANDBOX_PROVIDER]) };
}

async function catalogueOf(models: ConfigText): Promise<Catalogue> {
  switch (models.kind) {
    case "built-in":
      return DEFAULT_CATALOGUE;
    case "inline":
      return parseModelsConfig(models.text, "MODELS_CONFIG");
    case "file":
      return parseModelsConfig(models.text, models.path);
  }
}

/** Without a provider, development uses the sandbox; production does so only if it is enabled. */
export function engineSourceOf(env: Env, providers: Providers): EngineSource {
  if (realProviders(providers, ["chat"]).length > 0) return "providers";
  const wantsSandbox = env.ENABLE_SANDBOX || env.NODE_ENV === "development";
  return wantsSandbox && providers.catalogue.providers.length === 0 ? "sandbox" : "none";
}

/** What providers of engines offer; a search service alone answers nobody. */
const SERVED = ["chat", "embeddings", "speech", "transcription", "images"] as const;

/** The ids of the configured providers of engines, without the sandbox. */
export function realProviders(
  { registry }: Pick<Providers, "registry">,
  offers: readonly Offer[] = SERVED,
): string[] {
  return registry
    .configured()
    .filter((id) => id !== SANDBOX_PROVIDER.id && offers.some((offer) => registry.offers(id, offer)));
}

/** Every key that could appear in an error, for the logger to redact. */
export function secretsOf(env: Env, { registry }: Pick<Providers, "registry">): string[] {
  const { SUPABASE_SERVICE_ROLE_KEY, SUPABASE_JWT_SECRET, DEMO_PASSWORD, MCP_INTERNAL_KEY } = env;
  const own = [SUPABASE_SERVICE_ROLE_KEY, SUPABASE_JWT_SECRET, DEMO_PASSWORD, MCP_INTERNAL_KEY];
  const ofServices = [env.MANUS_API_KEY, env.MANUS_WEBHOOK_SECRET, env.R2_SECRET_ACCESS_KEY];
  return [
    ...[...own, ...ofServices].flatMap((secret) => secret ?? []),
    ...registry.secrets(),
    ...pluginTokens(env),
    ...telemetrySecrets(env),
  ];
}
