import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { TlsOptions } from "node:tls";
import { Worker } from "node:worker_threads";
import type { Place } from "./row.ts";

/** An address where nobody listens. A port that was free a moment ago could be another row's by now. */
export async function refusedPort(): Promise<Place> {
  return { baseUrl: "http://127.0.0.1:1", stop: async () => undefined };
}

/** `.invalid` never resolves (RFC 6761). */
export async function unknownHost(): Promise<Place> {
  return { baseUrl: "https://nope.invalid", stop: async () => undefined };
}

const NEVER_ACCEPTS = `
const { parentPort } = require("node:worker_threads");
const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  // The event loop stands still from here on: the kernel queues what the backlog takes, and drops the rest.
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});`;

/** A port that answers nothing at all: its listener's queue is full and never emptied. */
export async function blackHole(): Promise<Place> {
  const worker = new Worker(NEVER_ACCEPTS, { eval: true });
  const [port] = (await once(worker, "message")) as [number];
  await pause(50);
  const fillers: Socket[] = [];
  for (let count = 0; count < 8; count++) {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => socket.destroy());
    fillers.push(socket);
    await pause(10);
  }
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    async stop() {
      for (const socket of fillers) socket.destroy();
      await worker.terminate();
    },
  };
}

/** Accepts connections and never says a word: over https, the handshake never ends. */
export async function silentHandshake(): Promise<Place> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `https://127.0.0.1:${portOf(server.address())}`,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Speaks plain HTTP where TLS is expected. */
export async function plainBehindHttps(): Promise<Place> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    baseUrl: `https://127.0.0.1:${portOf(server.address())}`,
    stop: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function portOf(address: ReturnType<ReturnType<typeof createServer>["address"]>): number {
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}

const read = (name: string): string => readFileSync(new URL(`./tls/${name}`, import.meta.url), "utf8");

/** The authority behind `good`, `expired` and `wrong-host`; to be trusted by the tests that use them. */
export const TEST_AUTHORITY: string = read("ca.pem");

export function certificate(name: "good" | "expired" | "wrong-host" | "self-signed"): TlsOptions {
  return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
}
