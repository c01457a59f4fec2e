import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSelfHost, type SelfHost } from "#lib/server/host/self-host.ts";
import { type Route, serveRoute } from "#lib/server/http/route.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { exportXlsx } from "#lib/server/routes/export-xlsx.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { aHost, createKey, startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { readWorkbookFile } from "../support/workbook.ts";

const PATH = "/api/v1/export/xlsx";
const MEGABYTE = 1024 * 1024;

let database: TestSupabase;
let gateway: TestGateway;
let route: Route;
let key: string;

beforeAll(async () => {
  database = await startTestSupabase();
  gateway = await startTestGateway({ database });
  route = serveRoute(exportXlsx, async () => gateway.gateway);
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

async function sheetsOf(answer: Response): Promise<[name: string, values: (string | undefined)[]][]> {
  const sheets = await readWorkbookFile(new Uint8Array(await answer.arrayBuffer()));
  return sheets.map(({ name, cells }) => [name, [...cells.values()].map(({ value }) => value)]);
}

describe("a workbook", () => {
  test("of one table", async () => {
    const answer = await send({ headers: ["Name", "Amount"], rows: [["a", 1.5], ["b"]], filename: "Costs" });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
      "content-disposition": 'attachment; filename="Costs.xlsx"',
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    expect(await sheetsOf(answer)).toEqual([["Sheet1", ["Name", "Amount", "a", "1.5", "b"]]]);
  });

  test("of several, with numbers for headers and nothing for a name", async () => {
    const sheets = [
      { name: "Sales", headers: ["Year", 2026, null], rows: [["EU", 7]] },
      { headers: ["x"], rows: [] },
    ];
    expect(await sheetsOf(await send({ sheets }))).toEqual([
      ["Sales", ["Year", "2026", undefined, "EU", "7"]],
      ["Sheet2", ["x"]],
    ]);
  });

  test.each<[string | undefined, string, string | undefined]>([
    [undefined, "table.xlsx", undefined],
    ["", "table.xlsx", undefined],
    ["Costs.XLSX", "Costs.xlsx", undefined],
    ["../../etc/passwd", "passwd.xlsx", undefined],
    ["C:\\Temp\\a.xlsx", "a.xlsx", undefined],
    ['a"; filename="b', "a_; filename=_b.xlsx", "a%22%3B%20filename%3D%22b.xlsx"],
    ["a\r\nSet-Cookie: b", "a Set-Cookie: b.xlsx", undefined],
    ["Umsätze (2026)*", "Ums_tze (2026)*.xlsx", "Ums%C3%A4tze%20%282026%29%2A.xlsx"],
    ["表", "_.xlsx", "%E8%A1%A8.xlsx"],
    ["x".repeat(300), `${"x".repeat(194)}_.xlsx`, `${"x".repeat(194)}%E2%80%A6.xlsx`],
  ])("named %j", async (filename, ascii, utf8) => {
    const answer = await send({ headers: ["A"], rows: [], filename });
    const extended = utf8 === undefined ? "" : `; filename*=UTF-8''${utf8}`;
    expect(answer.headers.get("content-disposition")).toBe(`attachment; filename="${ascii}"${extended}`);
  });

  const rowOf = (length: number): number[] => Array.from({ length }, () => 1);

  test("of 50,000 cells, and of as many rows", async () => {
    const wide = await send({ headers: rowOf(10), rows: Array.from({ length: 4_999 }, () => rowOf(10)) });
    expect(wide.status).toBe(200);
    const long = await send({ headers: [], rows: Array.from({ length: 50_000 }, () => [1]) });
    expect(long.status).toBe(200);
  }, 30_000);

  test.each<[string, unknown, RegExp]>([
    ["nothing", {}, /"headers": is required/],
    ["no rows", { headers: ["A"] }, /"rows": is required/],
    ["rows that are none", { headers: ["A"], rows: "a" }, /"rows": must be a list/],
    ["a row that is none", { headers: ["A"], rows: [["a"], "b"] }, /"rows\.1": must be a list/],
    ["an object for a row", { headers: ["A"], rows: [{ A: 1 }] }, /"rows\.0": must be a list/],
    ["an object in a cell", { headers: ["A"], rows: [["a", {}]] }, /"rows\.0\.1": must be text/],
    ["a list for a header", { headers: [[]], rows: [] }, /"headers\.0": must be text/],
    ["sheets that are none", { sheets: {} }, /"sheets": must be a list of 1 to 100/],
    ["no sheets", { sheets: [] }, /"sheets"/],
    ["101 sheets", { sheets: rowOf(101).map(() => ({ headers: [], rows: [] })) }, /"sheets"/],
    ["a sheet that is none", { sheets: [7] }, /"sheets\.0\.headers": is required/],
    ["a sheet's name that is none", { sheets: [{ name: 7, headers: [], rows: [] }] }, /"sheets\.0\.name"/],
    ["both shapes", { sheets: [], headers: [], rows: [] }, /either/],
    ["50,001 cells", { headers: ["A"], rows: rowOf(5_000).map(() => rowOf(10)) }, /50000 cells/],
    [
      "50,001 cells in two sheets",
      { sheets: [0, 1].map(() => ({ headers: [], rows: [...rowOf(2_501)].map(() => rowOf(10)) })) },
      /50000 cells/,
    ],
    ["50,001 rows without cells", { headers: [], rows: rowOf(50_001).map(() => []) }, /50000 rows/],
    ["a million cells", { headers: [], rows: [rowOf(1_000_000)] }, /more than 400000 values/],
    ["16,385 columns", { headers: rowOf(16_385), rows: [] }, /"headers": has 16385 cells.*16384 columns/],
    ["a cell of 32,768 characters", { headers: ["A"], rows: [["x".repeat(32_768)]] }, /"rows\.0\.0".*32767/],
    ["a name that is no text", { headers: [], rows: [], filename: 7 }, /"filename"/],
  ])("of %s: 400, and what is wrong", async (_what, body, message) => {
    const answer = await send(body);
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect([answer.status, error.code]).toEqual([400, "invalid_request"]);
    expect(error.message).toMatch(message);
  });

  test("of a table without columns and rows", async () => {
    expect(await sheetsOf(await send({ headers: [], rows: [] }))).toEqual([["Sheet1", []]]);
  });
});

describe("over a socket", () => {
  let host: SelfHost;
  let url: string;

  beforeAll(async () => {
    host = createSelfHost({
      routeOf: apiRouter(async () => gateway.gateway),
      logger: gateway.gateway.logger,
      pages: async (_incoming, outgoing) => void outgoing.end(),
      graceMs: 0,
      writeTimeoutMs: undefined,
    });
    url = `http://127.0.0.1:${await host.listen(0, "127.0.0.1")}${PATH}`;
  });
  afterAll(() => host.stop());

  const post = (body: BodyInit): Promise<Response> =>
    fetch(url, {
      method: "POST",
      body,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    });

  test("a workbook comes with its length", async () => {
    const answer = await post(JSON.stringify({ headers: ["A"], rows: [["a"]] }));
    const bytes = await answer.bytes();
    expect(answer.headers.get("content-length")).toBe(String(bytes.length));
    expect((await readWorkbookFile(bytes)).map(({ name }) => name)).toEqual(["Sheet1"]);
  });

  test.each([2, 44])("a body of more than %d MB is 413", async (megabytes) => {
    const cell = "x".repeat(megabytes * MEGABYTE);
    const answer = await post(JSON.stringify({ headers: ["A"], rows: [[cell]] }));
    expect(answer.status).toBe(413);
    expect(await answer.json()).toMatchObject({ error: { code: "payload_too_large" } });
  });
});
