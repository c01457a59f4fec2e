import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parseMcpConfig } from "#lib/plugins/mcp-config.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const VARIABLES: Readonly<Record<string, string>> = {
  ...{ TICKETS_TOKEN: "canary-1", WAREHOUSE_KEY: "canary-2", TWO_LINES: "canary\nx: y", UMLAUT: "canäry" },
};
const parse = (text: string) => parseMcpConfig(text, "mcp.yaml", (name) => VARIABLES[name]);
const one = (fields: object, id = "a") =>
  JSON.stringify({ servers: { [id]: { url: "https://a.test/mcp", ...fields } } });

test("the example of the docs", async () => {
  const [, example = ""] = /```yaml\n([\s\S]*?)```/.exec(readFileSync("docs/MCP.md", "utf8")) ?? [];
  expect(await parse(example)).toEqual([
    {
      ...{ id: "tickets", name: "Tickets", url: "https://tickets.example.com/mcp", timeoutMs: 30_000 },
      headers: { authorization: "Bearer canary-1" },
      allowedTools: ["search", "read_ticket", "add_comment"],
      requireApproval: "writes",
    },
    {
      ...{ id: "warehouse", name: "warehouse", url: "http://10.0.0.7:8080/mcp", timeoutMs: 120_000 },
      headers: { "x-api-key": "canary-2" },
      allowedTools: undefined,
      requireApproval: "writes",
    },
  ]);
});

test("a server that is not enabled is none, and its secret need not be there", async () => {
  expect(await parse(one({ enabled: false, tokenEnv: "NOT_SET" }))).toEqual([]);
});

describe("a mistake is told with its line and field:", () => {
  test.each<[string, string, RegExp]>([
    ["no YAML", "servers: [", /line 1/],
    ["nothing", "", /servers|configuration/],
    ["no servers", "{}", /servers/],
    ["a list of servers", "servers: []", /servers/],
    [
      "an unknown field",
      "servers:\n  a:\n    url: http://a.test\n    token: x",
      /line 4: servers\.a\.token|line 4.*token/,
    ],
    ["an id twice", "servers:\n  a: { url: http://a.test }\n  a: { url: http://b.test }", /line 3.*twice/],
    ["an id with capitals", one({}, "Tickets"), /digits and dashes/],
    ["the id of a plugin", one({}, "rag-over-pdf"), /plugin has this id/],
    ["no address", '{"servers":{"a":{}}}', /servers\.a\.url/],
    ["another protocol", one({ url: "ftp://a.test" }), /http/],
    ["a user in the address", one({ url: "https://u:canary@a.test/" }), /without user/],
    ["a query in the address", one({ url: "https://a.test/?key=canary" }), /without user/],
    ["a secret in place of its name", one({ tokenEnv: "canary-secret" }), /name of an environment variable/],
    [
      "a secret that is not set",
      "servers:\n  a:\n    url: http://a.test\n    tokenEnv: NOT_SET",
      /line 4: servers\.a\.tokenEnv: NOT_SET is not set/,
    ],
    ["a secret of two lines", one({ tokenEnv: "TWO_LINES" }), /TWO_LINES must be visible ASCII/],
    [
      "a secret that no header takes",
      one({ headersEnv: { "x-key": "UMLAUT" } }),
      /UMLAUT must be visible ASCII/,
    ],
    ["a header that is none", one({ headersEnv: { "x key": "WAREHOUSE_KEY" } }), /name of a header/],
    ...["Host", "content-length", "Mcp-Session-Id", "accept"].map((header): [string, string, RegExp] => [
      `the header ${header}`,
      one({ headersEnv: { [header]: "WAREHOUSE_KEY" } }),
      /set by the gateway/,
    ]),
    ["consent to something", one({ requireApproval: "sometimes" }), /requireApproval/],
    ["no time", one({ timeoutMs: 10 }), /timeoutMs/],
    ["an hour", one({ timeoutMs: 3_600_000 }), /timeoutMs/],
  ])("%s", async (_, text, says) => {
    const error: unknown = await parse(text).then(
      () => expect.fail("It is taken."),
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof GatewayError)) throw error;
    expect([error.code, error.message]).toEqual(["not_configured", expect.stringMatching(says)]);
    expect(error.message).toMatch(/^mcp\.yaml, line \d+: /);
    expect(error.message).not.toContain("canary\n");
  });
});
