export type MetricDefinition = {
  /** An observed one is read when somebody asks; the others are added to as turns end. */
  kind: "counter" | "observed_counter" | "gauge" | "histogram";
  /** As UCUM writes it; a word in braces is no unit, and no part of the Prometheus name. */
  unit: "" | "s" | "By" | `{${string}}`;
  help: string;
  /** The upper bounds of a histogram's buckets. */
  buckets?: readonly number[];
};

/** As the GenAI conventions want them. */
const TOKEN_BUCKETS = [
  1, 4, 16, 64, 256, 1_024, 4_096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];
const SECOND_BUCKETS = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/**
 * Every metric by its OpenTelemetry name. Prometheus has underscores for dots, the unit in words and, for counters,
 * `_total` at the end. docs/METRICS.md has the same table.
 */
export const METRICS = {
  "sarmalink.turns": { kind: "counter", unit: "{turn}", help: "Turns that have ended." },
  "sarmalink.attempts": { kind: "counter", unit: "{attempt}", help: "Calls of engines, by how they went." },
  "sarmalink.tokens": {
    kind: "counter",
    unit: "{token}",
    help: "Tokens of all attempts; cached and cache_write are part of prompt, reasoning is part of completion.",
  },
  "sarmalink.cost.usd": {
    kind: "counter",
    unit: "{USD}",
    help: "What attempts cost where that is known, USD.",
  },
  "sarmalink.cost.unknown": {
    kind: "counter",
    unit: "{attempt}",
    help: "Attempts that are billed at a price that is not known.",
  },
  "sarmalink.free.value.usd": {
    kind: "counter",
    unit: "{USD}",
    help: "What attempts of free tiers would have cost at list price, USD.",
  },
  "sarmalink.turns.in_flight": { kind: "gauge", unit: "{turn}", help: "Turns that have not ended yet." },
  "sarmalink.ledger.waiting": { kind: "gauge", unit: "{turn}", help: "Turns that wait for the database." },
  "sarmalink.ledger.parked": {
    kind: "gauge",
    unit: "{turn}",
    help: "Turns that the database has refused for good.",
  },
  "sarmalink.ledger.oldest": {
    kind: "gauge",
    unit: "s",
    help: "Age of the oldest turn that waits or is parked.",
  },
  "sarmalink.breaker.state": {
    kind: "gauge",
    unit: "",
    help: "Circuit breaker of an engine: 0 closed, 1 half-open, 2 open.",
  },
  "sarmalink.bench.remaining": { kind: "gauge", unit: "s", help: "How long an engine is still left alone." },
  "sarmalink.engine.dead": { kind: "gauge", unit: "", help: "1 for an engine whose model is gone." },
  "gen_ai.client.token.usage": {
    kind: "histogram",
    unit: "{token}",
    help: "Number of input and output tokens used, where the provider counts them.",
    buckets: TOKEN_BUCKETS,
  },
  "gen_ai.client.operation.duration": {
    kind: "histogram",
    unit: "s",
    help: "Duration of a call of an engine.",
    buckets: SECOND_BUCKETS,
  },
  "gen_ai.client.operation.time_to_first_chunk": {
    kind: "histogram",
    unit: "s",
    help: "Time from a call of an engine to its first content.",
    buckets: SECOND_BUCKETS,
  },
  // The names that every exporter of Prometheus gives a process.
  process_cpu: { kind: "observed_counter", unit: "s", help: "CPU time of the process." },
  process_resident_memory: { kind: "gauge", unit: "By", help: "Memory of the process." },
  process_start_time: { kind: "gauge", unit: "s", help: "When the process started, since the epoch." },
  nodejs_heap_size_used: { kind: "gauge", unit: "By", help: "JavaScript heap in use." },
  nodejs_eventloop_active: {
    kind: "observed_counter",
    unit: "s",
    help: "Time that the event loop was busy.",
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;

export type Labels = Readonly<Record<string, string>>;

/** What is added to a counter, recorded in a histogram, or the present value of a gauge. */
export type Measurement = { metric: MetricName; value: number; labels: Labels };
