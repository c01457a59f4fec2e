import {
  type ISerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import type { PushMetricExporter } from "@opentelemetry/sdk-metrics";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { createOtlpSender, type OtlpSender, type OtlpTarget } from "#lib/adapters/telemetry/otlp-sender.ts";

/** Is told why a message could not be sent. */
export type OnFailure = (error: unknown) => void;

type Exported = Parameters<Parameters<SpanExporter["export"]>[1]>[0];

const SUCCESS = 0;
const FAILED = 1;

export function createMetricExporter(target: OtlpTarget, onFailure: OnFailure): PushMetricExporter {
  const serializer = target.protocol === "http/json" ? JsonMetricsSerializer : ProtobufMetricsSerializer;
  return new OtlpExporter(createOtlpSender(target), serializer, onFailure);
}

export function createSpanExporter(target: OtlpTarget, onFailure: OnFailure): SpanExporter {
  const serializer = target.protocol === "http/json" ? JsonTraceSerializer : ProtobufTraceSerializer;
  return new OtlpExporter(createOtlpSender(target), serializer, onFailure);
}

/** Serializes what the SDK has collected, and sends it. */
class OtlpExporter<Items> {
  readonly #sender: OtlpSender;
  readonly #serializer: Pick<ISerializer<Items, unknown>, "serializeRequest">;
  readonly #onFailure: OnFailure;
  readonly #underWay = new Set<Promise<void>>();

  constructor(
    sender: OtlpSender,
    serializer: Pick<ISerializer<Items, unknown>, "serializeRequest">,
    onFailure: OnFailure,
  ) {
    this.#sender = sender;
    this.#serializer = serializer;
    this.#onFailure = onFailure;
  }

  export(items: Items, done: (result: Exported) => void): void {
    const sending = this.#send(items).then(
      () => done({ code: SUCCESS }),
      (error: unknown) => {
        this.#onFailure(error);
        done({ code: FAILED, error: error instanceof Error ? error : new Error(String(error)) });
      },
    );
    this.#underWay.add(sending);
    void sending.finally(() => this.#underWay.delete(sending));
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async shutdown(): Promise<void> {
    await this.forceFlush();
    await this.#sender.close();
  }

  async #send(items: Items): Promise<void> {
    const body = this.#serializer.serializeRequest(items);
    if (body !== undefined) await this.#sender.send(body);
  }
}
