import type { McpServer } from "#lib/plugins/mcp.ts";
import type { Registry } from "#lib/providers/registry.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { StorageSettings } from "#lib/server/env/storage-settings.ts";
import { BodyBudget, bodyBudgetOptions } from "#lib/server/http/body-budget.ts";
import { createAccounts } from "#lib/server/wiring/accounts.ts";
import { createAdmin } from "#lib/server/wiring/admin.ts";
import { answerParts } from "#lib/server/wiring/answer-parts.ts";
import { createChat } from "#lib/server/wiring/chat.ts";
import { createCompletion } from "#lib/server/wiring/completion.ts";
import type { Configuration } from "#lib/server/wiring/configuration/configuration.ts";
import { createDatabase, type DatabaseSettings } from "#lib/server/wiring/database.ts";
import { createDocumentReader, createFiles } from "#lib/server/wiring/documents.ts";
import { createEmbeddings } from "#lib/server/wiring/embeddings.ts";
import { createEngines, type Engines } from "#lib/server/wiring/engines.ts";
import { createPdfWriter, createWorkbookWriter, exportParts } from "#lib/server/wiring/exports.ts";
import { createEngineHealth } from "#lib/server/wiring/health.ts";
import { createHealthBlocks } from "#lib/server/wiring/health-blocks.ts";
import { createIdentity, type Identity } from "#lib/server/wiring/identity.ts";
import { createImages } from "#lib/server/wiring/images.ts";
import type { InstalledModels } from "#lib/server/wiring/installed-models.ts";
import { createLedger, type LedgerPart, type TurnLedgerPart } from "#lib/server/wiring/ledger.ts";
import { createLedgerMaintenance } from "#lib/server/wiring/ledger-maintenance.ts";
import type { LiveProviders } from "#lib/server/wiring/live-providers.ts";
import { createLiveTools } from "#lib/server/wiring/live-tools.ts";
import { createManus } from "#lib/server/wiring/manus.ts";
import { createMcp } from "#lib/server/wiring/mcp.ts";
import { mediaParts } from "#lib/server/wiring/media-parts.ts";
import { createMemories } from "#lib/server/wiring/memory.ts";
import { createModelCheck } from "#lib/server/wiring/model-check.ts";
import { createStorage } from "#lib/server/wiring/object-storage.ts";
import { operatorParts } from "#lib/server/wiring/operator-parts.ts";
import { createPlugins } from "#lib/server/wiring/plugins.ts";
import { createQuota } from "#lib/server/wiring/quota.ts";
import { createSessions } from "#lib/server/wiring/sessions.ts";
import { createShared } from "#lib/server/wiring/shared-state.ts";
import { createSpeech } from "#lib/server/wiring/speech.ts";
import type { Telemetry } from "#lib/server/wiring/telemetry.ts";
import { createToolServing } from "#lib/server/wiring/tool-serving.ts";
import { createTranscription } from "#lib/server/wiring/transcription.ts";
import { userDataParts } from "#lib/server/wiring/user-data-parts.ts";
import { createWebSearchPart } from "#lib/server/wiring/web-search.ts";
import { AccountAlarms } from "#lib/services/admin/account-alarms.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { LivePrices } from "#lib/services/engines/live-prices.ts";
import { releasingLedger } from "#lib/services/ledger/releasing-ledger.ts";
import { EngineOverrides } from "#lib/services/overrides/engine-overrides.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { derived, type Lazy, lazy } from "#lib/shared/lazy.ts";
import { detectTools } from "#lib/tools/detect.ts";

/** How each part is made; tests replace some. */
export const MAKERS = {
  createAccounts,
  createAdmin,
  createHealthBlocks,
  createDatabase,
  createIdentity,
  createLedger,
  createLedgerMaintenance,
  createEngines,
  createEngineHealth,
  createLiveTools,
  createMemories,
  createChat,
  createCompletion,
  createEmbeddings,
  createImages,
  createModelCheck,
  createPlugins,
  createManus,
  createMcp,
  createWebSearchPart,
  createSessions,
  createQuota,
  createDocumentReader,
  createFiles,
  createStorage,
  createShared,
  createToolServing,
  createTranscription,
  createSpeech,
  createWorkbookWriter,
  createPdfWriter,
};

/** The validated settings, from which all parts are made. */
export type Basis = {
  env: Env;
  /** A random UUID, which identifies this process among the instances of the gateway. */
  instanceId: string;
  settings: DatabaseSettings;
  /** Undefined where there is no object storage. */
  storageSettings: StorageSettings | undefined;
  live: LiveProviders;
  /** Of `MCP_CONFIG`. */
  mcpServers: readonly McpServer[];
  installed: InstalledModels;
  prices: LivePrices;
  /** There once the parts are made. */
  configuration(): Configuration;
  telemetry: Telemetry;
  clock: Clock;
  logger: Logger;
  /** Aborts when the gateway closes. */
  signal: AbortSignal;
};

/** What every call of an engine is made with, with the catalogue of one moment. */
type CallParts = {
  engines: EngineDependencies;
  registry: Registry;
  identity: Identity;
  ledger: TurnLedgerPart;
};

/**
 * The parts of a gateway and their dependencies. A part is made when it is first used; if that fails, only its
 * users fail, and it is tried again at the next use. Parts that depend on the catalogue are made again once there
 * is another: a request keeps the ones that it began with.
 */
export function createParts(basis: Basis, make: typeof MAKERS) {
  const { env, instanceId, settings, live, installed, prices, telemetry, clock, logger } = basis;
  const database = lazy(() => make.createDatabase(settings, clock));
  const databaseParts = () => ({ env, instanceId, settings, clients: database.value.clients, clock, logger });
  const ledger = lazy(() => observedLedger(make.createLedger(databaseParts()), telemetry));
  const identity = lazy(() => make.createIdentity(databaseParts()));
  const alarms = lazy(() => new AccountAlarms(clock));
  const health = lazy(() => make.createEngineHealth(logger, clock, alarms.value));
  const overrides = new EngineOverrides(clock);
  const engines: Lazy<Engines> = lazy(() =>
    make.createEngines({
      ...{ env, installed, health: health.value, prices, clock, logger, overrides },
      // Read when a message comes: tools may use engines themselves. A broken tool is logged where tools run.
      toolsFor: (request) => detectTools(tools.value, request, () => undefined).map(({ tool }) => tool.name),
    }),
  );
  const callParts = callPartsOf(live, { engines, identity, ledger });
  const calls = () => engines.value.calls;
  const plugins = lazy(() => make.createPlugins({ env, engines: calls(), identity: identity.value }));
  const mcp = lazy(() => make.createMcp({ ...plugins.value, servers: basis.mcpServers, clock }));
  const webSearch = lazy(() =>
    make.createWebSearchPart({ engines: calls(), registry: live.current.registry }),
  );
  const tools = lazy(() => make.createLiveTools({ env, clock, search: webSearch.value?.search }));
  const documents = lazy(() => make.createDocumentReader(logger, clock));
  const userData = userDataParts(
    { ...basis, clients: () => database.value.clients, callParts, identity, documents },
    make,
  );
  const media = mediaParts({ callParts, storage: userData.storage }, make);
  return {
    ...{ database, ledger, identity, health, engines, plugins, mcp, documents },
    accounts: lazy(() => make.createAccounts(env, settings, clock)),
    ...userData,
    ...media,
    ...answerParts(
      { ...userData, ...media, callParts, tools, plugins, mcp, webSearch, documents, env },
      make,
    ),
    ...operatorParts(
      { ...basis, callParts, calls, databaseParts, ledger, identity, health, alarms, overrides },
      make,
    ),
    ...exportParts(logger, clock, make),
    bodies: lazy(() => new BodyBudget(bodyBudgetOptions(env.BODY_MEMORY_MB))),
  };
}

function callPartsOf(
  live: LiveProviders,
  parts: { engines: Lazy<Engines>; identity: Lazy<Identity>; ledger: Lazy<LedgerPart> },
): Lazy<CallParts> {
  return derived(
    () => live.current,
    (providers) => {
      const { ledger, ...begins } = parts.ledger.value;
      const identity = parts.identity.value;
      return {
        engines: parts.engines.value.dependenciesOf(providers),
        registry: providers.registry,
        identity,
        ledger: { ...begins, ledger: releasingLedger(ledger, identity.admission.holds) },
      };
    },
  );
}

function observedLedger(part: LedgerPart, telemetry: Telemetry): LedgerPart {
  return { ...part, ledger: telemetry.observed(part.ledger) };
}

export type Parts = ReturnType<typeof createParts>;
