/** Milliseconds; null without a call to measure. */
export type Percentiles = { p50: number | null; p95: number | null; p99: number | null };

/** Calls of a provider or an engine within the window. */
export type CallStatistics = {
  calls: number;
  succeeded: number;
  rateLimited: number;
  /** How many calls ended in each way: `ok`, or the kind of failure. */
  outcomes: Readonly<Record<string, number>>;
  /** Of whole answers: calls that succeeded. */
  latencyMs: Percentiles;
  /** From the call to the first content. */
  firstTokenMs: Percentiles;
};

export type EngineStatistics = CallStatistics & { model: string };
export type ProviderStatistics = CallStatistics & { id: string; engines: readonly EngineStatistics[] };

export type ModeStatistics = {
  mode: string;
  turns: number;
  /** How many of them ended in each way. */
  statuses: Readonly<Record<string, number>>;
  /** Attempts of a turn beyond its first. */
  failoverDepth: { mean: number; max: number };
};

/** Calls for which the ledger has no list price. */
export type UnvaluedCalls = {
  billed: boolean;
  calls: number;
  promptTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  completionTokens: number;
};

export type ModelCost = {
  provider: string;
  model: string;
  calls: number;
  /** Of `calls`, those that are billed. */
  paidCalls: number;
  promptTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  completionTokens: number;
  reasoningTokens: number;
  /** USD of the calls whose cost is known. */
  costUsd: number;
  /** USD at list price, whether billed or not. */
  listUsd: number;
  cachedSavingsUsd: number;
  unknownCalls: number;
  estimatedCalls: number;
  unvalued: readonly UnvaluedCalls[];
};

/** What a time has cost, USD. */
export type CostPeriod = {
  total: number;
  /** Of engines that bill. */
  paid: number;
  /** Of engines on a free tier. */
  free: number;
  /** What cached prompts would have cost more without the cache. */
  cachedSavings: number;
  /** What the calls of free tiers would have cost at list price. */
  freeTierValue: number;
  calls: number;
  /** Billed calls at an unknown price: they are not in `total`. */
  unknownCalls: number;
  /** Calls whose tokens no provider has counted. */
  estimatedCalls: number;
  models: readonly ModelCost[];
};

export type CostStatistics = {
  currency: "USD";
  today: CostPeriod;
  last7Days: CostPeriod;
  last30Days: CostPeriod;
};

/** What the ledger says of a window of time. */
export type LedgerStatistics = {
  /** False while rows of an older schema are still being added up. */
  complete: boolean;
  /** How percentiles were found: of every call, or of a histogram that is at most a few percent off. */
  percentiles: "exact" | "histogram";
  providers: readonly ProviderStatistics[];
  modes: readonly ModeStatistics[];
  cost: CostStatistics;
};

export type LedgerStatisticsStore = {
  /**
   * Everything that the ledger knows of the last `windowSeconds`, in one call. Throws `database_unavailable`, and
   * `not_configured` without a service role or the migrations.
   */
  read(windowSeconds: number): Promise<LedgerStatistics>;
};
