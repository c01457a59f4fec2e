import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { API } from "#lib/server/routes/api-routes.ts";
import { ERROR_STATUS } from "#lib/shared/errors.ts";
import { field, isJsonObject } from "#lib/shared/json.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";

let database: TestSupabase;
let proxy: ProxyGateway;
let document: Record<string, unknown>;

beforeAll(async () => {
  database = await startTestSupabase();
  proxy = await startProxyGateway(database, { MCP_INTERNAL_KEY: "a-key-of-the-operator" });
  const response = await proxy.fetch("http://gateway.test/api/openapi.json");
  expect(response.headers.get("content-type")).toBe("application/json");
  document = (await response.json()) as Record<string, unknown>;
});

afterAll(async () => {
  await proxy.stop();
  await database.stop();
});

test("the document is valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
});

test("it describes every route, and no other", () => {
  const described = Object.keys(isJsonObject(document["paths"]) ? document["paths"] : {});
  const served = API.routes.map(({ path }) => path.replace(/\[(?:\.\.\.)?(\w+)\]/g, "{$1}"));
  expect(described.sort()).toEqual(served.sort());
});

test("every method that it describes is served, and no other", async () => {
  for (const [path, item] of Object.entries(document["paths"] as Record<string, object>)) {
    const response = await proxy.fetch(`http://gateway.test${path.replace(/\{\w+\}/, "x")}`, {
      method: "OPTIONS",
    });
    const allowed = (response.headers.get("allow") ?? "")
      .split(", ")
      .filter((method) => method !== "OPTIONS");
    const described = Object.keys(item).filter((key) => key !== "parameters");
    expect([path, ...described.map((method) => method.toUpperCase()).sort()]).toEqual([
      path,
      ...allowed.sort(),
    ]);
  }
});

test("it has the parameters of a query", () => {
  const { parameters } = field(field(document["paths"], "/api/sessions"), "get") as Record<string, unknown>;
  expect(parameters).toEqual([
    {
      name: "limit",
      in: "query",
      required: false,
      description: expect.any(String),
      schema: { type: "integer", minimum: 1, maximum: 100, default: 50 },
    },
    expect.objectContaining({ name: "cursor", required: false }),
    expect.objectContaining({ name: "search", schema: { type: "string", maxLength: 200 } }),
  ]);
});

test("the codes of native errors are a closed list", () => {
  const schema = field(field(document["components"], "schemas"), "NativeError");
  const code = field(field(field(field(field(schema, "properties"), "error"), "properties"), "code"), "enum");
  expect(code).toEqual(Object.keys(ERROR_STATUS));
});
