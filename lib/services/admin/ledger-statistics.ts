import type {
  AdminHealth,
  CostPeriod,
  EngineHealthView,
  ModeHealth,
} from "#lib/apis/native/admin-health-answer-schema.ts";

/** What the ledger knows of calls: see the answer's schema. */
type CallField = "calls" | "succeeded" | "rateLimited" | "outcomes" | "latencyMs" | "firstTokenMs";
/** Calls of a provider or an engine within the window. */
export type CallStatistics = { [Field in CallField]: NonNullable<EngineHealthView[Field]> };
export type EngineStatistics = CallStatistics & { model: string };
export type ProviderStatistics = CallStatistics & { id: string; engines: readonly EngineStatistics[] };

type ModeField = "turns" | "statuses" | "failoverDepth";
export type ModeStatistics = { mode: string } & { [Field in ModeField]: NonNullable<ModeHealth[Field]> };

/** Calls of a model for which the ledger has no list price. */
export type UnvaluedCalls = {
  billed: boolean;
  calls: number;
  promptTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  completionTokens: number;
};
export type PartlyValuedPeriod = Omit<CostPeriod, "models"> & {
  models: readonly (CostPeriod["models"][number] & { unvalued: readonly UnvaluedCalls[] })[];
};
/** What times have cost, without the list price of what is `unvalued`. */
export type PartlyValuedCosts = {
  currency: "USD";
  today: PartlyValuedPeriod;
  last7Days: PartlyValuedPeriod;
  last30Days: PartlyValuedPeriod;
};

/** What the ledger says of a window of time. */
export type LedgerStatistics = {
  providers: readonly ProviderStatistics[];
  modes: readonly ModeStatistics[];
  cost: PartlyValuedCosts;
  quality: LedgerQuality;
};
/** How good the figures are. */
export type LedgerQuality = Required<Pick<AdminHealth["database"], "complete" | "percentiles">>;

export type LedgerStatisticsStore = {
  /**
   * Everything that the ledger knows of the last `windowSeconds`, in one call. Throws `database_unavailable`, and
   * `not_configured` without a service role or the migrations.
   */
  read(windowSeconds: number): Promise<LedgerStatistics>;
};
