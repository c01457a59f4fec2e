import { expect, test } from "vitest";
import { SharedReading } from "#lib/services/admin/shared-reading.ts";
import type { GatewayError } from "#lib/shared/errors.ts";
import { FakeClock } from "../../support/fake-clock.ts";

/** Readings that end when the test says so. */
function controlled() {
  const clock = new FakeClock();
  const started: { name: string; end: (value: string) => void; fail: (error: Error) => void }[] = [];
  const reading = new SharedReading<string, string>(
    (name) => new Promise((end, fail) => started.push({ name, end, fail })),
    clock,
  );
  return { clock, started, get: (name: string) => reading.get(name) };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

test("all who ask while a reading is under way, or within a second, share it", async () => {
  const { clock, started, get } = controlled();
  const first = [get("day"), get("day")];
  await settle();
  clock.advance(700);
  started[0]?.end("figures");
  expect(await Promise.all([...first, get("day")])).toEqual(["figures", "figures", "figures"]);
  clock.advance(299);
  expect(await get("day")).toBe("figures");
  expect(started).toHaveLength(1);
  clock.advance(1);
  void get("day");
  await settle();
  expect(started).toHaveLength(2);
});

test("readings of other windows wait: there is never more than one at a time", async () => {
  const { started, get } = controlled();
  const both = [get("day"), get("week")];
  await settle();
  expect(started.map(({ name }) => name)).toEqual(["day"]);
  started[0]?.end("day's");
  await settle();
  expect(started.map(({ name }) => name)).toEqual(["day", "week"]);
  started[1]?.end("week's");
  expect(await Promise.all(both)).toEqual(["day's", "week's"]);
});

test("a failure is told to all who wait for it, and to nobody after them", async () => {
  const { started, get } = controlled();
  const failing = [get("day"), get("day")].map((one) => one.catch((error: Error) => error.message));
  await settle();
  started[0]?.fail(new Error("away"));
  expect(await Promise.all(failing)).toEqual(["away", "away"]);
  const next = get("day");
  await settle();
  started[1]?.end("figures");
  expect(await next).toBe("figures");
});

test("who has waited too long for the readings before is told so, and nothing is read for them", async () => {
  const { clock, started, get } = controlled();
  const asked = ["day", "week", "month"].map((name) =>
    get(name).catch((error: unknown) => (error as GatewayError).code),
  );
  await settle();
  // A database that says nothing: the reading before ends with its time-out.
  clock.advance(6_000);
  started[0]?.fail(new Error("away"));
  expect((await Promise.all(asked)).slice(1)).toEqual(["database_unavailable", "database_unavailable"]);
  expect(started).toHaveLength(1);
  // The next one reads again.
  const next = get("week");
  await settle();
  started[1]?.end("figures");
  expect(await next).toBe("figures");
});
