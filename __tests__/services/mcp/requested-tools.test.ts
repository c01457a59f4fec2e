import { describe, expect, test } from "vitest";
import type { McpConsent, McpServerRequest, McpToolFilter } from "#lib/plugins/mcp-request.ts";
import { passesFilter, wantsConsent } from "#lib/plugins/mcp-request.ts";
import { clientClosed } from "#lib/providers/failures/run-errors.ts";
import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import { requestedServers } from "#lib/services/mcp/requested-servers.ts";
import { requestedTools } from "#lib/services/mcp/requested-tools.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { OfferedTool } from "#lib/tools/offered-tool.ts";
import { FakeClock } from "../../support/fake-clock.ts";

const SERVERS = {
  servers: [
    { id: "notes", url: "https://notes.example/mcp" },
    { id: "mail", url: "https://mail.example:8443/mcp/" },
  ],
};
const USER: ProxyCaller = { kind: "user", userId: "u", email: undefined, accessToken: "t" };
const wish = (label: string, changes: Partial<McpServerRequest> = {}): McpServerRequest => ({
  ...{ label, url: undefined, allowed: undefined, consent: "never", path: "tools[0]", ...changes },
});

describe("the servers that a client names", () => {
  test.each<[what: string, label: string, url: string | undefined, id: string]>([
    ["by id", "mail", undefined, "mail"],
    ["by address, with a label of the client's", "mine", "https://notes.example/mcp", "notes"],
    ["by an address that is written otherwise", "mine", "HTTPS://Notes.example:443/mcp/", "notes"],
    ["by an address although the label is another's id", "mail", "https://notes.example/mcp", "notes"],
  ])("%s", (_, label, url, id) => {
    expect(requestedServers({ servers: [wish(label, { url })] }, SERVERS, USER)).toMatchObject([
      { label, id },
    ]);
  });

  test.each<[what: string, label: string, url: string | undefined]>([
    ["an id that there is not", "other", undefined],
    ["an address that there is not, whatever the label", "notes", "https://notes.example/other"],
    ["the same host with another port", "notes", "https://mail.example/mcp"],
    ["what is no address", "notes", "notes"],
    ["an address with a user", "notes", "https://me@notes.example/mcp"],
  ])("%s is refused", (_, label, url) => {
    expect(() => requestedServers({ servers: [wish(label, { url })] }, SERVERS, USER)).toThrow(
      expect.objectContaining({ code: "invalid_request", details: { param: "tools[0].server_label" } }),
    );
  });

  test.each<[ProxyCaller, string | undefined]>([
    [USER, undefined],
    [{ kind: "open" }, "forbidden"],
    [{ kind: "key", userId: "u", keyId: "k", limits: {} }, undefined],
    [{ kind: "key", userId: "u", keyId: "k", limits: { modes: ["smart"] } }, "forbidden"],
    [{ kind: "key", userId: "u", keyId: "k", limits: { modes: ["smart", "named"] } }, undefined],
  ])("may be called by %o: %s", (caller, code) => {
    const ask = (servers: McpServerRequest[]) => () => requestedServers({ servers }, SERVERS, caller);
    if (code === undefined) expect(ask([wish("notes")])).not.toThrow();
    else expect(ask([wish("notes")])).toThrow(expect.objectContaining({ code }));
    // A conversation that only tells of earlier calls is anybody's.
    expect(ask([])()).toEqual([]);
  });
});

test.each<[filter: McpToolFilter, read: boolean, write: boolean]>([
  [{ names: ["read"], readOnly: undefined }, true, false],
  [{ names: undefined, readOnly: true }, true, false],
  [{ names: undefined, readOnly: false }, false, true],
  [{ names: ["read", "write"], readOnly: false }, false, true],
  [{ names: [], readOnly: undefined }, false, false],
])("the filter %o passes what reads: %s, what writes: %s", (filter, read, write) => {
  expect(passesFilter({ name: "read", readOnly: true }, filter)).toBe(read);
  expect(passesFilter({ name: "write", readOnly: false }, filter)).toBe(write);
  const consent: McpConsent = { always: undefined, never: filter };
  expect(wantsConsent({ name: "read", readOnly: true }, consent)).toBe(!read);
  expect(wantsConsent({ name: "read", readOnly: true }, { always: filter, never: filter })).toBe(true);
});

describe("the tools of servers", () => {
  const tool = (server: string, name: string): OfferedTool => ({
    tool: {
      ...{ name: `${server}__${name}`, description: "", timeoutMs: 1, inputSchema: () => ({}) },
      run: async () => ({ text: "", source: { name: server } }),
    },
    ...{ origin: { server, tool: name }, needsApproval: false },
  });
  const nameOf = (label: string, name: string): string => `${label}-${name}`;
  const servers = [
    { ...wish("a"), id: "notes" },
    { ...wish("b"), id: "mail" },
  ];

  test("are 128 at most, of all servers together", async () => {
    const tools = async ([server = ""]: readonly string[]) => ({
      ...{ tools: Array.from({ length: 100 }, (_, index) => tool(server, `t${index}`)), problems: [] },
    });
    const { signal } = new AbortController();
    const { offered, lists } = await requestedTools(
      { servers, nameOf },
      { tools },
      { signal, clock: new FakeClock() },
    );
    expect(lists.map(({ tools }) => tools.length)).toEqual([100, 28]);
    expect(offered.at(0)?.tool.name).toBe("a-t0");
    expect(offered.at(-1)?.tool.name).toBe("b-t27");
  });

  test("do not wait for a server that lists none in ten seconds, nor fail with one that throws", async () => {
    const clock = new FakeClock();
    const left: string[] = [];
    const tools = async ([server = ""]: readonly string[], signal: AbortSignal) => {
      signal.addEventListener("abort", () => left.push(server));
      if (server === "notes") return new Promise<never>(() => undefined);
      throw new Error("A bug with a secret.");
    };
    const { signal } = new AbortController();
    const asked = requestedTools({ servers, nameOf }, { tools }, { signal, clock });
    await clock.advanceAsync(10_000);
    const { lists, offered } = await asked;
    expect(lists.map(({ error }) => error)).toEqual([
      expect.stringContaining("in time"),
      "The MCP server did not list its tools.",
    ]);
    expect([offered, left, clock.pending]).toEqual([[], ["notes"], 0]);
  });

  test("are nobody's once the client has left", async () => {
    const client = new AbortController();
    const tools = (_: readonly string[], signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const asked = requestedTools(
      { servers, nameOf },
      { tools },
      { signal: client.signal, clock: new FakeClock() },
    );
    client.abort(clientClosed());
    await expect(asked).rejects.toThrow(GatewayError);
  });
});
