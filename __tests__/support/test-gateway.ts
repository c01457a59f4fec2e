import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import type { ModeId } from "#lib/ai-models.ts";
import { readEnv } from "#lib/server/env/env.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import { type Route, serveRoute } from "#lib/server/http/route.ts";
import { aiChat } from "#lib/server/routes/ai-chat.ts";
import { createGateway, type Gateway } from "#lib/server/wiring/gateway.ts";
import type { MAKERS } from "#lib/server/wiring/parts.ts";
import { type NativeAnswer, readNative } from "./native-client.ts";
import type { TestSupabase } from "./test-database.ts";

export type Settings = Readonly<Record<string, string>>;

export type TestGateway = {
  gateway: Gateway;
  /** `POST /api/ai-chat`, called in process. */
  aiChat: Route;
  /** Posts a message and reads the answer to its end. */
  ask(credential: string, body: unknown, changes?: RequestInit): Promise<NativeAnswer>;
  /** Everything that was left to be done behind answers is done. */
  settled(): Promise<void>;
  stop(): Promise<void>;
};

export type TestGatewayOptions = {
  database: TestSupabase;
  settings?: Settings;
  /** Where log lines go; nowhere by default, so that expected failures do not fill the screen. */
  log?: (line: string) => void;
  /** Parts that are made in another way. */
  makers?: Partial<typeof MAKERS>;
};

/** What the gateway is told of its database. */
export function databaseSettings(database: TestSupabase): Settings {
  return {
    NEXT_PUBLIC_SUPABASE_URL: database.url,
    NEXT_PUBLIC_SUPABASE_ANON_KEY: database.publishableKey,
    SUPABASE_SERVICE_ROLE_KEY: database.secretKey,
    SUPABASE_JWT_SECRET: database.jwtSecret,
  };
}

/** A real gateway over a test database, in process: the route functions are called as a host would. */
export async function startTestGateway({
  database,
  settings = {},
  log = () => undefined,
  makers = {},
}: TestGatewayOptions): Promise<TestGateway> {
  const folder = await mkdtemp(join(tmpdir(), "sarmalink-gateway-"));
  // Tests of what instances share switch it on.
  const own = { ...databaseSettings(database), SARMALINK_DATA_DIR: folder, STATE_REFRESH_MS: "0" };
  const gateway = await createGateway(readEnv({ ...own, ...settings }), log, makers);
  const works = new Set<Promise<void>>();
  const host: HostContext = {
    remoteAddress: "192.0.2.1",
    waitUntil: (work) => {
      works.add(work);
    },
  };
  const route = serveRoute(aiChat, async () => gateway);
  return {
    gateway,
    // Whatever a test's own host does with the work behind an answer, `settled` waits for it.
    aiChat: (request, own) => {
      const waitUntil = (work: Promise<void>): void => {
        works.add(work);
        own.waitUntil(work);
      };
      return route(request, { ...host, ...own, waitUntil });
    },
    ask: async (credential, body, changes) =>
      readNative(await route(aRequest(credential, body, changes), host)),
    settled: async () => {
      await Promise.all(works);
    },
    stop: async () => {
      await Promise.all(works);
      await gateway.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A message to native chat as a client sends it. */
export function aRequest(credential: string, body: unknown, changes: RequestInit = {}): Request {
  const headers = new Headers({ "content-type": "application/json", ...(changes.headers as Settings) });
  if (credential !== "") headers.set("authorization", `Bearer ${credential}`);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Request("http://gateway.test/api/ai-chat", { method: "POST", body: text, ...changes, headers });
}

/** The host's part of a call, for routes called by themselves. */
export function aHost(changes: Partial<HostContext> = {}): HostContext {
  return { remoteAddress: "192.0.2.1", waitUntil: () => undefined, ...changes };
}

export type ChainStep = { provider: string; model?: string; label?: string };

/** `MODELS_CONFIG` with operator providers at these base URLs, and one chain for the modes named. */
export function modelsConfig(
  providers: Readonly<Record<string, string>>,
  options: {
    chain?: readonly ChainStep[];
    modes?: readonly ModeId[];
    limit?: number;
    apiKeyEnv?: string;
  } = {},
): string {
  const { modes = ["smart"], limit } = options;
  const chain: readonly ChainStep[] =
    options.chain ?? Object.keys(providers).map((provider) => ({ provider }));
  const failover = chain.map(({ provider, model = "m", label = provider }) => ({ provider, model, label }));
  return JSON.stringify({
    extends: "default",
    providers: Object.entries(providers).map(([id, baseUrl]) => ({
      id,
      baseUrl,
      apiKeyEnv: options.apiKeyEnv,
    })),
    modes: Object.fromEntries(modes.map((mode) => [mode, { failover, perUserDailyLimit: limit }])),
  });
}

/** A live gateway key of this user. */
export async function createKey(
  database: TestSupabase,
  userId: string,
  changes: {
    modes?: string[];
    requestsPerMinute?: number;
    requestsAtOnce?: number;
    usdPerMonth?: number;
    revoked?: boolean;
    expiresAt?: Date;
  } = {},
): Promise<string> {
  const key = `sk-sarmalink-${randomBytes(24).toString("base64url")}`;
  const hash = createHash("sha256").update(key).digest("hex");
  await database.sql`
    insert into public.gateway_keys
      (user_id, name, key_hash, prefix, modes, requests_per_minute, requests_at_once, usd_per_month, revoked_at,
       expires_at)
    values (${userId}, 'test', ${hash}, ${key.slice(0, 17)}, ${changes.modes ?? null},
            ${changes.requestsPerMinute ?? null}, ${changes.requestsAtOnce ?? null}, ${changes.usdPerMonth ?? null},
            ${changes.revoked === true ? new Date() : null}, ${changes.expiresAt ?? null})`;
  return key;
}

export type HttpHost = { url: string; readonly openConnections: number; stop(): Promise<void> };

/** The route behind a real socket, as the thinnest possible host serves it. */
export async function listen(route: Route): Promise<HttpHost> {
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    serve(route, incoming, outgoing).catch((error: unknown) => {
      process.stderr.write(`test host: ${String(error)}\n`);
      outgoing.destroy();
    });
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The test host has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    get openConnections() {
      return sockets.size;
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

async function serve(route: Route, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const client = new AbortController();
  outgoing.once("close", () => {
    if (!outgoing.writableFinished) client.abort(new Error("The client has left."));
  });
  const response = await route(toRequest(incoming, client.signal), {
    remoteAddress: incoming.socket.remoteAddress,
    waitUntil: (work) => void work,
  });
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.flushHeaders();
  await pipe(response, outgoing, client.signal);
  outgoing.end();
}

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one);
  }
  const hasBody = incoming.method !== "GET" && incoming.method !== "HEAD" && incoming.method !== "OPTIONS";
  const body = hasBody
    ? { body: Readable.toWeb(incoming) as NodeReadableStream & BodyInit, duplex: "half" }
    : {};
  const url = new URL(incoming.url ?? "/", `http://${incoming.headers.host ?? "127.0.0.1"}`);
  return new Request(url, { method: incoming.method ?? "GET", headers, signal, ...body });
}

/** Takes no more of the body than the socket does. */
async function pipe(response: Response, outgoing: ServerResponse, left: AbortSignal): Promise<void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const gone = new Promise<void>((resolve) =>
    left.addEventListener("abort", () => resolve(), { once: true }),
  );
  void gone.then(() => reader.cancel(left.reason));
  while (true) {
    const { done, value } = await reader.read();
    if (done || left.aborted) return;
    if (outgoing.write(value)) continue;
    await Promise.race([new Promise((resolve) => outgoing.once("drain", resolve)), gone]);
  }
}

export type Door = {
  url: string;
  /** `open` passes everything on; `shut` breaks connections; `silent` takes them and says nothing. */
  state: "open" | "shut" | "silent";
  stop(): Promise<void>;
};

/**
 * A TCP door in front of a server that tests can shut.
 * @param hidesLeaving the server is not told of clients that leave, as by some proxies.
 */
export async function startDoor(targetUrl: string, { hidesLeaving = false } = {}): Promise<Door> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.once("close", () => sockets.delete(socket));
    return socket;
  };
  const server = createTcpServer((client) => {
    keep(client);
    if (state === "shut") return void client.resetAndDestroy();
    client.once("data", (first) => {
      if (state === "silent") return;
      const upstream = keep(connect(Number(target.port), target.hostname));
      upstream.write(first);
      client.pipe(upstream, { end: !hidesLeaving }).pipe(client);
      client.once("close", () => {
        if (!hidesLeaving) upstream.destroy();
      });
      upstream.once("close", () => client.destroy());
    });
  });
  let state: Door["state"] = "open";
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The door has no port.");
  return {
    url: `http://127.0.0.1:${address.port}`,
    get state() {
      return state;
    },
    set state(next) {
      state = next;
      // Connections that are kept alive would slip through.
      for (const socket of sockets) socket.destroy();
    },
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export type StderrCapture = { readonly text: string; stop(): void };

/** What the process writes to standard error, where the logger writes. */
export function captureStderr(): StderrCapture {
  const original = process.stderr.write.bind(process.stderr);
  let text = "";
  process.stderr.write = (chunk: string | Uint8Array) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    return true;
  };
  return {
    get text() {
      return text;
    },
    stop: () => {
      process.stderr.write = original;
    },
  };
}

/** Waits, at most two seconds unless told otherwise, until something holds. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = 2_000,
): Promise<void> {
  const until = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`Not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
