import { describe, expect, test } from "vitest";
import type { EngineAnswer } from "#lib/providers/call/engine-call.ts";
import type { UpstreamBody } from "#lib/providers/call/upstream.ts";
import { readWholeJson } from "#lib/providers/call/whole-answer.ts";
import { linkAbort } from "#lib/shared/abort.ts";

const MEGABYTE = 1024 * 1024;

/** An answer whose body comes in pieces, and how many of them were taken. */
function answer(piece: string, count: number) {
  const seen = { pieces: 0 };
  const bytes = Buffer.from(piece);
  const body: UpstreamBody = {
    read: async () => (seen.pieces++ < count ? bytes : null),
    poll: () => undefined,
    release: () => undefined,
    cancel: () => undefined,
  };
  const abort = linkAbort(new AbortController().signal);
  const context = { header: () => undefined, wallNow: 0, secrets: [], model: "m" };
  const whole: EngineAnswer = { response: { status: 200, header: () => undefined, body }, context, abort };
  return { seen, whole };
}

describe("a whole answer is given up while it arrives when it is", () => {
  test.each([
    ["deeper than anybody reads", "[".repeat(1_000)],
    ["full of empty lists", "[],".repeat(1_000)],
    ["full of tiny numbers", "1,".repeat(1_000)],
    ["full of keys", '"a":1,'.repeat(1_000)],
    ["longer than it may be", `"${"x".repeat(1_000)}",`],
  ])("%s", async (_name, piece) => {
    const { whole, seen } = answer(piece, 1_000_000);
    await expect(readWholeJson(whole, 4 * MEGABYTE, (body) => body)).rejects.toMatchObject({
      failure: { kind: "bad_response" },
    });
    expect(seen.pieces).toBeLessThan(5_000);
  });

  test("vectors of full length are taken", async () => {
    const vector = Array.from({ length: 3_072 }, (_, index) => Math.sin(index) / 10);
    const text = JSON.stringify({ data: [{ embedding: vector }] });
    const { whole } = answer(text, 1);
    expect(await readWholeJson(whole, 4 * MEGABYTE, (body) => body)).toEqual(JSON.parse(text));
  });
});
