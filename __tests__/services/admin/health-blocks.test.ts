import { expect, test } from "vitest";
import { readHealthBlocks } from "#lib/services/admin/health-blocks.ts";
import { FakeClock } from "../../support/fake-clock.ts";

test("a block that fails or takes too long says so, and the others are shown", async () => {
  const clock = new FakeClock();
  const log: unknown[] = [];
  const logger = {
    info: () => undefined,
    warn: () => undefined,
    error: (_: string, cause: unknown, fields?: object) => log.push([String(cause), fields]),
  };
  const read = readHealthBlocks(
    [
      { name: "good", read: () => ({ well: true }) },
      { name: "later", read: async () => ({ well: "too" }) },
      {
        name: "broken",
        read: () => {
          throw new Error("secret cause");
        },
      },
      { name: "refused", read: () => Promise.reject(new Error("secret cause")) },
      { name: "slow", read: () => new Promise<object>(() => undefined) },
    ],
    { clock, logger },
  );
  await clock.advanceAsync(2_000);
  const failed = { error: "This part could not be read; the log of this process says why." };
  expect(await read).toEqual({
    good: { well: true },
    later: { well: "too" },
    broken: failed,
    refused: failed,
    slow: failed,
  });
  expect(log).toEqual([
    ["Error: secret cause", { part: "broken" }],
    ["Error: secret cause", { part: "refused" }],
    ["Error: Not read within 2000 ms.", { part: "slow" }],
  ]);
  expect(clock.pending).toBe(0);
});
