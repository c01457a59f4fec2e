import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import { pagesEnvironment } from "#lib/server/env/env.ts";
import { requestHeadersWithoutBody, responseHeaders } from "#lib/server/host/forwarded-headers.ts";
import { requestUrl } from "#lib/server/http/fast/node-request.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type Pages = {
  /**
   * Answers a request for a page or an asset. A method other than GET and HEAD is 405, and the body of a GET
   * is ignored.
   */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  close(): void;
};

/** A dead process closes its connections a little before its exit event arrives, milliseconds. */
const DEATH_MS = 500;

/** Throws `not_configured` when the pages have not been built. */
export async function assertBuilt(dir: string): Promise<void> {
  await access(join(dir, ".next", "BUILD_ID")).catch((error: unknown) => {
    throw new GatewayError("not_configured", "There is no build yet: run `npm run build` first.", {
      cause: error,
    });
  });
}

type PagesProcess = { child: ChildProcess; port: number };

/**
 * The pages of the production build, from Next.js in a process of its own, which starts with the first
 * page that is requested: Next.js patches timers, promises and random numbers wherever it is loaded,
 * which would cost every request of the API, and a gateway without visitors never needs it.
 */
export function createPages(): Pages {
  const agent = new Agent({ keepAlive: true });
  let running: Promise<PagesProcess> | undefined;

  const start = (): Promise<PagesProcess> => {
    running ??= startProcess(() => {
      // The next page starts a new one.
      running = undefined;
    });
    return running;
  };

  return {
    async serve(incoming, outgoing) {
      if (incoming.method !== "GET" && incoming.method !== "HEAD") return refuseMethod(outgoing);
      const path = pagePath(incoming);
      const { child, port } = await start();
      try {
        await forward({ agent, port, path }, incoming, outgoing);
      } catch (error) {
        // The process died before it answered; reading a page can be repeated, with the next process.
        if (outgoing.headersSent || outgoing.destroyed) throw error;
        await Promise.race([ended(child), pause(DEATH_MS)]);
        await forward({ agent, port: (await start()).port, path }, incoming, outgoing);
      }
    },
    close() {
      agent.destroy();
      void running?.then(({ child }) => child.kill("SIGKILL"));
    },
  };
}

type Target = { agent: Agent; port: number; path: string };

async function forward(
  { agent, port, path }: Target,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const forwarded = request({
    agent,
    port,
    host: "127.0.0.1",
    method: incoming.method,
    path,
    headers: { ...requestHeadersWithoutBody(incoming.headers), "x-forwarded-for": addressesOf(incoming) },
  });
  // If either side disconnects, the other need not go on.
  outgoing.once("close", () => forwarded.destroy());
  forwarded.end();
  const [answer] = (await once(forwarded, "response")) as [IncomingMessage];
  outgoing.writeHead(answer.statusCode ?? 502, responseHeaders(answer.rawHeaders, answer.headers.connection));
  await pipeline(answer, outgoing);
}

/** Path and query alone. Throws `invalid_request` for what is not a path, such as `*`. */
function pagePath(incoming: IncomingMessage): string {
  const { pathname, search } = new URL(requestUrl(incoming));
  return `${pathname}${search}`;
}

function refuseMethod(outgoing: ServerResponse): void {
  outgoing
    .writeHead(405, { allow: "GET, HEAD", "content-type": "text/plain; charset=utf-8" })
    .end("Pages can only be read. The API is under /api.\n");
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

function startProcess(onExit: () => void): Promise<PagesProcess> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL("./pages-process.ts", import.meta.url), {
      execArgv: [],
      env: pagesEnvironment(),
    });
    child.once("error", reject);
    child.once("message", (port) => resolve({ child, port: Number(port) }));
    child.once("exit", (code) => {
      onExit();
      reject(new Error(`Next.js does not run: it exited with ${code}.`));
    });
  });
}

function addressesOf(incoming: IncomingMessage): string {
  const before = incoming.headers["x-forwarded-for"];
  return [before ?? [], incoming.socket.remoteAddress ?? []].flat().join(", ");
}
