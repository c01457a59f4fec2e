import { describe, expect, test } from "vitest";
import { z } from "zod";
import { readJson } from "#lib/server/http/body.ts";
import { BodyBudget } from "#lib/server/http/body-budget.ts";
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

describe("a body that is nested too deeply in a part that is read is refused", () => {
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

describe("a body in pieces", () => {
  /** A request of this host's kind, whose pieces come as the test says. */
  function collecting(pieces: AsyncIterable<Buffer>, headers: Record<string, string> = {}): Request {
    const request = new Request("http://gateway.test/", { method: "POST", headers });
    const collectBody = async (take: (chunk: Uint8Array) => void): Promise<void> => {
      for await (const piece of pieces) take(piece);
    };
    return Object.assign(request, { collectBody });
  }
  async function* each(text: string, length: number): AsyncGenerator<Buffer> {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += length) yield Buffer.from(bytes.subarray(at, at + length));
  }

  test.each([1, 2, 3, 4_095, 4_096, 70_000])("of %i bytes comes out whole", async (length) => {
    const value = { content: "größe 😀 ".repeat(length < 4 ? 500 : 20_000) };
    const request = collecting(each(JSON.stringify(value), length));
    expect(await readJson(request, schema, 1_000_000, room())).toEqual(value);
  });

  test("does not take more memory for being in small ones", async () => {
    const count = 200_000;
    let kept = 0;
    async function* small(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"content":"');
      const before = process.memoryUsage().heapUsed;
      for (let at = 0; at < count; at++) yield Buffer.alloc(40, "a");
      kept = process.memoryUsage().heapUsed - before;
      yield Buffer.from('"}');
    }
    await readJson(collecting(small()), schema, 10_000_000, room());
    // Each piece kept by itself would be some hundred bytes of heap: well over 50 MB in all.
    expect(kept).toBeLessThan(40_000_000);
  });

  test("is refused when there are very many tiny ones", async () => {
    let pieces = 0;
    async function* tiny(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"content":"');
      for (; pieces < 1_000_000; pieces++) yield Buffer.from("a");
    }
    const refused = readJson(collecting(tiny()), schema, 10_000_000, room());
    await expect(refused).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("too many small pieces"),
    });
    expect(pieces).toBeLessThan(11_000);
  });

  test("that come too slowly is given up, unless it is a small one", async () => {
    const budget = new BodyBudget({ maxBytes: 1e9, maxBytesPerCaller: 1e9, spanMs: 50 });
    async function* trickle(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"content":"');
      for (let at = 0; at < 10; at++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        yield Buffer.from("a");
      }
      yield Buffer.from('"}');
    }
    const slow = readJson(collecting(trickle()), schema, 1_000_000, budget.open("a"));
    await expect(slow).rejects.toMatchObject({ code: "request_timeout", status: 408 });
    const small = collecting(trickle(), { "content-length": "24" });
    expect(await readJson(small, schema, 1_000_000, budget.open("a"))).toEqual({ content: "a".repeat(10) });
  });
});
