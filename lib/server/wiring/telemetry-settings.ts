import type { OtlpTarget } from "#lib/adapters/telemetry/otlp-sender.ts";
import type { SdkSettings } from "#lib/adapters/telemetry/sdk.ts";
import type { Env } from "#lib/server/env/env.ts";

/**
 * What OpenTelemetry is to do; undefined if nothing. Metrics are kept if somebody can read them: with a token, as an
 * administrator, or at a collector.
 */
export function telemetrySettings(env: Env): SdkSettings | undefined {
  if (env.OTEL_SDK_DISABLED) return undefined;
  const metrics = env.OTEL_METRICS_EXPORTER === "none" ? undefined : targetOf(env, "METRICS", "v1/metrics");
  const traces = env.OTEL_TRACES_EXPORTER === "none" ? undefined : targetOf(env, "TRACES", "v1/traces");
  const hasReader =
    env.METRICS_TOKEN !== undefined || env.ADMIN_USER_IDS.length > 0 || env.ADMIN_EMAILS.length > 0;
  if (metrics === undefined && traces === undefined && !hasReader) return undefined;
  const attributes = env.OTEL_RESOURCE_ATTRIBUTES;
  return {
    // As OpenTelemetry has it: the variable of its own wins.
    serviceName: env.OTEL_SERVICE_NAME ?? attributes["service.name"] ?? "sarmalink-ai",
    attributes,
    keepsMetrics: metrics !== undefined || hasReader,
    metrics: metrics && { ...metrics, intervalMs: env.OTEL_METRIC_EXPORT_INTERVAL },
    traces: traces && { ...traces, sampler: env.OTEL_TRACES_SAMPLER, ratio: env.OTEL_TRACES_SAMPLER_ARG },
  };
}

/** What a collector is told and nobody else may read. */
export function telemetrySecrets(env: Env): string[] {
  const headers = [
    env.OTEL_EXPORTER_OTLP_HEADERS,
    env.OTEL_EXPORTER_OTLP_METRICS_HEADERS,
    env.OTEL_EXPORTER_OTLP_TRACES_HEADERS,
  ].flatMap((one) => Object.values(one));
  const addresses = [
    env.OTEL_EXPORTER_OTLP_ENDPOINT,
    env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT,
    env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  ].flatMap((address) => (address === undefined ? [] : userInfo(new URL(address))));
  return [
    ...(env.METRICS_TOKEN === undefined ? [] : [env.METRICS_TOKEN]),
    // Of "Basic abc", the credential alone as well.
    ...headers.flatMap((value) => [value, ...value.split(" ").slice(1)]),
    ...addresses.flatMap(({ name, password }) => [password, basic(name, password)]),
  ].filter((secret) => secret.length >= MIN_SECRET);
}

/** Shorter texts stand in too many words. */
const MIN_SECRET = 4;

function targetOf(env: Env, signal: "METRICS" | "TRACES", path: string): OtlpTarget | undefined {
  const own = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
  const address = own ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (address === undefined) return undefined;
  const url = new URL(address);
  // A signal's own address is used as it is.
  if (own === undefined) url.pathname = `${url.pathname.replace(/\/+$/, "")}/${path}`;
  const [login] = userInfo(url);
  url.username = "";
  url.password = "";
  return {
    url: url.href,
    headers: {
      ...(login === undefined ? {} : { authorization: `Basic ${basic(login.name, login.password)}` }),
      ...env.OTEL_EXPORTER_OTLP_HEADERS,
      ...env[`OTEL_EXPORTER_OTLP_${signal}_HEADERS`],
    },
    protocol: env.OTEL_EXPORTER_OTLP_PROTOCOL,
    timeoutMs: env.OTEL_EXPORTER_OTLP_TIMEOUT,
  };
}

function userInfo({ username, password }: URL): { name: string; password: string }[] {
  if (username === "" && password === "") return [];
  return [{ name: decodeURIComponent(username), password: decodeURIComponent(password) }];
}

function basic(name: string, password: string): string {
  return Buffer.from(`${name}:${password}`).toString("base64");
}
