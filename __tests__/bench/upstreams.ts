import { readFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { answers, type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";

/**
 * The providers of the benchmark, in a process of their own: ten that answer 429 and one that answers.
 * With a delay, each stands behind a proxy that holds every byte for half a round trip in each
 * direction, as a network would; the proxy notes when bytes pass the gateway's end of the wire.
 */
export type BenchUpstreams = { bad: string[]; good: string };
/** Nanoseconds of the machine's monotonic clock, one entry a proxy: when the gateway sent, when it received. */
export type WireLog = { sent: string[]; received: string[] }[];
export type Ask = { kind: "start"; failing: number; roundTripMs: number } | { kind: "log" };

const rateLimited: Script = (exchange) =>
  exchange.json(
    429,
    { error: { message: "Rate limit reached.", code: "rate_limit_exceeded" } },
    { "retry-after": "7" },
  );

const wires: WireLog = [];

async function start(failing: number, roundTripMs: number): Promise<BenchUpstreams> {
  const tls = roundTripMs === 0 ? undefined : certificate();
  const place = async (script: Script): Promise<string> => {
    const upstream = await startFakeUpstream(script, tls);
    return roundTripMs === 0 ? upstream.origin : delayed(upstream, roundTripMs / 2);
  };
  const bad: string[] = [];
  for (let index = 0; index < failing; index++) bad.push(await place(rateLimited));
  return { bad, good: await place(answers("Hello")) };
}

function certificate(): { key: Buffer; cert: Buffer } {
  const folder = new URL("../faults/tls/", import.meta.url);
  return { key: readFileSync(new URL("good.key", folder)), cert: readFileSync(new URL("good.pem", folder)) };
}

/** A TCP proxy that adds a fixed delay each way, in order. */
async function delayed(upstream: FakeUpstream, delayMs: number): Promise<string> {
  const wire = { sent: [] as string[], received: [] as string[] };
  wires.push(wire);
  const server: Server = createServer({ noDelay: true }, (client) => {
    const provider = connect({ port: upstream.port, host: "127.0.0.1", noDelay: true });
    client.on("data", () => wire.sent.push(String(process.hrtime.bigint())));
    pipeLate(client, provider, delayMs);
    pipeLate(provider, client, delayMs, () => wire.received.push(String(process.hrtime.bigint())));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The proxy has no port.");
  return `https://127.0.0.1:${address.port}`;
}

function pipeLate(from: Socket, to: Socket, delayMs: number, delivered: () => void = () => undefined): void {
  from.on("data", (bytes: Buffer) => {
    setTimeout(() => {
      if (to.destroyed) return;
      delivered();
      to.write(bytes);
    }, delayMs);
  });
  from.on("error", () => to.destroy());
  from.on("close", () => setTimeout(() => to.destroy(), delayMs));
}

process.on("message", (ask: Ask) => {
  if (ask.kind === "log") {
    process.send?.(wires);
    for (const wire of wires) wire.sent.length = wire.received.length = 0;
    return;
  }
  void start(ask.failing, ask.roundTripMs).then((upstreams) => process.send?.(upstreams));
});
