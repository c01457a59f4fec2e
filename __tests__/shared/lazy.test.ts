import { expect, test } from "vitest";
import { derived, lazy, lazyAsync } from "#lib/shared/lazy.ts";

test("a lazy value is made once, at its first use", () => {
  let calls = 0;
  const part = lazy(() => ++calls);
  expect([part.made, calls]).toEqual([undefined, 0]);
  expect([part.value, part.value, part.made, calls]).toEqual([1, 1, 1, 1]);
});

test("a lazy value may be undefined, and is still made once", () => {
  let calls = 0;
  const part = lazy(() => void calls++);
  expect([part.value, part.value, calls]).toEqual([undefined, undefined, 1]);
});

test("a failed making is tried anew at the next use", () => {
  let calls = 0;
  const part = lazy(() => {
    if (++calls === 1) throw new Error("not yet");
    return calls;
  });
  expect(() => part.value).toThrow("not yet");
  expect([part.value, part.value]).toEqual([2, 2]);
});

test("an asynchronous one is made once for all who ask, and anew after a failure", async () => {
  let calls = 0;
  const part = lazyAsync(async () => {
    if (++calls === 1) throw new Error("not yet");
    return calls;
  });
  const both = await Promise.allSettled([part(), part()]);
  expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await Promise.all([part(), part()])).toEqual([2, 2]);
});

test("a derived value is made once for each source, and whoever has read it keeps it", () => {
  const sources = [{ id: "first" }, { id: "second" }];
  let current = sources[0];
  let calls = 0;
  const part = derived(
    () => current,
    (source) => ({ id: source?.id, call: ++calls }),
  );
  expect(part.made).toBeUndefined();
  const before = part.value;
  expect([before, part.value, part.made]).toEqual(Array(3).fill({ id: "first", call: 1 }));
  current = sources[1];
  expect([part.value, part.value]).toEqual(Array(2).fill({ id: "second", call: 2 }));
  expect(before.id).toBe("first");
});
