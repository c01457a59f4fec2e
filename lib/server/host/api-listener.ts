import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { AccessDetails, AccessLog } from "#lib/server/host/access-log.ts";
import { endUpload, keepReading } from "#lib/server/host/early-answer.ts";
import { writeResponse } from "#lib/server/host/write-response.ts";
import { NodeRequest, requestUrl } from "#lib/server/http/fast/node-request.ts";
import { PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import type { HostContext } from "#lib/server/http/host-context.ts";
import { errorResponse } from "#lib/server/http/http-error.ts";
import type { Route } from "#lib/server/http/route.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type ApiListenerOptions = {
  /** The route of a path under `/api`. */
  routeOf: (pathname: string) => Route;
  waitUntil: HostContext["waitUntil"];
  /** True once the server shuts down. */
  isStopping: () => boolean;
  logError: (message: string, cause: unknown) => void;
  /** How long a client may read nothing of its answer, milliseconds; a minute by default. */
  writeTimeoutMs?: number | undefined;
  accessLog?: AccessLog | undefined;
};

type Call = { request: NodeRequest; outgoing: ServerResponse };

/** Serves web-standard routes on node:http. */
export class ApiListener {
  readonly #options: ApiListenerOptions;
  /** HTTP/1.1 allows several calls on one connection before the first is answered. */
  readonly #calls = new Map<Socket, Set<Call>>();

  constructor(options: ApiListenerOptions) {
    this.#options = options;
  }

  /** Calls that are being answered. */
  get size(): number {
    let size = 0;
    for (const calls of this.#calls.values()) size += calls.size;
    return size;
  }

  /** Aborts the signals of all calls in flight. */
  abortAll(reason: unknown): void {
    for (const calls of this.#calls.values()) for (const { request } of calls) request.abort(reason);
  }

  /** Answers a request whose path is under `/api`. Never rejects. */
  async serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { waitUntil, routeOf, isStopping, logError } = this.#options;
    let call: Call | undefined;
    const callbacks: (() => void)[] = [];
    try {
      const url = requestUrl(incoming);
      const request = new NodeRequest(incoming, url);
      call = this.#track(incoming.socket, { request, outgoing });
      const host: HostContext = {
        remoteAddress: incoming.socket.remoteAddress,
        stopping: isStopping(),
        waitUntil,
        onEnd: (callback) => callbacks.push(callback),
      };
      const response = await routeOf(pathOf(url))(request, host);
      if (!incoming.complete) keepReading(incoming.socket);
      this.#options.accessLog?.detail(outgoing, accessDetails(response, host));
      await this.#write(response, incoming, outgoing);
    } catch (thrown) {
      if (!incoming.complete) keepReading(incoming.socket);
      if (!(thrown instanceof GatewayError)) logError("A request failed in the host.", thrown);
      await this.#fail(thrown, incoming, outgoing).catch((error: unknown) => {
        logError("An error could not be sent to the client.", error);
        outgoing.destroy();
      });
    } finally {
      for (const callback of callbacks) callback();
      endUpload(incoming);
      if (call !== undefined) this.#calls.get(incoming.socket)?.delete(call);
    }
  }

  #write(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    return writeResponse(response, outgoing, {
      withoutBody: incoming.method === "HEAD",
      lastOnConnection: this.#options.isStopping(),
      writeTimeoutMs: this.#options.writeTimeoutMs,
    });
  }

  /** Once headers have been sent, the only way to report an error is to close the connection. */
  async #fail(thrown: unknown, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    if (outgoing.headersSent || outgoing.destroyed) {
      // Sends what was written before.
      if (outgoing.socket === null) outgoing.destroy();
      else outgoing.socket.destroySoon();
      return;
    }
    const requestId = crypto.randomUUID();
    const response = errorResponse(thrown, requestId);
    response.setHeader("x-request-id", requestId);
    await this.#write(response, incoming, outgoing);
  }

  #track(socket: Socket, call: Call): Call {
    const known = this.#calls.get(socket);
    if (known !== undefined) {
      known.add(call);
      return call;
    }
    const calls = new Set([call]);
    this.#calls.set(socket, calls);
    const onClose = (): void => {
      this.#calls.delete(socket);
      for (const { request, outgoing } of calls) {
        request.abort(new GatewayError("client_closed_request", "The client disconnected."));
        // A response that waits behind another one on the connection gets no close event from node:http.
        if (outgoing.socket === null) outgoing.destroy().emit("close");
      }
    };
    if (socket.destroyed) onClose();
    else socket.once("close", onClose);
    return call;
  }
}

function accessDetails(response: Response, { callerKind }: HostContext): AccessDetails {
  const header = (name: string): string | undefined =>
    response instanceof PlainResponse ? response.getHeader(name) : (response.headers.get(name) ?? undefined);
  return { requestId: header("x-request-id"), caller: callerKind, engine: header("x-sarmalink-engine") };
}

function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("//") + 2);
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}
