import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aPdf, base64 } from "../support/documents.ts";
import { MCP_CLIENTS } from "../support/mcp-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings, type Settings } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

/** The MCP server under the hosts that operators run. Workers take turns: no client may depend on one of them. */
const HOSTS: readonly { host: HostName; settings: Settings }[] = [
  { host: "start", settings: { WORKERS: "2" } },
  { host: "next-start", settings: {} },
];
const INSTALL = ["ci", "--omit=optional", "--ignore-scripts"];
const INSTALL_MS = 120_000;
const run = promisify(execFile);

let database: TestSupabase;
let key: string;
let inspector: string | undefined;

beforeAll(async () => {
  database = await startTestSupabase();
  key = await createKey(database, (await database.signUp()).userId);
  const folder = mkdtempSync(join(tmpdir(), "sarmalink-inspector-"));
  cpSync("__tests__/slow/inspector", folder, { recursive: true });
  try {
    // With the whole environment: this machine's proxy and certificates may be there.
    await run("npm", INSTALL, { cwd: folder, timeout: INSTALL_MS });
    inspector = folder;
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    console.warn(`The inspector cannot be installed here: ${String(error).slice(0, 500)}`);
  }
});
afterAll(async () => {
  await database.stop();
  if (inspector !== undefined) rmSync(inspector, { recursive: true, force: true });
});

describe.each(HOSTS)("under $host", ({ host, settings }) => {
  let gateway: ServedGateway;
  beforeAll(async () => {
    gateway = await serveGateway(host, { ...databaseSettings(database), ...settings });
  });
  afterAll(async () => {
    await gateway.stop();
  });
  const url = () => `${gateway.url}/api/v1/mcp/server`;

  test.each(Object.keys(MCP_CLIENTS) as (keyof typeof MCP_CLIENTS)[])("the client %s", async (name) => {
    const client = await MCP_CLIENTS[name](url(), key);
    const names = (await client.listTools()).map((tool) => tool.name);
    expect(names).toEqual(expect.arrayContaining(["current_time", "read_document", "weather"]));
    for (let count = 0; count < 5; count++) {
      const { content } = await client.callTool("echo", { message: `Hi ${count}` });
      expect(content[0]?.text).toBe(`Hi ${count}`);
    }
    const data = base64(aPdf("What is in the file"));
    const { content } = await client.callTool("read_document", { name: "a.pdf", data });
    expect(content[0]?.text).toContain("What is in the file");
    await client.close();
  });

  /** The inspector from its command line, as docs/MCP-SERVER.md shows it. */
  async function inspect(...args: readonly string[]): Promise<unknown> {
    const cli = join(inspector ?? "", "node_modules/.bin/mcp-inspector");
    const header = `Authorization: Bearer ${key}`;
    const all = ["--cli", url(), "--transport", "http", "--header", header, ...args];
    const { stdout } = await run(process.execPath, [cli, ...all], { timeout: 60_000 });
    return JSON.parse(stdout);
  }

  test("the inspector", async (context) => {
    if (inspector === undefined) context.skip();
    expect(await inspect("--method", "tools/list", "--strict")).toMatchObject({
      tools: expect.arrayContaining([expect.objectContaining({ name: "echo" })]),
    });
    const called = ["--method", "tools/call", "--tool-name", "echo", "--tool-arg", "message=Hi"];
    expect(await inspect(...called)).toMatchObject({ content: [{ text: "Hi" }, {}] });
  });
});
