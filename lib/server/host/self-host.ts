import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { AccessLog } from "#lib/server/host/access-log.ts";
import { ApiListener } from "#lib/server/host/api-listener.ts";
import { isApiTarget } from "#lib/server/host/api-path.ts";
import { BackgroundWork } from "#lib/server/host/background-work.ts";
import { endUpload } from "#lib/server/host/early-answer.ts";
import { WRITE_TIMEOUT_MS } from "#lib/server/host/write-response.ts";
import type { Route } from "#lib/server/http/route.ts";
import { API } from "#lib/server/routes/api-routes.ts";
import type { Logger } from "#lib/services/ports.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";

/** Requests that one connection may send before the first is answered (pipelining). */
const MAX_PENDING = 32;
/** Longer than the 60 s of common load balancers, so that they close idle connections, not we; milliseconds. */
const KEEP_ALIVE_MS = 75_000;
/** For a request to arrive; answers are not limited by this. */
const HEADERS_MS = 60_000;
const REQUEST_MS = 300_000;
/** Aborted requests get this long to send their error and to be saved, milliseconds. */
const ABORTED_MS = 5_000;
/** Work behind answers (a turn being saved while the database is unavailable) gets this long, milliseconds. */
const BACKGROUND_MS = 5_000;

export type SelfHostOptions = {
  /** The route of a path under `/api`. */
  routeOf: (pathname: string) => Route;
  logger: Logger;
  /** Everything outside `/api`. */
  pages: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;
  /** How long streams in flight may go on after `stop`, milliseconds. */
  graceMs: number;
  /** How long a client may read nothing of its answer, milliseconds; a minute by default. */
  writeTimeoutMs?: number | undefined;
  accessLog?: AccessLog | undefined;
};

export type SelfHost = {
  /** Resolves with the port; rejects if the address cannot be used. */
  listen(port: number, hostname: string | undefined): Promise<number>;
  /** Shuts down: answers go on for the grace period, the rest end with an error. Once. */
  stop(): Promise<void>;
};

/** The server behind `npm start`: `/api` goes to the routes, everything else to the pages. */
export function createSelfHost(options: SelfHostOptions): SelfHost {
  return new SelfHostServer(options);
}

class SelfHostServer implements SelfHost {
  readonly #options: SelfHostOptions;
  readonly #writeTimeoutMs: number;
  readonly #background: BackgroundWork;
  readonly #api: ApiListener;
  readonly #server: Server;
  /** Requests of a connection that have no answer yet. */
  readonly #pendingOf = new WeakMap<Socket, number>();
  /** Requests of all connections that have no answer yet. */
  #answering = 0;
  #stopping: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: SelfHostOptions) {
    const { routeOf, logger, writeTimeoutMs = WRITE_TIMEOUT_MS, accessLog } = options;
    const background = new BackgroundWork(logger);
    this.#options = options;
    this.#writeTimeoutMs = writeTimeoutMs;
    this.#background = background;
    this.#api = new ApiListener({
      routeOf,
      accessLog,
      isStopping: () => this.#stopping !== undefined,
      writeTimeoutMs,
      logError: (message, cause) => logger.error(message, cause),
      waitUntil: (work) => background.add(work),
    });
    this.#server = createServer((incoming, outgoing) => this.#serve(incoming, outgoing));
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS;
    this.#server.headersTimeout = HEADERS_MS;
    this.#server.requestTimeout = REQUEST_MS;
  }

  listen(port: number, hostname: string | undefined): Promise<number> {
    return listen(this.#server, port, hostname);
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#shutDown();
    return this.#stopping;
  }

  #serve(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { socket } = incoming;
    const pending = (this.#pendingOf.get(socket) ?? 0) + 1;
    // All of them would run at the same time, and while answers wait, node:http does not notice a disconnect.
    if (pending > MAX_PENDING) return void socket.destroy();
    this.#pendingOf.set(socket, pending);
    this.#answering++;
    this.#options.accessLog?.begin(incoming, outgoing);
    outgoing.once("close", () => this.#answered(socket));
    const target = incoming.url ?? "/";
    if (isApiTarget(target) || API.isMisplaced(target)) void this.#api.serve(incoming, outgoing);
    else void this.#servePage(incoming, outgoing);
  }

  #answered(socket: Socket): void {
    this.#pendingOf.set(socket, (this.#pendingOf.get(socket) ?? 1) - 1);
    this.#answering--;
    if (this.#stopping === undefined) return;
    // `close` ends connections that are idle then, not those that become idle later.
    this.#server.closeIdleConnections();
    if (this.#answering === 0) this.#onIdle?.();
  }

  async #servePage(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { pages, logger } = this.#options;
    try {
      if (this.#stopping !== undefined) outgoing.setHeader("connection", "close");
      outgoing.setTimeout(this.#writeTimeoutMs, () => outgoing.destroy());
      await pages(incoming, outgoing);
    } catch (thrown) {
      const error = toGatewayError(thrown);
      // A visitor who disconnects, or requests what is not a page, is no failure.
      if (!outgoing.destroyed && error.status >= 500) logger.error("A page failed.", thrown);
      if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
      else
        outgoing
          .writeHead(error.status, { "content-type": "text/plain; charset=utf-8" })
          .end(`${error.message}\n`);
    } finally {
      endUpload(incoming);
    }
  }

  async #shutDown(): Promise<void> {
    this.#server.close();
    if (!(await this.#idleWithin(this.#options.graceMs))) {
      this.#api.abortAll(new GatewayError("stream_interrupted", "The server is shutting down."));
      await this.#idleWithin(ABORTED_MS);
    }
    this.#server.closeAllConnections();
    await Promise.race([this.#background.settled(), pause(BACKGROUND_MS)]);
  }

  /** True once all requests are answered, false when the time is over. */
  async #idleWithin(milliseconds: number): Promise<boolean> {
    if (this.#answering === 0) return true;
    const idle = new Promise<boolean>((resolve) => {
      this.#onIdle = () => resolve(true);
    });
    return Promise.race([idle, pause(milliseconds, false)]);
  }
}

function listen(server: Server, port: number, hostname: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: hostname }, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(address !== null && typeof address === "object" ? address.port : port);
    });
  });
}
