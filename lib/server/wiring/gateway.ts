import { randomUUID } from "node:crypto";
import { systemClock } from "#lib/adapters/clock.ts";
import { secretsOf as mcpSecretsOf } from "#lib/plugins/mcp.ts";
import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Registry } from "#lib/providers/registry.ts";
import type { AdminCheck } from "#lib/server/auth/admin.ts";
import type { Authenticator } from "#lib/server/auth/auth.ts";
import { type Env, readEnv } from "#lib/server/env/env.ts";
import { readStorageSettings } from "#lib/server/env/storage-settings.ts";
import type { BodyBudget } from "#lib/server/http/body-budget.ts";
import type { AccountsPart } from "#lib/server/wiring/accounts.ts";
import type { Admin } from "#lib/server/wiring/admin.ts";
import { beginInBackground } from "#lib/server/wiring/background.ts";
import { abandonedOrigins } from "#lib/server/wiring/configuration/catalogue-changes.ts";
import {
  type Configuration,
  createConfiguration,
  readConfigTexts,
} from "#lib/server/wiring/configuration/configuration.ts";
import { readDatabaseSettings } from "#lib/server/wiring/database.ts";
import { engineByName } from "#lib/server/wiring/engine-of.ts";
import { ofCatalogue, partsOf, withGetters } from "#lib/server/wiring/gateway-getters.ts";
import { InstalledModels } from "#lib/server/wiring/installed-models.ts";
import { LiveProviders } from "#lib/server/wiring/live-providers.ts";
import { createLogs } from "#lib/server/wiring/logs.ts";
import { type McpPart, readMcpServers } from "#lib/server/wiring/mcp.ts";
import type { StoragePart } from "#lib/server/wiring/object-storage.ts";
import { createParts, MAKERS, type Parts } from "#lib/server/wiring/parts.ts";
import { createPrices, overridesOf } from "#lib/server/wiring/prices.ts";
import { type EngineSource, providersOf, secretsOf } from "#lib/server/wiring/providers.ts";
import type { Shared } from "#lib/server/wiring/shared-state.ts";
import { createTelemetry, type Telemetry } from "#lib/server/wiring/telemetry.ts";
import type { ToolServing } from "#lib/server/wiring/tool-serving.ts";
import type { ChatDependencies } from "#lib/services/chat/start-turn.ts";
import type { CompletionDependencies } from "#lib/services/completion.ts";
import type { DirectUploadDependencies } from "#lib/services/documents/direct-upload.ts";
import type { EmbeddingsDependencies } from "#lib/services/embeddings.ts";
import type { LivePrices } from "#lib/services/engines/live-prices.ts";
import type { PdfWriter } from "#lib/services/exports/pdf-writer.ts";
import type { WorkbookWriter } from "#lib/services/exports/workbook-writer.ts";
import type { DatabaseCheck } from "#lib/services/health/database-check.ts";
import type { GatewayKeyDependencies } from "#lib/services/identity/gateway-keys.ts";
import type { ImagesDependencies } from "#lib/services/images/draw.ts";
import type { Ledger } from "#lib/services/ledger/ledger.ts";
import type { ManusDependencies } from "#lib/services/manus/manus-dependencies.ts";
import type { Memories } from "#lib/services/memory/memories.ts";
import type { DailyModelCheck } from "#lib/services/model-check/daily-check.ts";
import type { PluginDependencies } from "#lib/services/plugins/plugin-dependencies.ts";
import type { Logger, WaitUntil } from "#lib/services/ports.ts";
import type { QuotaDependencies } from "#lib/services/quota/quota-today.ts";
import type { SessionDependencies } from "#lib/services/sessions/sessions.ts";
import type { SpeechDependencies } from "#lib/services/speech/speak.ts";
import type { TranscriptionDependencies } from "#lib/services/transcription/transcribe.ts";
import { lazyAsync } from "#lib/shared/lazy.ts";

/**
 * Everything a route needs, wired once per process; each part is made when it is first read. A route reads a part
 * once: what the catalogue has to do with may be another part at the next reading.
 */
export type Gateway = {
  readonly env: Env;
  /** Identifies this process among the instances of the gateway: a random UUID. */
  readonly instanceId: string;
  readonly logger: Logger;
  /** What can be configured while it runs. */
  readonly configuration: Configuration;
  readonly registry: Registry;
  /** The models that are installed at providers such as Ollama. */
  readonly installed: InstalledModels;
  readonly prices: LivePrices;
  readonly health: EngineHealth;
  readonly authenticator: Authenticator;
  readonly isAdmin: AdminCheck;
  /** Signing in on the pages. */
  readonly accounts: AccountsPart;
  /** Native chat. */
  readonly chat: ChatDependencies;
  /** The chats of the OpenAI-compatible routes. */
  readonly completion: CompletionDependencies;
  readonly embeddings: EmbeddingsDependencies;
  /** What is spoken in recordings, as text. */
  readonly transcription: TranscriptionDependencies;
  /** Text that is spoken. */
  readonly speech: SpeechDependencies;
  /** What draws. */
  readonly images: ImagesDependencies;
  readonly plugins: PluginDependencies;
  /** Tasks that are handed to Manus. */
  readonly manus: ManusDependencies;
  /** MCP servers that the operator has set up. */
  readonly mcp: McpPart;
  /** The gateway's own tools, for clients and hosts of MCP. */
  readonly toolServing: ToolServing;
  /** Files of conversations. */
  readonly files: DirectUploadDependencies;
  /** Writes Excel workbooks. */
  readonly workbooks: WorkbookWriter;
  /** Where files and images are kept; undefined without an object storage. */
  readonly storage: StoragePart | undefined;
  /** Writes PDF documents. */
  readonly pdfs: PdfWriter;
  /** What is remembered of users. */
  readonly memories: Memories;
  /** The users' gateway keys. */
  readonly keys: GatewayKeyDependencies;
  /** Saved conversations. */
  readonly sessions: SessionDependencies;
  readonly quota: QuotaDependencies;
  /** What administrators see. */
  readonly admin: Admin;
  /** Stores turns. */
  readonly ledger: Ledger;
  /** Whether the models of the chains still exist. */
  readonly modelCheck: DailyModelCheck;
  /** Metrics and traces. */
  readonly telemetry: Telemetry;
  /** The memory that request bodies may take. */
  readonly bodies: BodyBudget;
  readonly engineSource: EngineSource;
  /** No provider is configured: answers come from the built-in sandbox (or a local Ollama). */
  readonly sandboxed: boolean;
  /** What the instances of the gateway have in common. */
  readonly shared: Shared;
  /** Refreshes what instances share, if it is time to. Never throws: without it requests are answered, too. */
  besideRequest(waitUntil: WaitUntil): void;
  /** Whether the database can be used, or why not. Never rejects. */
  checkDatabase(): Promise<DatabaseCheck>;
  /** Stores what is waiting for the ledger and closes connections to providers. */
  close(): Promise<void>;
};

/** The process's gateway, made at the first request. A failed start is tried again at the next. */
export const getGateway: () => Promise<Gateway> = lazyAsync(async () => createGateway(readEnv()));

/**
 * A separate gateway, which tests make from the settings they want. Throws `not_configured` for wrong
 * settings, naming what is wrong.
 *
 * @param makers replacements of how parts are made, for tests.
 */
export async function createGateway(
  env: Env,
  writeLog?: (line: string) => void,
  makers: Partial<typeof MAKERS> = {},
): Promise<Gateway> {
  const texts = await readConfigTexts(env);
  const [providers, overrides, mcpServers] = await Promise.all([
    providersOf(env, texts.models),
    overridesOf(texts.prices),
    readMcpServers(env),
  ]);
  const live = new LiveProviders(providers);
  const settings = readDatabaseSettings(env);
  const storageSettings = readStorageSettings(env);
  const secrets = [...secretsOf(env, providers), ...mcpServers.flatMap(mcpSecretsOf)];
  const { logger, turnLogger, flush } = createLogs(env, secrets, writeLog);
  const installed = new InstalledModels(providers.registry.installations(), systemClock);
  const prices = createPrices({ overrides, clock: systemClock, logger });
  const telemetry = createTelemetry({ env, live, clock: systemClock, logger, turnLogger });
  const instanceId = randomUUID();
  const closing = new AbortController();
  const basis = {
    ...{ env, instanceId, settings, storageSettings, live, mcpServers, installed, prices, telemetry, logger },
    ...{ clock: systemClock, signal: closing.signal },
    configuration: () => configuration,
  };
  const parts = createParts(basis, { ...MAKERS, ...makers });
  telemetry.readEngines(() => parts.health.made?.report(engineByName(live)) ?? []);
  live.onReplaced((before, after) => {
    secrets.push(...secretsOf(env, after).filter((secret) => !secrets.includes(secret)));
    parts.engines.made?.disconnect(abandonedOrigins(before, after));
  });
  const configuration: Configuration = createConfiguration(
    { env, texts, live, prices, logger, clock: systemClock },
    closing.signal,
  );
  beginInBackground({ ...parts, ...basis, prices: env.VERCEL ? undefined : prices }, closing.signal);
  return withGetters(withGetters(partsOf(parts), ofCatalogue(live, env)), {
    ...{ env, instanceId, logger, configuration, installed, prices, telemetry },
    besideRequest: (waitUntil: WaitUntil) => {
      parts.shared.made?.state?.beside(waitUntil);
      if (env.VERCEL) parts.storage.value?.sweeper.beside(waitUntil, closing.signal);
    },
    checkDatabase: async () => parts.database.value.check(),
    close: async () => {
      await closeParts(parts, telemetry, closing);
      flush();
    },
  });
}

async function closeParts(
  { ledger, engines, documents, workbooks, pdfs, shared, mcp }: Parts,
  telemetry: Telemetry,
  work: AbortController,
): Promise<void> {
  work.abort();
  shared.made?.state?.close();
  await documents.made?.close();
  await workbooks.made?.close();
  await pdfs.made?.close();
  await mcp.made?.connections.close();
  await ledger.made?.ledger.close();
  // Every turn has ended.
  await telemetry.close();
  await engines.made?.close();
}
