import { type Context, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { TraceParent } from "#lib/services/telemetry/trace-parent.ts";
import type { FinishedSpan, TurnSpans } from "#lib/services/telemetry/turn-spans.ts";
import { VERSION } from "#lib/shared/version.ts";

/** Spans that wait for the collector, about 2 kB each; further ones are dropped. */
const MAX_WAITING = 4_096;
const MAX_BATCH = 512;
/** How long spans wait for others, milliseconds. */
const BATCH_MS = 5_000;
/** Longer names of models are cut. */
const MAX_VALUE = 256;

/** Which turns are traced: a sampler of OTEL_TRACES_SAMPLER and its share. */
export type Sampling = {
  sampler:
    | "always_on"
    | "always_off"
    | "traceidratio"
    | "parentbased_always_on"
    | "parentbased_always_off"
    | "parentbased_traceidratio";
  /** From 0 to 1. */
  ratio: number;
};

export type TurnTracer = {
  trace(spans: TurnSpans, parent: TraceParent | undefined): void;
  flush(timeoutMillis: number): Promise<void>;
  close(): Promise<void>;
};

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

/** Makes spans of turns that have ended. It is no global tracer: nothing else in the process is traced. */
export function createTracer(
  resource: Resource,
  exporter: SpanExporter,
  sampling: Sampling,
  timeoutMs: number,
): TurnTracer {
  const provider = new TracerProvider({
    resource,
    sampler: samplerOf(sampling),
    spanLimits: { attributeValueLengthLimit: MAX_VALUE },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: MAX_WAITING,
        maxExportBatchSize: MAX_BATCH,
        scheduledDelayMillis: BATCH_MS,
        // The exporter has the same limit; it says why.
        exportTimeoutMillis: timeoutMs + 1_000,
      }),
    ],
  });
  const tracer = provider.getTracer("sarmalink-ai", VERSION);
  /** Returns the context of spans below this one. */
  const write = (finished: FinishedSpan, above: Context): Context => {
    const { name, kind, startedAt, endedAt, hasFailed, attributes } = finished;
    const span = tracer.startSpan(name, { kind: KINDS[kind], startTime: startedAt, attributes }, above);
    if (hasFailed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(Math.max(endedAt, startedAt));
    return trace.setSpan(above, span);
  };
  return {
    trace: ({ turn, attempts }, parent) => {
      const below = write(turn, contextOf(parent));
      for (const attempt of attempts) write(attempt, below);
    },
    flush: (timeoutMillis) => provider.forceFlush({ timeoutMillis }),
    close: () => provider.shutdown(),
  };
}

function contextOf(parent: TraceParent | undefined): Context {
  if (parent === undefined) return ROOT_CONTEXT;
  const { traceId, spanId, isSampled } = parent;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function samplerOf({ sampler, ratio }: Sampling) {
  switch (sampler) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(ratio);
    case "parentbased_always_on":
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case "parentbased_traceidratio":
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
  }
}
