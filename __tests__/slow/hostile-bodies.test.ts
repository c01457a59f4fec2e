import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type EngineCall, send, slowUploads, worstRequests } from "../attack/clients.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings, modelsConfig } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

/*
 * The two crowds of `npm run attack`, without its clock: that every one of them is answered, that the
 * process lives and answers others, and that its memory stays under a gigabyte. A test machine may be
 * busy; how long anybody waits is told by the script.
 */
const GIGABYTE = 1024 ** 3;
const GENEROUS_MS = 10_000;

let database: TestSupabase;
let upstream: FakeUpstream;
beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Hello."));
});
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

describe.each<{ host: HostName }>([{ host: "start" }, { host: "next-start" }])(
  "hostile bodies under $host",
  ({ host }) => {
    let gateway: ServedGateway;
    let target: EngineCall;
    beforeAll(async () => {
      gateway = await serveGateway(host, {
        ...databaseSettings(database),
        ENABLE_OPENAI_PROXY: "1",
        MODELS_CONFIG: modelsConfig({ own: upstream.origin }, { modes: ["smart", "vision"] }),
      });
      target = { url: gateway.url, key: await createKey(database, (await database.signUp()).userId) };
    });
    afterAll(async () => {
      await gateway.stop();
    });

    const small = Buffer.from('{"model":"smart","messages":[{"role":"user","content":"Hi"}]}');
    const health = (): Promise<Response> =>
      fetch(`${gateway.url}/api/health`, { signal: AbortSignal.timeout(GENEROUS_MS) });
    /** The most memory that the process has held so far; 0 where the system does not tell. */
    const peakMemory = async (): Promise<number> => {
      if (process.platform !== "linux") return 0;
      const status = await readFile(`/proc/${gateway.pid}/status`, "utf8");
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    };

    test("40 of the worst at once are served or told to wait, and nobody else is kept waiting", async () => {
      const all = Promise.all(worstRequests(40).map(({ path, bytes }) => send(target, path, bytes)));
      expect((await health()).status).toBe(200);
      const statuses = await all;
      // A connection that is cut while it still sends never sees its answer.
      expect(statuses.filter((status) => ![0, 200, 400, 429, 503].includes(status))).toEqual([]);
      expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
      expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
      expect(await send(target, "/api/v1/chat/completions", small)).toBe(200);
      expect(await peakMemory()).toBeLessThan(GIGABYTE);
    });

    test("200 slow uploads get what room there is, and give it back when they leave", async () => {
      const { statuses, sockets } = await slowUploads(target, 200, 3_000);
      expect(statuses.length).toBeGreaterThan(190);
      expect(new Set(statuses)).toEqual(new Set([429]));
      expect((await health()).status).toBe(200);
      expect(await send(target, "/api/v1/chat/completions", small)).toBe(200);
      for (const socket of sockets) socket.destroy();
      const large = Buffer.from(
        JSON.stringify({
          model: "smart",
          x: "a".repeat(20_000_000),
          messages: [{ role: "user", content: "Hi" }],
        }),
      );
      await expect
        .poll(() => send(target, "/api/v1/chat/completions", large), { timeout: GENEROUS_MS })
        .toBe(200);
      expect(await peakMemory()).toBeLessThan(GIGABYTE);
    });
  },
);
