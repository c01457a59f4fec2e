import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "#lib/adapters/clock.ts";
import { PdfPool } from "#lib/adapters/workers/pdf-pool.ts";
import { type Route, serveRoute } from "#lib/server/http/route.ts";
import { exportPdf } from "#lib/server/routes/export-pdf.ts";
import { readBack } from "../support/pdf-export.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { aHost, createKey, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const PATH = "/api/v1/export/pdf";
const MEGABYTE = 1024 * 1024;

let database: TestSupabase;
let gateway: TestGateway;
let route: Route;
let key: string;

beforeAll(async () => {
  database = await startTestSupabase();
  gateway = await startTestGateway({ database });
  route = serveRoute(exportPdf, async () => gateway.gateway);
  key = await createKey(database, (await database.signUp()).userId);
}, 30_000);
afterAll(async () => {
  await gateway.stop();
  await database.stop();
});

function send(body: unknown): Promise<Response> {
  const init = {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  };
  return route(new Request(`http://gateway.test${PATH}`, init), aHost());
}

describe("a document", () => {
  test("is a file that browsers save", async () => {
    const answer = await send({ content: "# Hello\n\n你好 \u0d06", filename: "Überblick" });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/pdf",
      "content-disposition": `attachment; filename="_berblick.pdf"; filename*=UTF-8''%C3%9Cberblick.pdf`,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "x-page-count": "1",
      "x-missing-glyphs": "1",
    });
    const { pages, title, createdAt } = await readBack(new Uint8Array(await answer.arrayBuffer()));
    expect(title).toBe("Hello");
    expect(Math.abs(Date.now() - createdAt)).toBeLessThan(60_000);
    expect(pages[0]).toContain("你好");
  });

  test.each([
    [{}, "document.pdf"],
    [{ title: "Report" }, "Report.pdf"],
    [{ title: "Costs 2026/11" }, "Costs 2026-11.pdf"],
    [{ content: "Words.\n\n# The *first* heading" }, "The first heading.pdf"],
    [{ title: "Report", filename: "../../a.PDF" }, "a.pdf"],
    [{ filename: 'a"\r\nSet-Cookie: b' }, "a_ Set-Cookie: b.pdf"],
  ])("sent with %j is named %s", async (more, name) => {
    const answer = await send({ content: "a", ...more });
    expect(answer.headers.get("content-disposition")).toContain(`filename="${name}"`);
  });

  test.each<[string, unknown, number, string]>([
    ["no content", {}, 400, '"content"'],
    ["content that is too long", { content: "x".repeat(200_001) }, 400, "200000"],
    ["paper that nobody has", { content: "a", pageSize: "a0" }, 400, '"pageSize"'],
    ["a body over 2 MB", "x".repeat(2 * MEGABYTE + 1), 413, "2"],
    ["too many pages", { content: "# a\n".repeat(40_000) }, 413, "2,000 pages"],
  ])(
    "with %s is refused",
    async (_what, body, status, message) => {
      const answer = await send(body);
      expect(answer.status).toBe(status);
      expect((await answer.json()).error.message).toContain(message);
    },
    60_000,
  );
});

describe("a document that takes too much is refused, and the next is written", () => {
  test.each([
    ["time", { timeoutMs: 300 }, "too long"],
    ["memory", { heapMb: 24 }, "too much memory"],
  ])(
    "%s",
    async (_what, limits, words) => {
      const pool = new PdfPool({ warn: () => undefined }, systemClock, { timeoutMs: 60_000, ...limits });
      const { signal } = new AbortController();
      const task = (content: string) => ({
        document: { content, title: undefined, pageSize: "a4" as const },
        owner: "somebody",
      });
      await expect(
        pool.write(task(`|a|b|\n|-|-|\n${"|c|d|\n".repeat(20_000)}`), signal),
      ).rejects.toMatchObject({
        code: "payload_too_large",
        message: expect.stringContaining(words),
      });
      await pool.close();
      await expect(pool.write(task("a"), signal)).rejects.toMatchObject({ code: "overloaded" });
    },
    60_000,
  );
});
