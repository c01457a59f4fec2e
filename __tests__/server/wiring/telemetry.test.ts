import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { readEnv } from "#lib/server/env/env.ts";
import { loadProviders } from "#lib/server/wiring/providers.ts";
import { createTelemetry } from "#lib/server/wiring/telemetry.ts";
import { telemetrySecrets, telemetrySettings } from "#lib/server/wiring/telemetry-settings.ts";
import type { Ledger } from "#lib/services/ledger/ledger.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const ledger: Ledger = {
  begin: () => expect.fail(),
  gauges: () => ({ waiting: 0, parked: 0, oldestSeconds: 0 }),
  close: async () => undefined,
};

async function telemetryOf(settings: Record<string, string>) {
  const env = readEnv(settings);
  return createTelemetry({
    env,
    live: { current: await loadProviders(env) },
    clock: systemClock,
    logger: quiet,
    turnLogger: quiet,
  });
}

test("switched off, the ledger is the ledger itself, and no request is looked at", async () => {
  const telemetry = await telemetryOf({ LOG_TURNS: "off" });
  expect(telemetry.observed(ledger)).toBe(ledger);
  expect(telemetry.noteRequest).toBeUndefined();
  await telemetry.close();
});

test("without traces no request is looked at", async () => {
  const telemetry = await telemetryOf({ METRICS_TOKEN: "0123456789abcdef" });
  expect(telemetry.noteRequest).toBeUndefined();
  await telemetry.close();
});

/** Starts a gateway in a process of its own, and tells which packages of OpenTelemetry that has loaded. */
function loadedBy(settings: Record<string, string>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "sarmalink-off-"));
  const script = `
    import { registerHooks } from "node:module";
    const loaded = new Set();
    registerHooks({
      resolve(specifier, context, next) {
        if (/^@opentelemetry\\//.test(specifier)) loaded.add(specifier);
        return next(specifier, context);
      },
    });
    const { readEnv } = await import("#lib/server/env/env.ts");
    const { createGateway } = await import("#lib/server/wiring/gateway.ts");
    const { apiRouter } = await import("#lib/server/routes/api-routes.ts");
    const gateway = await createGateway(readEnv(JSON.parse(process.argv[1])), () => undefined);
    apiRouter(async () => gateway)("/api/metrics");
    await gateway.telemetry.scrape().catch(() => undefined);
    console.log(JSON.stringify([...loaded].sort()));
    process.exit();`;
  const own = {
    ...{ NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:1", NEXT_PUBLIC_SUPABASE_ANON_KEY: "sb_publishable_x" },
    ...{ SARMALINK_DATA_DIR: folder, ENABLE_SANDBOX: "true", ...settings },
  };
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, JSON.stringify(own)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let told = "";
  child.stdout.on("data", (chunk: Buffer) => {
    told += chunk.toString("utf8");
  });
  return new Promise((resolve) =>
    child.once("close", () => {
      rmSync(folder, { recursive: true, force: true });
      resolve(JSON.parse(told) as string[]);
    }),
  );
}

test("switched off, nothing of OpenTelemetry is loaded; what is read here loads nothing that sends", async () => {
  expect(await loadedBy({})).toEqual([]);
  const read = await loadedBy({ METRICS_TOKEN: "0123456789abcdef" });
  expect(read).toContain("@opentelemetry/exporter-prometheus");
  expect(read).not.toContain("@opentelemetry/otlp-transformer");
  expect(read).not.toContain("@opentelemetry/sdk-trace");
}, 30_000);

const A = "http://collector.test:4318";

test.each<[string, Record<string, string>, [metrics: string | undefined, traces: string | undefined]]>([
  ["both signals", { OTEL_EXPORTER_OTLP_ENDPOINT: A }, [`${A}/v1/metrics`, `${A}/v1/traces`]],
  [
    "a path before",
    { OTEL_EXPORTER_OTLP_ENDPOINT: `${A}/otlp/` },
    [`${A}/otlp/v1/metrics`, `${A}/otlp/v1/traces`],
  ],
  [
    "a signal's own address, as it is",
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${A}/mine`, OTEL_EXPORTER_OTLP_ENDPOINT: A },
    [`${A}/v1/metrics`, `${A}/mine`],
  ],
  [
    "an address with a query, such as a vendor's key",
    { OTEL_EXPORTER_OTLP_ENDPOINT: `${A}/otlp/?key=k` },
    [`${A}/otlp/v1/metrics?key=k`, `${A}/otlp/v1/traces?key=k`],
  ],
  ["traces alone", { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${A}/t` }, [undefined, `${A}/t`]],
  [
    "no traces",
    { OTEL_EXPORTER_OTLP_ENDPOINT: A, OTEL_TRACES_EXPORTER: "none" },
    [`${A}/v1/metrics`, undefined],
  ],
  [
    "neither",
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: A,
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRICS_EXPORTER: "none",
      METRICS_TOKEN: "x".repeat(16),
    },
    [undefined, undefined],
  ],
])("where telemetry goes: %s", (_, settings, [metrics, traces]) => {
  const read = telemetrySettings(readEnv(settings));
  expect([read?.metrics?.url, read?.traces?.url]).toEqual([metrics, traces]);
});

test.each([
  [{}, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: A, OTEL_SDK_DISABLED: "true" }, false],
  [{ METRICS_TOKEN: "x".repeat(16) }, true],
  [{ ADMIN_EMAILS: "ops@example.com" }, true],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: A }, true],
])("%j: on %s", (settings, isOn) => {
  expect(telemetrySettings(readEnv(settings)) !== undefined).toBe(isOn);
});

test("a login in the collector's address travels as a header, and is a secret like the other headers", () => {
  const env = readEnv({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://me:a%20password@collector.test",
    OTEL_EXPORTER_OTLP_HEADERS: "api-key=a-key-of-a-vendor,authorization=Bearer%20abcdef",
    OTEL_EXPORTER_OTLP_METRICS_HEADERS: "authorization=Basic%20ghijkl",
    METRICS_TOKEN: "a-token-for-the-metrics",
  });
  const { metrics, traces } = telemetrySettings(env) ?? {};
  expect(metrics?.url).toBe("http://collector.test/v1/metrics");
  expect(traces?.headers["authorization"]).toBe("Bearer abcdef");
  expect(metrics?.headers["authorization"]).toBe("Basic ghijkl");
  for (const secret of ["a password", "a-key-of-a-vendor", "abcdef", "ghijkl", "a-token-for-the-metrics"]) {
    expect(telemetrySecrets(env)).toContain(secret);
  }
});

test.each([
  ["METRICS_TOKEN", "two words"],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317"],
  ["OTEL_EXPORTER_OTLP_HEADERS", "no-value"],
  ["OTEL_EXPORTER_OTLP_HEADERS", "a=b%0d%0ac: d"],
  ["OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"],
  ["OTEL_RESOURCE_ATTRIBUTES", "a=%zz"],
  ["OTEL_TRACES_SAMPLER", "sometimes"],
  ["OTEL_TRACES_SAMPLER_ARG", "1.5"],
  ["OTEL_METRIC_EXPORT_INTERVAL", "0"],
  ["LOG_LEVEL", "loud"],
])("%s=%s is refused by name", (name, value) => {
  expect(() => readEnv({ [name]: value })).toThrow(name);
});
