import { randomBytes, randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "#lib/adapters/clock.ts";
import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import { openTurnJournal } from "#lib/adapters/journal/turn-journal.ts";
import { createLogger } from "#lib/adapters/logger.ts";
import { SANDBOX_MODELS, SANDBOX_ORIGIN, withSandbox } from "#lib/adapters/sandbox/sandbox-upstream.ts";
import { createAccessTokenVerifier } from "#lib/adapters/supabase/access-tokens.ts";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { checkDatabase } from "#lib/adapters/supabase/database-check.ts";
import {
  createSupabaseGatewayKeyStore,
  createSupabaseKeyAdmission,
  createSupabaseKeyRegister,
} from "#lib/adapters/supabase/gateway-key-store.ts";
import { createSupabaseLedgerStore } from "#lib/adapters/supabase/ledger-store.ts";
import { createCookieSessionReader } from "#lib/adapters/supabase/session-cookies.ts";
import { closeTurnsToUsers } from "#lib/adapters/supabase/turn-access.ts";
import { createSupabaseTurnStore } from "#lib/adapters/supabase/turn-store.ts";
import type { ModeId } from "#lib/ai-models.ts";
import {
  type Catalogue,
  DEFAULT_CATALOGUE,
  parseModelsConfig,
} from "#lib/providers/catalogue/models-config.ts";
import { loadPriceBook } from "#lib/providers/cost.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import { createRegistry, type Engine, type Registry } from "#lib/providers/registry.ts";
import type { OperatorProvider } from "#lib/providers/vendors/providers.ts";
import { type Authenticator, createAuthenticator } from "#lib/server/auth/auth.ts";
import { type Env, readEnv } from "#lib/server/env/env.ts";
import { BodyBudget, bodyBudgetOptions } from "#lib/server/http/body-budget.ts";
import { findLocalOllama } from "#lib/server/wiring/local-ollama.ts";
import { createKeyAdmission, type KeyAdmission } from "#lib/services/admission/key-admission.ts";
import type { ChatDependencies } from "#lib/services/chat/chat.ts";
import type { CompletionDependencies } from "#lib/services/completion.ts";
import type { EmbeddingsDependencies } from "#lib/services/embeddings.ts";
import { benchLogger } from "#lib/services/engines/bench-log.ts";
import type { DatabaseCheck } from "#lib/services/health/database-check.ts";
import type { GatewayKeyDependencies } from "#lib/services/identity/gateway-keys.ts";
import type { Ledger } from "#lib/services/ledger/ledger.ts";
import type { TurnJournal } from "#lib/services/ledger/ledger-ports.ts";
import { createLedgerWriter } from "#lib/services/ledger/ledger-writer.ts";
import type { Logger } from "#lib/services/ports.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Everything a route needs, wired once per process. */
export type Gateway = {
  env: Env;
  logger: Logger;
  registry: Registry;
  health: EngineHealth;
  authenticator: Authenticator;
  /** Native chat. */
  chat: ChatDependencies;
  /** The OpenAI-shaped routes. */
  completion: CompletionDependencies;
  embeddings: EmbeddingsDependencies;
  /** The users' gateway keys. */
  keys: GatewayKeyDependencies;
  /** The limits of gateway keys. */
  keyAdmission: KeyAdmission;
  /** Where turns are written down. */
  ledger: Ledger;
  /** No provider is configured: answers come from the built-in sandbox (or a local Ollama). */
  sandboxed: boolean;
  /** The memory that request bodies may take. */
  bodies: BodyBudget;
  /** Whether the database can be used, and why not. Never rejects. */
  checkDatabase(): Promise<DatabaseCheck>;
  /** Where answers come from. */
  engineSource: EngineSource;
  /** Stores what is waiting for the ledger and closes connections to providers. */
  close(): Promise<void>;
};

/** Providers, the sandbox in their place, or nobody: then every question is answered with 503. */
export type EngineSource = "providers" | "sandbox" | "none";

/** The modes, and who is there to answer in them. */
export type Providers = { catalogue: Catalogue; registry: Registry };

export const SANDBOX_PROVIDER: OperatorProvider = {
  id: "sandbox",
  baseUrl: `${SANDBOX_ORIGIN}/v1`,
  protocol: "openai-compatible",
  // It fails when it is told to, and must do so as often as it is told.
  neverBenched: true,
};

let current: Promise<Gateway> | undefined;

/** The process's gateway, made at the first request. A failed start is tried anew at the next. */
export function getGateway(): Promise<Gateway> {
  current ??= createGateway(readEnvLater()).catch((error: unknown) => {
    current = undefined;
    throw error;
  });
  return current;
}

async function readEnvLater(): Promise<Env> {
  return readEnv();
}

/** A gateway of its own; tests make theirs from the settings they want. */
export async function createGateway(
  settings: Env | Promise<Env>,
  writeLog?: (line: string) => void,
): Promise<Gateway> {
  const env = await settings;
  const { catalogue, registry } = await loadProviders(env);
  const logger = createLogger(secretsOf(env, registry), writeLog);
  const clock = systemClock;
  const http = createHttpUpstream();
  const health = new EngineHealth(() => clock.now(), benchLogger(logger, clock));
  const engineSource = engineSourceOf(env, { registry, catalogue });
  const sandboxed = engineSource === "sandbox";
  const closing = new AbortController();
  const supabase = connectSupabase(env);
  // Behind the start: no request waits for it.
  void supabase.closeTurns(closing.signal).then((error) => {
    if (error !== undefined) logger.error("Users can still write turns without a gateway.", error);
  });
  const authenticator = createAuthenticator({ env, clock, logger, ...supabase });
  const keyAdmission = createKeyAdmission(supabase.keyAdmission, clock);
  const randomHex = (bytes: number): string => randomBytes(bytes).toString("hex");
  const ledger = createLedgerWriter({
    store: supabase.ledger,
    clock,
    logger,
    random: Math.random,
    journal: openJournal(env, logger),
  });
  const engines = {
    modes: catalogue.modes,
    enginesOf: engineLookup(env, registry, catalogue, sandboxed),
    run: {
      times: {
        connectMs: env.CONNECT_TIMEOUT_MS,
        firstTokenMs: env.FIRST_TOKEN_TIMEOUT_MS,
        answerMs: env.ANSWER_TIMEOUT_MS,
        idleMs: env.PROVIDER_TIMEOUT_MS,
        deadlineMs: env.REQUEST_DEADLINE_MS,
      },
      recovery: env.MIDSTREAM_RECOVERY,
      promptCache: env.ENABLE_PROMPT_CACHE,
    },
    effects: {
      upstream: sandboxed ? withSandbox(http, clock) : http,
      health,
      clock,
      random: Math.random,
      newId: () => `call_${randomUUID().replaceAll("-", "").slice(0, 24)}`,
    },
    prices: loadPriceBook,
    logger,
  };
  // A model that has no embeddings, or a key that may not make them, is none the worse for chat.
  const embeddingHealth = new EngineHealth(() => clock.now(), benchLogger(logger, clock, "embeddings"));
  const embeddingEffects = { ...engines.effects, health: embeddingHealth };
  return {
    env,
    logger,
    registry,
    health,
    sandboxed,
    engineSource,
    authenticator,
    keyAdmission,
    ledger,
    bodies: new BodyBudget(bodyBudgetOptions(env.BODY_MEMORY_MB)),
    keys: {
      register: supabase.keyRegister,
      randomHex,
      onCreated: () => authenticator.keyCreated(),
      onRevoked: (keyId) => authenticator.keyRevoked(keyId),
    },
    chat: { ...engines, turns: supabase.turns, ledger, keyAdmission, randomHex },
    completion: { ...engines, registry, admission: keyAdmission, ledger },
    embeddings: { ...engines, effects: embeddingEffects, registry, admission: keyAdmission, ledger },
    checkDatabase: supabase.check,
    async close() {
      closing.abort();
      await ledger.close();
      await http.close();
    },
  };
}

/**
 * The modes and providers that the settings describe. Throws `not_configured`, naming the variable or
 * the line that is wrong.
 */
export async function loadProviders(env: Env): Promise<Providers> {
  const catalogue = await loadCatalogue(env);
  const registry = createRegistry(env.setting, catalogue.providers);
  // Where the sandbox does not answer, no client can name it either.
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
export function engineSourceOf(env: Env, { registry, catalogue }: Providers): EngineSource {
  if (registry.configured().some((id) => id !== SANDBOX_PROVIDER.id)) return "providers";
  const wantsSandbox = env.ENABLE_SANDBOX || env.NODE_ENV === "development";
  return wantsSandbox && catalogue.providers.length === 0 ? "sandbox" : "none";
}

function engineLookup(
  env: Env,
  registry: Registry,
  catalogue: Catalogue,
  sandboxed: boolean,
): ChatDependencies["enginesOf"] {
  if (!sandboxed) {
    const engines = new Map<ModeId, Engine[]>();
    return async (mode) => {
      const known = engines.get(mode) ?? registry.resolve(catalogue.modes[mode].failover);
      engines.set(mode, known);
      return known;
    };
  }
  const builtIn = registry.resolve(
    SANDBOX_MODELS.map((model) => ({
      provider: SANDBOX_PROVIDER.id,
      model,
      label: `Sandbox engine (${model})`,
    })),
  );
  const local = env.NODE_ENV === "development" ? findLocalOllama() : Promise.resolve(undefined);
  return async () => {
    const ollama = await local;
    return ollama === undefined ? builtIn : [ollama, ...builtIn];
  };
}

/** Every key that could turn up in an error: none of them is ever logged. */
function secretsOf(env: Env, registry: Registry): string[] {
  const own = [env.SUPABASE_SERVICE_ROLE_KEY, env.SUPABASE_JWT_SECRET].flatMap((secret) => secret ?? []);
  return [...own, ...registry.configured().flatMap((id) => registry.providerKeys(id))];
}

/** None without a service role, which alone could store what it holds, and on Vercel, which keeps no files. */
function openJournal(env: Env, logger: Logger): TurnJournal | undefined {
  if (env.VERCEL || env.SUPABASE_SERVICE_ROLE_KEY === undefined) return undefined;
  const folder = join(env.SARMALINK_DATA_DIR, "journal");
  try {
    return openTurnJournal({ folder, clock: systemClock });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn("Turns in flight will not survive a crash: the journal cannot be written.", { reason });
    return undefined;
  }
}

function connectSupabase(env: Env) {
  const { NEXT_PUBLIC_SUPABASE_URL: url, NEXT_PUBLIC_SUPABASE_ANON_KEY: publishableKey } = env;
  if (url === undefined || publishableKey === undefined) {
    throw new GatewayError(
      "not_configured",
      "No database is configured. Set NEXT_PUBLIC_SUPABASE_URL and NEXT_PUBLIC_SUPABASE_ANON_KEY, " +
        "or start with `npm run dev`, which brings a local one.",
    );
  }
  const clients = createSupabaseClients({
    url,
    publishableKey,
    serviceRoleKey: env.SUPABASE_SERVICE_ROLE_KEY,
  });
  return {
    turns: createSupabaseTurnStore({ clients, now: Date.now }),
    keys: createSupabaseGatewayKeyStore({ clients }),
    keyRegister: createSupabaseKeyRegister({ clients }),
    keyAdmission: createSupabaseKeyAdmission({ clients }),
    ledger: createSupabaseLedgerStore({ clients }),
    verifyToken: createAccessTokenVerifier({
      url,
      publishableKey,
      jwtSecret: env.SUPABASE_JWT_SECRET,
      now: () => systemClock.now(),
    }),
    readCookies: createCookieSessionReader(url, publishableKey),
    check: () => checkDatabase({ clients }),
    closeTurns: (signal: AbortSignal) => closeTurnsToUsers({ clients, clock: systemClock, signal }),
  };
}
