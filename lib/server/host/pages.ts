import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { access } from "node:fs/promises";
import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import { childEnvironment } from "#lib/server/env.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type Pages = {
  /** Answers a request for a page or an asset, as `next start` would. */
  serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void>;
  close(): void;
};

/** A connection to a process that has died is known to be broken a little before its death is, milliseconds. */
const DEATH_MS = 500;
/** Headers of one connection, which do not go over to the other. */
const OF_THE_CONNECTION = new Set(["connection", "keep-alive", "transfer-encoding"]);

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

  const pass = async (port: number, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const passed = request({
      agent,
      port,
      host: "127.0.0.1",
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, "x-forwarded-for": addressesOf(incoming) },
    });
    // Whoever leaves, the other side need not go on.
    outgoing.once("close", () => passed.destroy());
    const answered = once(passed, "response") as Promise<[IncomingMessage]>;
    // A body is read once; what has none can be sent again.
    const sent = isPage(incoming) ? passed.end() : pipeline(incoming, passed);
    const [[answer]] = await Promise.all([answered, sent]);
    outgoing.writeHead(answer.statusCode ?? 502, headersOf(answer));
    await pipeline(answer, outgoing);
  };

  return {
    async serve(incoming, outgoing) {
      const { child, port } = await start();
      try {
        await pass(port, incoming, outgoing);
      } catch (error) {
        // It died before it answered: a page can be asked for again, of the next one.
        if (!isPage(incoming) || outgoing.headersSent || outgoing.destroyed) throw error;
        await Promise.race([ended(child), pause(DEATH_MS)]);
        await pass((await start()).port, incoming, outgoing);
      }
    },
    close() {
      agent.destroy();
      void running?.then(({ child }) => child.kill("SIGKILL"));
    },
  };
}

function isPage({ method }: IncomingMessage): boolean {
  return method === "GET" || method === "HEAD";
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

function startProcess(onExit: () => void): Promise<{ child: ChildProcess; port: number }> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL("./pages-process.ts", import.meta.url), {
      execArgv: [],
      env: childEnvironment({ NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" }),
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

function headersOf({ rawHeaders }: IncomingMessage): string[] {
  const headers: string[] = [];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (!OF_THE_CONNECTION.has(name.toLowerCase())) headers.push(name, value);
  }
  return headers;
}
