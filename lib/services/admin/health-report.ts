import type { AdminHealth, ModeHealth, ProviderHealth } from "#lib/apis/native/admin-health-answer-schema.ts";
import type { HealthSnapshot } from "#lib/providers/health/health-snapshot.ts";
import type { AccountAlarms } from "#lib/services/admin/account-alarms.ts";
import {
  type HealthBlock,
  type HealthBlockDependencies,
  readHealthBlocks,
} from "#lib/services/admin/health-blocks.ts";
import type { LedgerStatistics } from "#lib/services/admin/ledger-statistics.ts";
import { type Costs, type ListPriceSources, valueAtListPrice } from "#lib/services/admin/list-prices.ts";
import { type LiveHealth, liveHealth } from "#lib/services/admin/live-health.ts";
import {
  type CallFigures,
  type ChainEngine,
  type ConfiguredProvider,
  providerHealth,
} from "#lib/services/admin/provider-health.ts";
import type { LedgerGauges } from "#lib/services/ledger/ledger.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";

/** The engines of a mode that are tried, in order. */
export type Chain = { mode: string; engines: readonly { provider: string; model: string }[] };

export type HealthDependencies = HealthBlockDependencies & {
  /** Shared by all who ask. Throws as `LedgerStatisticsStore.read` does. */
  statistics(windowSeconds: number): Promise<LedgerStatistics>;
  /** Without it nothing of the ledger can be read, ever. */
  hasServiceRole: boolean;
  snapshot(): HealthSnapshot;
  alarms: AccountAlarms;
  providers(): readonly ConfiguredProvider[];
  chains(): Promise<readonly Chain[]>;
  gauges(): LedgerGauges;
  blocks: readonly HealthBlock[];
  /** What the process says of itself. */
  process: { version: string; engines: "providers" | "sandbox" | "none"; startedAt: number };
  listPrices: ListPriceSources;
};

type LedgerReading = {
  database: AdminHealth["database"];
  /** Undefined if the database could not be read. */
  statistics: LedgerStatistics | undefined;
  cost: Costs | null;
};

/**
 * The operator's view of this process and of the last `windowSeconds` of the ledger. Without the database it has
 * what the process knows. Throws `not_configured` without a service role.
 */
export async function healthReport(
  windowSeconds: number,
  dependencies: HealthDependencies,
): Promise<AdminHealth & Record<string, unknown>> {
  if (!dependencies.hasServiceRole) {
    throw new GatewayError(
      "not_configured",
      "The health of the gateway is read from the ledger: set SUPABASE_SERVICE_ROLE_KEY.",
    );
  }
  const { clock, blocks, process, gauges } = dependencies;
  const [reading, chains, filled] = await Promise.all([
    readLedger(windowSeconds, dependencies),
    dependencies.chains(),
    readHealthBlocks(blocks, dependencies),
  ]);
  const now = clock.wallNow();
  return {
    generatedAt: iso(now),
    window: { seconds: windowSeconds, from: iso(now - windowSeconds * 1_000) },
    process: { ...process, startedAt: iso(process.startedAt) },
    database: reading.database,
    providers: providersOf(reading.statistics, chains, dependencies, now),
    modes: modesOf(reading.statistics, chains),
    cost: reading.cost,
    ledger: gauges(),
    ...filled,
  };
}

async function readLedger(
  windowSeconds: number,
  { statistics, listPrices, logger }: HealthDependencies,
): Promise<LedgerReading> {
  try {
    const read = await statistics(windowSeconds);
    const cost = await valueAtListPrice(read.cost, listPrices);
    return { database: { status: "ok", ...read.quality }, statistics: read, cost };
  } catch (thrown) {
    const error = toGatewayError(thrown);
    logger.error("The ledger could not be read for the health answer.", thrown, { code: error.code });
    const status = error.code === "not_configured" ? "not_ready" : "unavailable";
    return { database: { status, message: error.message }, statistics: undefined, cost: null };
  }
}

const NO_PERCENTILES = { p50: null, p95: null, p99: null };
const NO_CALLS: CallFigures = {
  calls: 0,
  succeeded: 0,
  rateLimited: 0,
  outcomes: {},
  latencyMs: NO_PERCENTILES,
  firstTokenMs: NO_PERCENTILES,
};
const UNKNOWN_CALLS: CallFigures = {
  calls: null,
  succeeded: null,
  rateLimited: null,
  outcomes: null,
  latencyMs: null,
  firstTokenMs: null,
};

/** The configured providers, and those that had calls or are benched all the same. */
function providersOf(
  statistics: LedgerStatistics | undefined,
  chains: readonly Chain[],
  { providers, snapshot, alarms }: HealthDependencies,
  now: number,
): ProviderHealth[] {
  const live = liveHealth(snapshot());
  const called = new Map(statistics?.providers.map((provider) => [provider.id, provider]));
  const configured = new Map(providers().map((provider) => [provider.id, provider]));
  const ids = new Set([...configured.keys(), ...called.keys(), ...benchedProviders(live)]);
  return [...ids].map((id) =>
    providerHealth(
      {
        provider: configured.get(id) ?? { id, origin: "", keys: [] },
        chain: chainOf(id, chains),
        statistics: called.get(id),
        live,
        alarms: alarms.of(live.benches.filter(({ provider }) => provider === id)),
        noCalls: statistics === undefined ? UNKNOWN_CALLS : NO_CALLS,
      },
      now,
    ),
  );
}

function benchedProviders({ benches }: LiveHealth): string[] {
  return benches.map(({ provider }) => provider);
}

/** The models of a provider in the chains, each once. */
function chainOf(provider: string, chains: readonly Chain[]): ChainEngine[] {
  const modes = new Map<string, string[]>();
  for (const { mode, engines } of chains) {
    for (const engine of engines) {
      if (engine.provider !== provider) continue;
      const known = modes.get(engine.model) ?? [];
      if (!known.includes(mode)) modes.set(engine.model, [...known, mode]);
    }
  }
  return [...modes].map(([model, inModes]) => ({ model, modes: inModes }));
}

/** The modes of the configuration, then what else turns counted in, such as `named`. */
function modesOf(statistics: LedgerStatistics | undefined, chains: readonly Chain[]): ModeHealth[] {
  const counted = new Map(statistics?.modes.map((mode) => [mode.mode, mode]));
  const names = new Set([...chains.map(({ mode }) => mode), ...counted.keys()]);
  const none = { turns: 0, statuses: {}, failoverDepth: { mean: 0, max: 0 } };
  const unknown = { turns: null, statuses: null, failoverDepth: null };
  return [...names].map((mode) => {
    const { turns, statuses, failoverDepth } =
      counted.get(mode) ?? (statistics === undefined ? unknown : none);
    const chain = chains.find((one) => one.mode === mode)?.engines ?? [];
    const engines = chain.map(({ provider, model }) => `${provider}/${model}`);
    return { mode, turns, statuses, failoverDepth, engines };
  });
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
