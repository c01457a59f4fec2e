import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { AccessLog } from "#lib/server/host/access-log.ts";
import { ApiListener } from "#lib/server/host/api-listener.ts";
import { isApiTarget } from "#lib/server/host/api-path.ts";
import { endUpload } from "#lib/server/host/early-answer.ts";
import { WRITE_TIMEOUT_MS } from "#lib/server/host/write-response.ts";
import type { Route } from "#lib/server/http/route.ts";
import { API } from "#lib/server/routes/api-routes.ts";
import type { Logger } from "#lib/services/ports.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";

/** So many requests may be sent on one connection before the first has its answer (pipelining). */
const MAX_PENDING = 32;
/** Longer than the 60 s of common load balancers: the one that closes an idle connection is not us. */
const KEEP_ALIVE_MS = 75_000;
/** For the request to arrive, headers and all; answers may take as long as they do. */
const HEADERS_MS = 60_000;
const REQUEST_MS = 300_000;
/** What was aborted gets this long to say so and to be saved, milliseconds. */
const LAST_WORDS_MS = 5_000;
/** Work behind answers (a turn being saved while the database is unavailable) gets this long, milliseconds. */
const BACKGROUND_MS = 5_000;

export type SelfHostOptions = {
  /** The route of a path under `/api`. */
  routeOf: (pathname: string) => Route;
  logger: Logger;
  /** Everything outside `/api`. */
  pages: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;
  /** How long streams in flight may go on once the server is told to stop, milliseconds. */
  graceMs: number;
  /** How long a client may take nothing of its answer, milliseconds; a minute by default. */
  writeTimeoutMs?: number | undefined;
  accessLog?: AccessLog | undefined;
};

export type SelfHost = {
  /** Resolves with the port; rejects when the address cannot be had. */
  listen(port: number, hostname: string | undefined): Promise<number>;
  /** Shuts down: answers go on for the grace period, the rest is ended honestly. Once. */
  stop(): Promise<void>;
};

/** The server behind `npm start`: `/api` goes to the routes, everything else to the pages. */
export function createSelfHost(options: SelfHostOptions): SelfHost {
  const { routeOf, logger, pages, graceMs, writeTimeoutMs = WRITE_TIMEOUT_MS, accessLog } = options;
  const works = new Set<Promise<void>>();
  let stopping: Promise<void> | undefined;
  let idle: (() => void) | undefined;
  const api = new ApiListener({
    routeOf,
    accessLog,
    isStopping: () => stopping !== undefined,
    writeTimeoutMs,
    logError: (message, cause) => logger.error(message, cause),
    waitUntil: (work) => {
      // Turns whose rows are stored together wait for one promise.
      if (works.has(work)) return;
      works.add(work);
      work.then(
        () => works.delete(work),
        (error: unknown) => {
          works.delete(work);
          logger.error("Work behind an answer failed.", error);
        },
      );
    },
  });
  let answering = 0;
  /** Requests of a connection that have no answer yet. */
  const pendingOf = new WeakMap<Socket, number>();

  const server = createServer((incoming, outgoing) => {
    const { socket } = incoming;
    const pending = (pendingOf.get(socket) ?? 0) + 1;
    // Each would be worked on at once; and while answers wait, node:http does not see that the client has left.
    if (pending > MAX_PENDING) return void socket.destroy();
    pendingOf.set(socket, pending);
    outgoing.once("close", () => pendingOf.set(socket, (pendingOf.get(socket) ?? 1) - 1));
    answering++;
    accessLog?.begin(incoming, outgoing);
    outgoing.once("close", () => {
      answering--;
      if (stopping === undefined) return;
      // Node closes what is idle when it is told to close, not what becomes idle later.
      server.closeIdleConnections();
      if (answering === 0) idle?.();
    });
    const target = incoming.url ?? "/";
    if (isApiTarget(target) || API.isMisplaced(target)) void api.serve(incoming, outgoing);
    else void servePage(incoming, outgoing);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;

  async function servePage(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      if (stopping !== undefined) outgoing.setHeader("connection", "close");
      outgoing.setTimeout(writeTimeoutMs, () => outgoing.destroy());
      await pages(incoming, outgoing);
    } catch (error) {
      const told = toGatewayError(error);
      // A visitor who leaves, or asks for what no page is, is no failure.
      if (!outgoing.destroyed && told.status >= 500) logger.error("A page failed.", error);
      if (outgoing.headersSent || outgoing.destroyed) outgoing.destroy();
      else
        outgoing
          .writeHead(told.status, { "content-type": "text/plain; charset=utf-8" })
          .end(`${told.message}\n`);
    } finally {
      endUpload(incoming);
    }
  }

  /** True when nothing is being answered any more, false when the time is up. */
  async function quiet(milliseconds: number): Promise<boolean> {
    if (answering === 0) return true;
    const done = new Promise<boolean>((resolve) => {
      idle = () => resolve(true);
    });
    return Promise.race([done, pause(milliseconds, false)]);
  }

  async function stop(): Promise<void> {
    server.close();
    if (!(await quiet(graceMs))) {
      api.abortAll(new GatewayError("stream_interrupted", "The server is shutting down."));
      await quiet(LAST_WORDS_MS);
    }
    server.closeAllConnections();
    await Promise.race([Promise.allSettled(works), pause(BACKGROUND_MS)]);
  }

  return {
    listen: (port, hostname) => listen(server, port, hostname),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
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
