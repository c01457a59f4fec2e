import { readFile } from "node:fs/promises";
import { SANDBOX_ORIGIN } from "#lib/adapters/sandbox/sandbox-upstream.ts";
import {
  type Catalogue,
  DEFAULT_CATALOGUE,
  parseModelsConfig,
} from "#lib/providers/catalogue/models-config.ts";
import { createRegistry, type Registry } from "#lib/providers/registry.ts";
import type { OperatorProvider } from "#lib/providers/vendors/operator-provider.ts";
import type { Env } from "#lib/server/env/env.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Providers, the sandbox in their place, or none: then every question is answered with 503. */
export type EngineSource = "providers" | "sandbox" | "none";

/** The modes, and the providers that can answer in them. */
export type Providers = { catalogue: Catalogue; registry: Registry };

export const SANDBOX_PROVIDER: OperatorProvider = {
  id: "sandbox",
  baseUrl: `${SANDBOX_ORIGIN}/v1`,
  protocol: "openai-compatible",
  // It fails when it is told to, and must do so as often as it is told.
  neverBenched: true,
};

/**
 * The modes and providers that the settings describe. Throws `not_configured`, naming the variable or
 * the line that is wrong.
 */
export async function loadProviders(env: Env): Promise<Providers> {
  const catalogue = await loadCatalogue(env);
  const registry = createRegistry(env.setting, catalogue.providers);
  // If the sandbox does not answer, no client can name it either.
  if (engineSourceOf(env, { registry, catalogue }) !== "sandbox") return { catalogue, registry };
  return { catalogue, registry: createRegistry(env.setting, [...catalogue.providers, SANDBOX_PROVIDER]) };
}

async function loadCatalogue(env: Env): Promise<Catalogue> {
  const config = env.MODELS_CONFIG;
  if (config === undefined) return DEFAULT_CATALOGUE;
  const isInline = config.startsWith("{") || config.includes("\n");
  if (isInline) return parseModelsConfig(config, "MODELS_CONFIG");
  const text = await readFile(config, "utf8").catch((error: unknown) => {
    throw new GatewayError("not_configured", `MODELS_CONFIG names "${config}", which cannot be read.`, {
      cause: error,
    });
  });
  return parseModelsConfig(text, config);
}

/** Without a provider, development answers by itself; production only when told to. */
export function engineSourceOf(env: Env, providers: Providers): EngineSource {
  if (realProviders(providers).length > 0) return "providers";
  const wantsSandbox = env.ENABLE_SANDBOX || env.NODE_ENV === "development";
  return wantsSandbox && providers.catalogue.providers.length === 0 ? "sandbox" : "none";
}

/** The ids of the configured providers, the sandbox not among them. */
export function realProviders({ registry }: Pick<Providers, "registry">): string[] {
  return registry.configured().filter((id) => id !== SANDBOX_PROVIDER.id);
}

/** Every key that could turn up in an error: none of them is ever logged. */
export function secretsOf(env: Env, { registry }: Pick<Providers, "registry">): string[] {
  const own = [env.SUPABASE_SERVICE_ROLE_KEY, env.SUPABASE_JWT_SECRET].flatMap((secret) => secret ?? []);
  return [...own, ...registry.secrets()];
}
