import type { Bucket, DaySpend, SeriesView } from "#lib/browser/admin/series.ts";

/** One line or one layer of a chart. Null: nothing was measured. */
export type ChartLine<Id extends string = string> = { id: Id; values: readonly (number | null)[] };

/** Lines over the same times, in seconds since 1970. */
export type ChartData<Id extends string = string> = {
  times: readonly number[];
  /** How long each of them is, seconds. */
  step: number;
  lines: readonly ChartLine<Id>[];
};

type Measure = (bucket: Bucket) => number | null;

const TURNS = {
  answered: ({ answered }) => answered,
  rescued: ({ rescued }) => rescued,
  failed: ({ failed }) => failed,
  stopped: ({ stopped }) => stopped,
} as const satisfies Record<string, Measure>;
const LATENCY = {
  firstTokenP50: ({ firstTokenMs }) => firstTokenMs.p50,
  firstTokenP95: ({ firstTokenMs }) => firstTokenMs.p95,
  latencyP50: ({ latencyMs }) => latencyMs.p50,
  latencyP95: ({ latencyMs }) => latencyMs.p95,
} as const satisfies Record<string, Measure>;
const DEPTH = { depth: ({ failoverDepth }) => failoverDepth } as const satisfies Record<string, Measure>;
const SPEND = {
  spent: ({ costUsd }) => costUsd,
  saved: ({ cachedSavingsUsd }) => cachedSavingsUsd,
} as const satisfies Record<string, Measure>;

export type ChartLineId = keyof typeof TURNS | keyof typeof LATENCY | keyof typeof DEPTH | keyof typeof SPEND;

/** What the dashboard's charts show of a series. */
export function chartsOf(series: SeriesView) {
  return {
    turns: chart(series, TURNS),
    latency: chart(series, LATENCY),
    depth: chart(series, DEPTH),
    spend: chart(series, SPEND),
  };
}

function chart<Id extends string>(
  { buckets, bucketSeconds }: SeriesView,
  measures: Readonly<Record<Id, Measure>>,
): ChartData<Id> {
  const step = Math.max(1, bucketSeconds);
  return {
    step,
    // The first one begins with the window: drawn as wide as the others, it must not lie closer to the next.
    times: buckets.map(({ start }) => Math.floor(Date.parse(start) / 1_000 / step) * step),
    lines: (Object.entries(measures) as [Id, Measure][]).map(([id, measure]) => ({
      id,
      values: buckets.map(measure),
    })),
  };
}

/** Each line on top of those before it, as the heights of layers. */
export function stacked(lines: readonly ChartLine[]): number[][] {
  let below: readonly number[] = [];
  return lines.map(({ values }) => {
    const heights = values.map((value, index) => (below[index] ?? 0) + (value ?? 0));
    below = heights;
    return heights;
  });
}

/** The sum of a line, or of what is there of it. */
export function sumOf({ values }: ChartLine): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** What a model cost: in all, and on each of the days of `days`. */
export type ModelSpend = {
  engine: string | null;
  calls: number;
  costUsd: number;
  cachedSavingsUsd: number;
  byDay: readonly number[];
};

/** Costs by model, the dearest first and the others last, and the days on which anything was used. */
export function spendByModel(spend: readonly DaySpend[]): { days: string[]; models: ModelSpend[] } {
  const days = [...new Set(spend.map(({ day }) => day))].sort();
  const engines = [...new Set(spend.map(({ engine }) => engine))];
  const models = engines.map((engine) => {
    const rows = spend.filter((row) => row.engine === engine);
    const sum = (name: "calls" | "costUsd" | "cachedSavingsUsd"): number =>
      rows.reduce((total, row) => total + row[name], 0);
    return {
      engine,
      ...{ calls: sum("calls"), costUsd: sum("costUsd"), cachedSavingsUsd: sum("cachedSavingsUsd") },
      byDay: days.map((day) => rows.find((row) => row.day === day)?.costUsd ?? 0),
    };
  });
  const rank = (model: ModelSpend): number => (model.engine === null ? -1 : model.costUsd);
  return { days, models: models.sort((a, b) => rank(b) - rank(a) || b.calls - a.calls) };
}
