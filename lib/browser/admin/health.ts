import { countsOf, numberOf, numberOrNull, textOf, textOrNull, textsOf } from "#lib/browser/admin/fields.ts";
import { arrayField, field } from "#lib/shared/json.ts";

export type Breaker = "closed" | "open" | "half_open";

/** Null where the database could not be read. */
type CallFigures = {
  calls: number | null;
  rateLimited: number | null;
  /** Between 0 and 1; null without a call. */
  successRate: number | null;
  outcomes: Record<string, number>;
  latencyP50: number | null;
  latencyP95: number | null;
  firstTokenP50: number | null;
  breaker: Breaker;
  /** ISO 8601; null if it can be called. */
  benchedUntil: string | null;
};

export type BenchView = {
  level: string;
  until: string;
  cause: string;
  reason: string;
  keyIndex: number | null;
};

export type EngineView = CallFigures & {
  model: string;
  modes: string[];
  dead: boolean;
  benches: BenchView[];
};

export type AlarmView = {
  code: string;
  message: string;
  since: string;
  retriedAt: string;
  keyIndex: number | null;
};

export type ProviderView = CallFigures & {
  id: string;
  configured: boolean;
  alarms: AlarmView[];
  keys: { index: number; fingerprint: string; benchedUntil: string | null }[];
  benches: BenchView[];
  engines: EngineView[];
};

export type ModeView = {
  mode: string;
  turns: number | null;
  completed: number;
  failed: number;
  depthMean: number | null;
  depthMax: number | null;
  engines: string[];
};

export type CostView = { total: number; cachedSavings: number; freeTierValue: number; unknownCalls: number };

/** The answer of `GET /api/admin/health`, as far as the dashboard shows it. */
export type HealthView = {
  /** `providers`, `sandbox` or `none`: who answers. */
  engines: string;
  version: string;
  startedAt: string;
  /** Why figures are missing; null when all is well. */
  databaseProblem: string | null;
  complete: boolean;
  providers: ProviderView[];
  modes: ModeView[];
  cost: { today: CostView; last7Days: CostView; last30Days: CostView } | null;
  ledger: { waiting: number; parked: number; oldestSeconds: number };
  /** Engines of the chains that their providers no longer list, with names that they do. */
  gone: { engine: string; mode: string; near: string[] }[];
  activeOverrides: number;
  instances: number;
};

export function readHealth(answer: unknown): HealthView {
  const process = field(answer, "process");
  const database = field(answer, "database");
  const ledger = field(answer, "ledger");
  const isRead = field(database, "status") === "ok";
  return {
    engines: textOf(process, "engines"),
    version: textOf(process, "version"),
    startedAt: textOf(process, "startedAt"),
    databaseProblem: isRead ? null : textOf(database, "message"),
    complete: field(database, "complete") !== false,
    providers: arrayField(answer, "providers").map(readProvider),
    modes: arrayField(answer, "modes").map(readMode),
    cost: readCost(field(answer, "cost")),
    ledger: {
      waiting: numberOf(ledger, "waiting"),
      parked: numberOf(ledger, "parked"),
      oldestSeconds: numberOf(ledger, "oldestSeconds"),
    },
    gone: arrayField(field(answer, "models"), "gone").map((entry) => ({
      engine: textOf(entry, "engine"),
      mode: textOf(entry, "mode"),
      near: textsOf(entry, "near"),
    })),
    activeOverrides: arrayField(field(answer, "overrides"), "active").length,
    instances: arrayField(field(answer, "instances"), "running").length,
  };
}

function readCost(cost: unknown): HealthView["cost"] {
  if (cost === null || cost === undefined) return null;
  const period = (name: string): CostView => {
    const read = field(cost, name);
    return {
      total: numberOf(read, "total"),
      cachedSavings: numberOf(read, "cachedSavings"),
      freeTierValue: numberOf(read, "freeTierValue"),
      unknownCalls: numberOf(read, "unknownCalls"),
    };
  };
  return { today: period("today"), last7Days: period("last7Days"), last30Days: period("last30Days") };
}

function readProvider(provider: unknown): ProviderView {
  return {
    ...readFigures(provider),
    id: textOf(provider, "id"),
    configured: field(provider, "configured") === true,
    alarms: arrayField(provider, "alarms").map((alarm) => ({
      code: textOf(alarm, "code"),
      message: textOf(alarm, "message"),
      since: textOf(alarm, "since"),
      retriedAt: textOf(alarm, "retriedAt"),
      keyIndex: numberOrNull(alarm, "keyIndex"),
    })),
    keys: arrayField(provider, "keys").map((key) => ({
      index: numberOf(key, "index"),
      fingerprint: textOf(key, "fingerprint"),
      benchedUntil: textOrNull(key, "benchedUntil"),
    })),
    benches: arrayField(provider, "benches").map(readBench),
    engines: arrayField(provider, "engines").map((engine) => ({
      ...readFigures(engine),
      model: textOf(engine, "model"),
      modes: textsOf(engine, "modes"),
      dead: field(engine, "dead") === true,
      benches: arrayField(engine, "benches").map(readBench),
    })),
  };
}

function readFigures(value: unknown): CallFigures {
  const breaker = field(value, "breaker");
  const latency = field(value, "latencyMs");
  return {
    calls: numberOrNull(value, "calls"),
    rateLimited: numberOrNull(value, "rateLimited"),
    successRate: numberOrNull(value, "successRate"),
    outcomes: countsOf(value, "outcomes"),
    latencyP50: numberOrNull(latency, "p50"),
    latencyP95: numberOrNull(latency, "p95"),
    firstTokenP50: numberOrNull(field(value, "firstTokenMs"), "p50"),
    breaker: breaker === "open" || breaker === "half_open" ? breaker : "closed",
    benchedUntil: textOrNull(value, "benchedUntil"),
  };
}

function readBench(bench: unknown): BenchView {
  return {
    level: textOf(bench, "level"),
    until: textOf(bench, "until"),
    cause: textOf(bench, "cause"),
    reason: textOf(bench, "reason"),
    keyIndex: numberOrNull(bench, "keyIndex"),
  };
}

function readMode(mode: unknown): ModeView {
  const statuses = countsOf(mode, "statuses");
  const depth = field(mode, "failoverDepth");
  return {
    mode: textOf(mode, "mode"),
    turns: numberOrNull(mode, "turns"),
    completed: statuses["completed"] ?? 0,
    failed: statuses["failed"] ?? 0,
    depthMean: numberOrNull(depth, "mean"),
    depthMax: numberOrNull(depth, "max"),
    engines: textsOf(mode, "engines"),
  };
}
