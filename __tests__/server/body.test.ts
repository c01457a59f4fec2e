import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readJson } from "#lib/server/body.ts";
import { BodyBudget } from "#lib/server/body-budget.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const part = z.union([
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("image"), image: z.object({ url: z.string() }) }),
]);
const schema = z.looseObject({
  content: z.union([z.string(), z.array(part)], "must be text or parts").optional(),
});

const room = () => new BodyBudget({ maxBytes: 1e9, maxBytesPerCaller: 1e9 }).open("somebody");

async function problemOf(body: string): Promise<string> {
  const request = new Request("http://gateway.test/", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  const failure: unknown = await readJson(request, schema, 1_000_000, room()).catch(
    (error: unknown) => error,
  );
  if (!(failure instanceof GatewayError)) throw new Error("The body was taken.");
  expect(failure.status).toBe(400);
  return failure.message;
}

describe("a value that fits none of several shapes", () => {
  test.each([
    ["the one whose type it has", { content: [{ type: "image", image: {} }] }, /^"content\.0\.image\.url": /],
    ["its missing field", { content: [{ type: "text" }] }, /^"content\.0\.text": is required\.$/],
    ["neither text nor parts", { content: 5 }, /^"content": must be text or parts\.$/],
  ])("is told what is wrong with %s", async (_, body, expected) => {
    expect(await problemOf(JSON.stringify(body))).toMatch(expected);
  });
});

describe("a body that is nested too deep, where somebody would read it, is refused", () => {
  const nested = (depth: number): string => `{"extra":${"[".repeat(depth)}${"]".repeat(depth)}}`;

  test.each([201, 10_000, 400_000])("%i levels", async (depth) => {
    expect(await problemOf(nested(depth))).toMatch(/nested more than 200 levels/);
  });

  test("150 levels are nothing special", async () => {
    const request = new Request("http://gateway.test/", { method: "POST", body: nested(150) });
    request.headers.set("content-type", "application/json");
    expect(await readJson(request, schema, 1_000_000, room())).toHaveProperty("extra");
  });
});
