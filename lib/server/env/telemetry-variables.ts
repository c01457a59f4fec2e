import { z } from "zod";

const httpUrl = z.url({ protocol: /^https?$/ });
/** Visible ASCII: it travels in a header. */
const TOKEN = /^[\x21-\x7e]+$/;
const milliseconds = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number)
  .pipe(z.number().min(1).max(2_147_483_647));

const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
const EXPORTERS = ["otlp", "none"] as const;
const PROTOCOLS = ["http/json", "http/protobuf"] as const;
const LEVELS = ["debug", "info", "warn", "error"] as const;

/** `name=value,name=value` with percent-encoded values, as OpenTelemetry writes headers and attributes. */
const pairs = z.string().transform((text, context) => {
  const read: Record<string, string> = {};
  for (const item of text.split(",")) {
    if (item.trim() === "") continue;
    const equals = item.indexOf("=");
    const name = item.slice(0, Math.max(equals, 0)).trim();
    const value = decoded(item.slice(equals + 1).trim());
    if (name === "" || value === undefined) context.addIssue({ code: "custom" });
    else read[name] = value;
  }
  return read;
});

/** The same as headers, which have no control characters. */
const headers = pairs.refine((read) =>
  Object.entries(read).every(
    ([name, value]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && !/[^\x20-\x7e]/.test(value),
  ),
);

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

const flag = (fallback: boolean) =>
  z
    .string()
    .refine((text) => /^(?:1|true|yes|y|on|0|false|no|n|off)$/i.test(text))
    .transform((text) => /^(?:1|true|yes|y|on)$/i.test(text))
    .default(fallback);

/** What is told of turns, and to whom: metrics, traces and log lines. The OTEL names are OpenTelemetry's own. */
export const telemetryShape = {
  METRICS_TOKEN: z.string().regex(TOKEN).optional(),
  LOG_LEVEL: z.string().toLowerCase().pipe(z.enum(LEVELS)).default("info"),
  LOG_TURNS: flag(true),
  OTEL_SDK_DISABLED: flag(false),
  OTEL_SERVICE_NAME: z.string().optional(),
  OTEL_RESOURCE_ATTRIBUTES: pairs.default({}),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: headers.default({}),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(PROTOCOLS).default("http/json"),
  OTEL_EXPORTER_OTLP_TIMEOUT: milliseconds.default(10_000),
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_METRICS_HEADERS: headers.default({}),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: headers.default({}),
  OTEL_METRICS_EXPORTER: z.enum(EXPORTERS).default("otlp"),
  OTEL_METRIC_EXPORT_INTERVAL: milliseconds.default(60_000),
  OTEL_TRACES_EXPORTER: z.enum(EXPORTERS).default("otlp"),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS).default("parentbased_always_on"),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(?:0?\.\d{1,15}|[01](?:\.0{1,15})?)$/)
    .transform(Number)
    .default(1),
};

type Rule = { allowed: string; example: string; isPrivate?: boolean };

const FLAG: Rule = { allowed: "on (1, true, yes, y) or off (0, false, no, n)", example: "on" };
const MILLISECONDS: Rule = { allowed: "whole milliseconds from 1 to 2147483647", example: "10000" };
/** Addresses and headers of a collector may hold its credentials. */
const COLLECTOR: Rule = {
  allowed: "an address with http:// or https://",
  example: "http://localhost:4318",
  isPrivate: true,
};
const HEADERS: Rule = {
  allowed: "headers as name=value, separated by commas, values percent-encoded",
  example: "api-key=…",
  isPrivate: true,
};
const EXPORTER: Rule = { allowed: EXPORTERS.join(" or "), example: "none" };

export const TELEMETRY_VARIABLE_RULES: Readonly<Record<keyof typeof telemetryShape, Rule>> = {
  METRICS_TOKEN: {
    allowed: "letters, digits and signs without spaces",
    example: "…",
    isPrivate: true,
  },
  LOG_LEVEL: { allowed: LEVELS.join(", "), example: "warn" },
  LOG_TURNS: FLAG,
  OTEL_SDK_DISABLED: FLAG,
  OTEL_SERVICE_NAME: { allowed: "text", example: "sarmalink-ai" },
  OTEL_RESOURCE_ATTRIBUTES: {
    allowed: "attributes as name=value, separated by commas, values percent-encoded",
    example: "deployment.environment.name=production",
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: COLLECTOR,
  OTEL_EXPORTER_OTLP_HEADERS: HEADERS,
  OTEL_EXPORTER_OTLP_PROTOCOL: { allowed: PROTOCOLS.join(" or "), example: "http/protobuf" },
  OTEL_EXPORTER_OTLP_TIMEOUT: MILLISECONDS,
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: COLLECTOR,
  OTEL_EXPORTER_OTLP_METRICS_HEADERS: HEADERS,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: COLLECTOR,
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: HEADERS,
  OTEL_METRICS_EXPORTER: EXPORTER,
  OTEL_METRIC_EXPORT_INTERVAL: MILLISECONDS,
  OTEL_TRACES_EXPORTER: EXPORTER,
  OTEL_TRACES_SAMPLER: { allowed: SAMPLERS.join(", "), example: "parentbased_traceidratio" },
  OTEL_TRACES_SAMPLER_ARG: { allowed: "a share from 0 to 1", example: "0.1" },
};
