import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";

type Value = { stringValue?: string; intValue?: number | string; doubleValue?: number; boolValue?: boolean };
type Attribute = { key: string; value: Value };

export type ReceivedSpan = {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  name: string;
  kind: number;
  startedAt: number;
  endedAt: number;
  status: number;
  attributes: Record<string, string | number | boolean | undefined>;
};

export type Received = {
  path: string;
  headers: Record<string, string | string[] | undefined>;
  text: string;
};

export type Collector = {
  url: string;
  /** Every message, in order. */
  received: Received[];
  /** The status of the next answers; `silent` takes messages and never answers. */
  answer: number | "silent";
  spans(): ReceivedSpan[];
  /** The names of all metrics that came. */
  metricNames(): Set<string>;
  /** The attributes of what sends. */
  resource(): Record<string, string | number | boolean | undefined>;
  stop(): Promise<void>;
};

/** A real receiver of OTLP over HTTP, in JSON. */
export async function startCollector(): Promise<Collector> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { url = "", headers } = incoming;
      received.push({ path: url, headers, text: Buffer.concat(chunks).toString("utf8") });
      if (collector.answer === "silent") return;
      outgoing.writeHead(collector.answer, { "content-type": "application/json" }).end("{}");
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const messages = (path: string): unknown[] =>
    received.filter((message) => message.path.endsWith(path)).map(({ text }) => JSON.parse(text));
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: 200,
    spans: () =>
      messages("/v1/traces")
        .flatMap((message) => deep(message, "spans"))
        .map(readSpan),
    metricNames: () =>
      new Set(
        messages("/v1/metrics")
          .flatMap((message) => deep(message, "metrics"))
          .map(({ name }) => String(name)),
      ),
    resource: () => {
      const [message] = received.map(({ text }) => JSON.parse(text) as Record<string, { resource: never }[]>);
      const [first] = Object.values(message ?? {}).flat();
      return readAttributes((first?.resource as { attributes: Attribute[] } | undefined)?.attributes ?? []);
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return collector;
}

/** All objects of the lists with this name, however deep. */
function deep(value: unknown, name: string): Record<string, unknown>[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === name ? (inner as Record<string, unknown>[]) : deep(inner, name),
  );
}

function readSpan(span: Record<string, unknown>): ReceivedSpan {
  const milliseconds = (value: unknown): number => Number(BigInt(String(value)) / 1_000_000n);
  return {
    traceId: String(span["traceId"]),
    spanId: String(span["spanId"]),
    parentSpanId: span["parentSpanId"] === undefined ? undefined : String(span["parentSpanId"]),
    name: String(span["name"]),
    kind: Number(span["kind"]),
    startedAt: milliseconds(span["startTimeUnixNano"]),
    endedAt: milliseconds(span["endTimeUnixNano"]),
    status: Number((span["status"] as { code?: number } | undefined)?.code ?? 0),
    attributes: readAttributes((span["attributes"] as Attribute[] | undefined) ?? []),
  };
}

function readAttributes(attributes: readonly Attribute[]): ReceivedSpan["attributes"] {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ??
        (value.intValue === undefined ? undefined : Number(value.intValue)) ??
        value.doubleValue ??
        value.boolValue,
    ]),
  );
}
