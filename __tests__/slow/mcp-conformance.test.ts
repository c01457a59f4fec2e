import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { McpServer } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, expect, test } from "vitest";
import { offerTools } from "#lib/adapters/mcp/offer-tools.ts";
import { serveTools } from "#lib/adapters/mcp/tool-server.ts";
import { createToolServing } from "#lib/server/wiring/tool-serving.ts";
import { type OwnHost, serveAsOurs } from "../support/mcp-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, startTestGateway, type TestGateway } from "../support/test-gateway.ts";
import { NOT_APPLICABLE } from "./mcp/not-applicable.ts";
import { addSuiteTools, SUITE_OPTIONS } from "./mcp/suite-tools.ts";

/**
 * The official conformance suite of MCP against the gateway's server, with the tools that its scenarios call. The
 * suite sends no credential, so that the host of this test adds one.
 */
const SUITE = "node_modules/@modelcontextprotocol/conformance/dist/index.js";
const RUN_MS = 300_000;
const run = promisify(execFile);

let database: TestSupabase;
let gateway: TestGateway;
let host: OwnHost;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sarmalink-conformance-"));
  database = await startTestSupabase();
  const user = await database.signUp();
  gateway = await startTestGateway({
    database,
    makers: {
      createToolServing: (parts) => ({
        ...createToolServing(parts),
        server: async () => serverOfSuite,
      }),
    },
  });
  host = await serveAsOurs(gateway, await createKey(database, user.userId));
});

afterAll(async () => {
  await host.stop();
  await gateway.stop();
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
});

const serverOfSuite = serveTools(
  (session) => {
    const server = new McpServer({ name: "a test", version: "1.0.0" }, SUITE_OPTIONS);
    offerTools(server, session);
    addSuiteTools(server);
    return server;
  },
  { error: (message, cause) => process.stderr.write(`${message} ${String(cause)}\n`) },
);

type Check = { id: string; status: string; errorMessage?: string };

/** The checks of each scenario. */
async function runSuite(revision: string): Promise<Map<string, Check[]>> {
  const output = join(folder, revision);
  const args = ["server", "--url", `${host.url}/api/v1/mcp/server`, "--requirements", revision, "-o", output];
  // It ends with 1 if a scenario fails, also one that does not apply.
  await run(process.execPath, [SUITE, ...args], { timeout: RUN_MS }).catch(() => undefined);
  return new Map(
    readdirSync(output).map((name) => {
      const scenario = /^server-(.*)-\d{4}-\d\d-\d\dT/.exec(name)?.[1] ?? name;
      return [scenario, JSON.parse(readFileSync(join(output, name, "checks.json"), "utf8")) as Check[]];
    }),
  );
}

function worstOf(checks: readonly Check[]): string {
  return (
    ["FAILURE", "WARNING"].find((status) => checks.some((check) => check.status === status)) ?? "SUCCESS"
  );
}

test.each([
  ["2025-11-25", 33],
  ["2026-07-28", 50],
] as const)(
  "the requirements of %s are met, but for what does not apply",
  async (revision, scenarios) => {
    const results = await runSuite(revision);
    expect(results.size).toBe(scenarios);
    const notMet = [...results]
      .map(([scenario, checks]) => ({ scenario, worst: worstOf(checks), checks }))
      .filter(({ worst }) => worst !== "SUCCESS");
    const expected = (NOT_APPLICABLE[revision] ?? []).map(({ scenario, worst }) => ({ scenario, worst }));
    const sorted = (rows: readonly { scenario: string; worst: string }[]) =>
      rows
        .map(({ scenario, worst }) => ({ scenario, worst }))
        .toSorted((a, b) => a.scenario.localeCompare(b.scenario));
    expect(sorted(notMet), JSON.stringify(notMet, null, 1)).toEqual(sorted(expected));
  },
  RUN_MS,
);
