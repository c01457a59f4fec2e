import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawClient } from "../support/raw-client.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { databaseSettings } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

const CANARY = "gsk_canary-that-no-page-needs";
let database: TestSupabase;
beforeAll(async () => {
  database = await startTestSupabase();
});
afterAll(async () => {
  await database.stop();
});

function settings(): Record<string, string> {
  return { ...databaseSettings(database), GROQ_API_KEY: CANARY, NEXT_PUBLIC_APP_NAME: "Public Name" };
}

describe("between the host and the pages process", () => {
  let gateway: ServedGateway;
  beforeAll(async () => {
    gateway = await serveGateway("start", settings());
    await fetch(gateway.url);
  });
  afterAll(async () => {
    await gateway.stop();
  });

  const pagesPid = (): number => {
    const isPages = (pid: string): boolean => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("pages-process") &&
          readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[3] === String(gateway.pid)
        );
      } catch (error) {
        if (error instanceof Error && "code" in error) return false;
        throw error;
      }
    };
    const found = readdirSync("/proc").find((name) => /^\d+$/.test(name) && isPages(name));
    return Number(found ?? Number.NaN);
  };

  /** What a stranger would like the next visitor's request to begin with. */
  const smuggled = "GET //evil.example/%2e%2e HTTP/1.1\r\nHost: evil.example\r\nX-Rest: ";
  const chunk = `${smuggled.length.toString(16)}\r\n${smuggled}\r\n0\r\n\r\n`;

  test.each([
    ["a length without its body", `Content-Length: ${smuggled.length}\r\n\r\n`],
    ["a length with its body", `Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`],
    ["a length that nobody sends", "Content-Length: 25000000\r\n\r\n"],
    ["chunks", `Transfer-Encoding: chunked\r\n\r\n${chunk}`],
    ["chunks that never come", "Transfer-Encoding: chunked\r\n\r\n"],
    ["chunks with trailers", `Transfer-Encoding: chunked\r\nTE: trailers\r\nTrailer: x-a\r\n\r\n${chunk}`],
    ["an expectation", "Expect: 100-continue\r\nContent-Length: 5\r\n\r\n"],
    ["an upgrade", "Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n"],
    [
      "a websocket",
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    ],
    [
      "headers named by the connection",
      "Connection: x-forwarded-for, host, content-length\r\nContent-Length: 9\r\n\r\n",
    ],
    ["a connection to be closed", "Connection: close\r\nKeep-Alive: timeout=1\r\n\r\n"],
  ])("a GET with %s changes nothing for the next visitor", async (_name, rest) => {
    for (let round = 0; round < 3; round++) {
      const stranger = await rawClient(gateway.url, `GET / HTTP/1.1\r\nHost: gateway.test\r\n${rest}`);
      await Promise.race([stranger.until("\r\n\r\n"), new Promise((resolve) => setTimeout(resolve, 500))]);
      const visitor = await fetch(gateway.url, { redirect: "manual", signal: AbortSignal.timeout(5_000) });
      expect(visitor.status).toBe(200);
      expect(await visitor.text()).toContain("<title>Public Name</title>");
      stranger.socket.destroy();
    }
  });

  test.each(["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])("%s reaches no page", async (method) => {
    const client = await rawClient(
      gateway.url,
      `${method} / HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 3\r\n\r\nabc`,
    );
    await client.until("405 Method Not Allowed");
    expect(client.text.toLowerCase()).toContain("allow: get, head");
    client.socket.destroy();
  });

  test.each(["*", "http://", "http://[::1", "http://gateway.test:99999/"])(
    "GET %s is refused, and is no failure of ours",
    async (target) => {
      const client = await rawClient(gateway.url, `GET ${target} HTTP/1.1\r\nHost: gateway.test\r\n\r\n`);
      await client.until(" 400 Bad Request");
      client.socket.destroy();
      expect(gateway.output).not.toMatch(/A page failed|A request failed|\bat .*\.[jt]s:/);
    },
  );

  test("the pages process knows what is public, and no key", async () => {
    const environment = readFileSync(`/proc/${pagesPid()}/environ`, "utf8");
    expect(environment).toContain("NEXT_PUBLIC_APP_NAME=Public Name");
    expect(environment).not.toContain(CANARY);
    expect(environment).not.toMatch(/SERVICE_ROLE|JWT_SECRET|_API_KEY/);
  });

  test("the pages process has no API of its own", async () => {
    const port = listeningPort(pagesPid());
    for (const path of ["/api/health", "/api", "/%61pi/health", "//api/health", "/api%2Fhealth"]) {
      const client = await rawClient(`http://127.0.0.1:${port}`, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await client.until("\r\n\r\n");
      client.socket.destroy();
      expect(client.text).toMatch(/^HTTP\/1\.1 (?:404|308)/);
      expect(client.text).not.toContain('"status"');
    }
  });
});

/** The port that a process listens on (Linux tells sockets by their inode). */
function listeningPort(pid: number): number {
  const inodes = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    const link = readlinkSync(`/proc/${pid}/fd/${fd}`);
    return /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? [];
  });
  for (const line of readFileSync(`/proc/${pid}/net/tcp`, "utf8").split("\n").slice(1)) {
    const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
    if (state === "0A" && inodes.includes(inode)) return Number.parseInt(local.split(":")[1] ?? "", 16);
  }
  throw new Error("It does not listen.");
}

describe.each<{ host: HostName }>([{ host: "start" }, { host: "next-start" }])(
  "pages under $host",
  ({ host }) => {
    let gateway: ServedGateway;
    beforeAll(async () => {
      gateway = await serveGateway(host, settings());
    });
    afterAll(async () => {
      await gateway.stop();
    });

    test("are kept by nobody: each has a nonce of its own", async () => {
      expect((await fetch(gateway.url)).headers.get("cache-control")).toContain("no-store");
    });

    test("come without a resizer of images", async () => {
      const path = "/_next/image?url=%2Ffavicon.ico&w=64&q=75";
      expect((await fetch(`${gateway.url}${path}`)).status).toBe(404);
    });

    test.each([
      ["POST", "/v1/chat/completions", "/api/v1/chat/completions"],
      ["POST", "/v1/messages", "/api/v1/messages"],
      ["POST", "/v1/messages/count_tokens", "/api/v1/messages/count_tokens"],
      ["GET", "/v1/models", "/api/v1/models"],
      ["GET", "/v1", "/api/v1"],
      ["POST", "/chat/completions", "/api/v1/chat/completions"],
      ["POST", "/responses", "/api/v1/responses"],
      ["POST", "/api/chat/completions", "/api/v1/chat/completions"],
      ["POST", "/api/v1/v1/messages", "/api/v1/messages"],
    ])("%s %s tells a client with a wrong base URL, in JSON, of %s", async (method, path, meant) => {
      const response = await fetch(`${gateway.url}${path}`, {
        method,
        ...(method === "POST" ? { body: "{}" } : {}),
      });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: { code: "unknown_url", message: expect.stringContaining(meant) },
      });
    });
  },
);
