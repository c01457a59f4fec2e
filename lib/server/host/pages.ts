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
   * Answers a request for a page or an asset. Pages are read: a method other than GET and HEAD is 405, and
   * the body of a GET goes nowhere.
   */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  close(): void;
};

/** A connection to a process that has died is known to be broken a little before its death is, milliseconds. */
const DEATH_MS = 500;

/** Throws `not_configured` when the pages have not been built. */
export async function assertBuilt(dir: string): Promise<void> {
  await access(join(dir, ".next", "BUILD_ID")).catch((error: unknown) => {
    throw new GatewayError("not_configured", "There is no build yet: run `npm run build` first.", {
      cause: error,
    });
  });
}

/**
 * The pages of the production build, from Next.js in a process of its own, which starts with the first
 * page that is asked for: Next.js patches timers, promises and random numbers wherever it is loaded,
 * which would cost every request of the API, and a gateway without visitors never needs it.
 */
export function createPages(): Pages {
  const agent = new Agent({ keepAlive: true });
  let running: Promise<{ child: ChildProcess; port: number }> | undefined;

  const start = (): NonNullable<typeof running> => {
    running ??= startProcess(() => {
      // The next page starts it anew.
      running = undefined;
    });
    return running;
  };

  const pass = async (
    port: number,
    path: string,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ): Promise<void> => {
    const passed = request({
      agent,
      port,
      host: "127.0.0.1",
      method: incoming.method,
      path,
      headers: { ...requestHeadersWithoutBody(incoming.headers), "x-forwarded-for": addressesOf(incoming) },
    });
    // If either side leaves, the other need not go on.
    outgoing.once("close", () => passed.destroy());
    passed.end();
    const [answer] = (await once(passed, "response")) as [IncomingMessage];
    outgoing.writeHead(
      answer.statusCode ?? 502,
      responseHeaders(answer.rawHeaders, answer.headers.connection),
    );
    await pipeline(answer, outgoing);
  };

  return {
    async serve(incoming, outgoing) {
      if (incoming.method !== "GET" && incoming.method !== "HEAD") return refuseMethod(outgoing);
      const path = pagePath(incoming);
      const { child, port } = await start();
      try {
        await pass(port, path, incoming, outgoing);
      } catch (error) {
        // It died before it answered: a page can be asked for again, of the next one.
        if (outgoing.headersSent || outgoing.destroyed) throw error;
        await Promise.race([ended(child), pause(DEATH_MS)]);
        await pass((await start()).port, path, incoming, outgoing);
      }
    },
    close() {
      agent.destroy();
      void running?.then(({ child }) => child.kill("SIGKILL"));
    },
  };
}

/** Path and query alone: what is no path, such as `*`, throws `invalid_request`. */
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

function startProcess(onExit: () => void): Promise<{ child: ChildProcess; port: number }> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL("./pages-process.ts", import.meta.url), {
      execArgv: [],
      env: pagesEnvironment(),
    });
    child.once("error", reject);
    child.once("message", (port) => resolve({ child, port: Number(port) }));
    child.once("exit", (code) => {
      onExit();
      reject(new Error(`Next.js does not run: it ended with ${code}.`));
    });
  });
}

function addressesOf(incoming: IncomingMessage): string {
  const before = incoming.headers["x-forwarded-for"];
  return [before ?? [], incoming.socket.remoteAddress ?? []].flat().join(", ");
}
