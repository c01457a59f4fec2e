import { afterEach, describe, expect, test } from "vitest";
import { startSdk, type TelemetrySdk } from "#lib/adapters/telemetry/sdk.ts";
import type { Measurement } from "#lib/services/telemetry/metrics.ts";
import { ModelLabels } from "#lib/services/telemetry/model-labels.ts";
import { turnMeasurements } from "#lib/services/telemetry/turn-measurements.ts";
import { anEndedTurn } from "../../support/ended-turns.ts";
import { parsePrometheus, sampleValue } from "../../support/prometheus.ts";

const GAUGES: Measurement[] = [
  { metric: "sarmalink.ledger.waiting", value: 3, labels: {} },
  { metric: "sarmalink.ledger.parked", value: 0, labels: {} },
  { metric: "sarmalink.ledger.oldest", value: 12.5, labels: {} },
  { metric: "sarmalink.breaker.state", value: 2, labels: { provider: "groq", model: "a/b", scope: "chat" } },
  { metric: "process_cpu", value: 1.25, labels: {} },
  { metric: "process_resident_memory", value: 1_000_000, labels: {} },
];

const started: TelemetrySdk[] = [];
afterEach(async () => {
  for (const sdk of started.splice(0)) await sdk.close(1_000);
});

async function start(attributes: Record<string, string> = {}): Promise<TelemetrySdk> {
  const settings = { serviceName: "my gateway", attributes, keepsMetrics: true };
  const sdk = await startSdk(
    { ...settings, metrics: undefined, traces: undefined },
    () => GAUGES,
    (error) => expect.fail(String(error)),
  );
  started.push(sdk);
  return sdk;
}

const record = (sdk: TelemetrySdk, turn = anEndedTurn()): void =>
  sdk.record?.(turnMeasurements(turn, new ModelLabels(() => true)));

const scrape = async (sdk: TelemetrySdk) => sdk.text([{ metrics: await sdk.collect() }]);

describe("the text that Prometheus reads", () => {
  test("a strict parser takes it, and the names are those of the contract", async () => {
    const sdk = await start({ "deployment.environment.name": 'a "quoted" \\ one' });
    record(sdk);
    record(sdk);
    const families = parsePrometheus(await scrape(sdk));
    expect(Object.fromEntries([...families].map(([name, { type }]) => [name, type]))).toEqual({
      target_info: "gauge",
      sarmalink_turns_total: "counter",
      sarmalink_attempts_total: "counter",
      sarmalink_tokens_total: "counter",
      sarmalink_cost_usd_total: "counter",
      sarmalink_free_value_usd_total: "counter",
      sarmalink_ledger_waiting: "gauge",
      sarmalink_ledger_parked: "gauge",
      sarmalink_ledger_oldest_seconds: "gauge",
      sarmalink_breaker_state: "gauge",
      gen_ai_client_token_usage: "histogram",
      gen_ai_client_operation_duration_seconds: "histogram",
      gen_ai_client_operation_time_to_first_chunk_seconds: "histogram",
      process_cpu_seconds_total: "counter",
      process_resident_memory_bytes: "gauge",
    });
    expect(families.get("target_info")?.samples[0]?.labels).toEqual({
      service_name: "my gateway",
      service_version: expect.any(String),
      deployment_environment_name: 'a "quoted" \\ one',
    });
    const value = (name: string, labels: Record<string, string>) => sampleValue(families, name, labels);
    expect(
      value("sarmalink_turns_total", { route: "/api/ai-chat", mode: "smart", status: "completed" }),
    ).toBe(2);
    expect(value("sarmalink_tokens_total", { provider: "mistral", kind: "cached" })).toBe(120);
    expect(value("sarmalink_cost_usd_total", { provider: "mistral" })).toBeCloseTo(0.004, 10);
    expect(value("sarmalink_ledger_oldest_seconds", {})).toBe(12.5);
    const duration = { gen_ai_provider_name: "groq", gen_ai_request_model: "llama-3.3-70b-versatile" };
    expect(value("gen_ai_client_operation_duration_seconds_sum", duration)).toBe(3);
    expect(value("gen_ai_client_operation_duration_seconds_bucket", { ...duration, le: "1.28" })).toBe(0);
    expect(value("gen_ai_client_operation_duration_seconds_bucket", { ...duration, le: "2.56" })).toBe(2);
  });

  test("whatever attributes an operator gives become labels that differ and are valid", async () => {
    const sdk = await start({
      "service.instance.id": "a",
      service_instance_id: "b",
      "1st": "c",
      größe: "d",
      __name__: "f",
    });
    expect(parsePrometheus(await scrape(sdk)).get("target_info")?.samples[0]?.labels).toEqual({
      service_name: "my gateway",
      service_version: expect.any(String),
      service_instance_id: "a;b",
      _1st: "c",
      gr_e: "d",
      _name_: "f",
    });
  });

  test("whatever a client names stays inside its label", async () => {
    const sdk = await start();
    const [attempt] = anEndedTurn().attempts;
    if (attempt === undefined) return expect.fail();
    for (const modelId of ['x"} 1\nsarmalink_ledger_parked 9', "a\\", "ünï/cödé", 'say "hi"']) {
      record(sdk, anEndedTurn({ attempts: [{ ...attempt, modelId }] }));
    }
    const families = parsePrometheus(await scrape(sdk));
    expect(sampleValue(families, "sarmalink_ledger_parked")).toBe(0);
    const models = families.get("sarmalink_attempts_total")?.samples.map(({ labels }) => labels["model"]);
    expect(models).toEqual(['x"} 1\nsarmalink_ledger_parked 9', "a\\", "ünï/cödé", 'say "hi"']);
  });

  test("of several workers each series has its label, and each family stands together", async () => {
    const [one, two] = [await start(), await start()];
    record(one);
    record(two);
    record(two, anEndedTurn({ mode: "fast" }));
    // As it travels between processes.
    const parts = await Promise.all([one, two].map((sdk) => sdk.collect()));
    const [first = [], second = []] = JSON.parse(JSON.stringify(parts)) as typeof parts;
    const text = await one.text([
      { worker: "1", metrics: first },
      { worker: "2", metrics: second },
    ]);
    const families = parsePrometheus(text);
    const turns = families
      .get("sarmalink_turns_total")
      ?.samples.map(({ labels, value }) => [labels["worker"], labels["mode"], value]);
    expect(turns).toEqual([
      ["1", "smart", 1],
      ["2", "smart", 1],
      ["2", "fast", 1],
    ]);
    for (const [name, { samples }] of families) {
      if (name === "target_info") continue;
      for (const { labels } of samples) expect(labels["worker"], name).toMatch(/^[12]$/);
    }
  });

  test("a gateway that has done nothing has its gauges", async () => {
    const families = parsePrometheus(await scrape(await start()));
    expect(sampleValue(families, "sarmalink_ledger_waiting")).toBe(3);
    expect(families.has("sarmalink_turns_total")).toBe(false);
  });
});

describe("the parser of these tests", () => {
  const counter = "# HELP a_total x\n# TYPE a_total counter\n";
  test.each([
    ["a counter without _total", "# HELP a x\n# TYPE a counter\na 1\n"],
    ["a doubled _total", "# HELP a_total_total x\n# TYPE a_total_total counter\na_total_total 1\n"],
    ["no HELP", "# TYPE a_total counter\na_total 1\n"],
    ["a family in two places", `${counter}a_total 1\n${counter}a_total{b="c"} 1\n`],
    ["a series twice", `${counter}a_total 1\na_total 1\n`],
    ["a label that is not closed", `${counter}a_total{b="c} 1\n`],
    ["a sample of another family", `${counter}b_total 1\n`],
    ["milliseconds", "# HELP a_ms x\n# TYPE a_ms gauge\na_ms 1\n"],
    ["no end of line", `${counter}a_total 1`],
    [
      "buckets that fall",
      '# HELP h x\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_count 1\nh_sum 1\n',
    ],
  ])("refuses %s", (_, text) => {
    expect(() => parsePrometheus(text)).toThrow();
  });
});
