import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { arrayField, field, stringField } from "#lib/shared/json.ts";
import { CONTENT } from "../strict-upstreams/agent-model.ts";
import { STRICT, type StrictKind } from "../strict-upstreams/index.ts";
import type { StrictUpstream } from "../strict-upstreams/strict-upstream.ts";
import { startMcpServer, type TestMcpServer } from "../support/mcp-server.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { startWireGateway, type Vendor, type WireGateway } from "./wire-gateway.ts";

/** Engines behind upstreams that refuse what the real APIs refuse: signatures, ids, the order of results. */
const ENGINES: readonly { kind: StrictKind; vendor: Vendor; model: string }[] = [
  { kind: "openai", vendor: "openai", model: "gpt-5.6-sol" },
  { kind: "openai", vendor: "openai", model: "gpt-4o" },
  { kind: "anthropic", vendor: "anthropic", model: "claude-sonnet-4-5" },
  { kind: "anthropic", vendor: "anthropic", model: "claude-opus-4-7" },
  { kind: "gemini", vendor: "gemini-grounded", model: "gemini-3.5-flash" },
  { kind: "own", vendor: "own", model: "mistral-small" },
];

let database: TestSupabase;
let server: TestMcpServer;
const files = new Map<string, string>();

beforeAll(async () => {
  database = await startTestSupabase();
  server = await startMcpServer({
    more(mcp) {
      const readOnly = { annotations: { readOnlyHint: true } };
      mcp.registerTool("list_files", { description: "Lists files.", ...readOnly }, async () => ({
        content: [{ type: "text", text: [...files.keys()].join("\n") }],
      }));
      mcp.registerTool(
        "write_file",
        { description: "Writes a file.", inputSchema: z.object({ path: z.string(), content: z.string() }) },
        async ({ path, content }) => {
          files.set(path, content);
          return { content: [{ type: "text", text: "Written." }] };
        },
      );
    },
  });
}, 30_000);
afterAll(async () => {
  await server.stop();
  await database.stop();
});

describe.each(ENGINES)("a tool loop over an MCP server through $model", ({ kind, vendor, model }) => {
  let strict: StrictUpstream;
  let wire: WireGateway;

  beforeAll(async () => {
    strict = STRICT[kind]();
    // The scripted model knows tools by names that the client's agents give them.
    const servers = { functions: { url: server.url, allowedTools: ["list_files", "write_file"] } };
    wire = await startWireGateway([{ vendor, model, script: strict.script }], {
      ...{ database, settings: { MCP_CONFIG: JSON.stringify({ servers }) } },
    });
  });
  afterAll(() => wire.stop());

  async function output(input: readonly unknown[], stream: boolean): Promise<unknown[]> {
    const tools = [
      { type: "mcp", server_label: "functions", require_approval: { never: { read_only: true } } },
    ];
    const more = { input, tools, reasoning: { effort: "medium" } };
    const { frames, error } = await wire.ask("v1/responses", stream, more);
    expect(error).toBeUndefined();
    const last = frames.at(-1);
    return arrayField(field(last, "response") ?? last, "output");
  }

  test.each([true, false])("looks, asks, writes and ends (stream: %s)", async (stream) => {
    files.clear();
    strict.refusals.length = 0;
    const conversation: unknown[] = [{ role: "user", content: "Write the file hello.txt." }];
    const asked = await output(conversation, stream);
    const request = asked.at(-1);
    expect(field(request, "type")).toBe("mcp_approval_request");
    expect(files.size).toBe(0);
    conversation.push(...asked, {
      ...{ type: "mcp_approval_response", approve: true },
      approval_request_id: stringField(request, "id"),
    });
    const done = await output(conversation, stream);
    expect([...files.values()].map((text) => text.trim())).toEqual([CONTENT]);
    expect(done.map((item) => field(item, "type"))).toEqual(expect.arrayContaining(["mcp_call", "message"]));
    const user = { role: "user", content: "Thanks." };
    await output([...conversation, ...done, user], stream);
    expect(strict.refusals.map(({ when, body }) => ({ when, body }))).toEqual([]);
  });
});
