import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings } from "../support/test-gateway.ts";
import { readWorkbookFile } from "../support/workbook.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

const HOSTS: readonly HostName[] = ["dev", "start", "next-start"];

let database: TestSupabase;
beforeAll(async () => {
  database = await startTestSupabase();
});
afterAll(() => database.stop());

describe.each(HOSTS)("files are exported where the gateway is served: %s", (host) => {
  let gateway: ServedGateway;
  let key: string;

  beforeAll(async () => {
    gateway = await serveGateway(host, databaseSettings(database));
    key = await createKey(database, (await database.signUp()).userId);
  }, 120_000);
  afterAll(() => gateway.stop());

  test("an Excel workbook", { timeout: 60_000 }, async () => {
    const response = await fetch(`${gateway.url}/api/v1/export/xlsx`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ headers: ["Name"], rows: [["=1+1"]], filename: "Übersicht" }),
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-disposition")).toContain("%C3%9Cbersicht.xlsx");
    const [sheet] = await readWorkbookFile(await response.bytes());
    expect(sheet?.cells.get("A2")).toEqual({ type: "s", value: "=1+1", format: "@", hasFormula: false });
  });
});
