import { describe, expect, test } from "vitest";
import { cached } from "#lib/tools/cached.ts";
import { FakeClock } from "../support/fake-clock.ts";

type Load = { signal: AbortSignal; resolve(value: string): void; reject(error: unknown): void };

function setUp(lifeMs: (value: string) => number = () => 1_000, maxEntries = 2) {
  const clock = new FakeClock();
  const loads: Load[] = [];
  const get = cached<string>({ clock, maxEntries, lifeMs });
  const call = (key: string, signal = new AbortController().signal): Promise<string> =>
    get(
      key,
      signal,
      (shared) => new Promise((resolve, reject) => loads.push({ signal: shared, resolve, reject })),
    );
  const answered = async (key: string, value: string): Promise<void> => {
    const pending = call(key);
    loads.at(-1)?.resolve(value);
    await pending;
  };
  return { clock, loads, call, answered };
}

describe("a cache of answers", () => {
  test("keeps a value as long as its data lives, by the value", async () => {
    const { clock, loads, call, answered } = setUp((value) => (value === "short" ? 10 : 1_000));
    await answered("a", "short");
    await answered("b", "long");
    expect(await call("a")).toBe("short");
    clock.advance(10);
    expect(await call("b")).toBe("long");
    void call("a");
    expect(loads).toHaveLength(3);
  });

  test("does not keep what has no life", async () => {
    const { loads, call, answered } = setUp(() => 0);
    await answered("a", "x");
    void call("a");
    expect(loads).toHaveLength(2);
  });

  test("is bounded: the value that was used longest ago goes", async () => {
    const { loads, call, answered } = setUp();
    await answered("a", "1");
    await answered("b", "2");
    await call("a");
    await answered("c", "3");
    expect(await call("a")).toBe("1");
    void call("b");
    expect(loads).toHaveLength(4);
  });

  test("concurrent calls share one request", async () => {
    const { loads, call } = setUp();
    const both = Promise.all([call("a"), call("a")]);
    expect(loads).toHaveLength(1);
    loads[0]?.resolve("x");
    expect(await both).toEqual(["x", "x"]);
  });

  test("a failure reaches all who wait, and the next call tries again", async () => {
    const { loads, call } = setUp();
    const both = Promise.allSettled([call("a"), call("a")]);
    loads[0]?.reject(new Error("429"));
    expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const again = call("a");
    loads[1]?.resolve("x");
    expect(await again).toBe("x");
  });

  test("one caller's abort does not end the request of the others", async () => {
    const { loads, call } = setUp();
    const leaving = new AbortController();
    const left = call("a", leaving.signal);
    const stayed = call("a");
    leaving.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    expect(loads[0]?.signal.aborted).toBe(false);
    loads[0]?.resolve("x");
    expect(await stayed).toBe("x");
  });

  test("when the last caller is gone the request is aborted, and a new call does not join it", async () => {
    const { loads, call } = setUp();
    const leaving = new AbortController();
    const left = call("a", leaving.signal);
    leaving.abort(new Error("left"));
    await expect(left).rejects.toThrow("left");
    expect(loads[0]?.signal.aborted).toBe(true);
    const next = call("a");
    loads[0]?.reject(new Error("aborted"));
    loads[1]?.resolve("x");
    expect(await next).toBe("x");
  });

  test("a caller that has left already asks nothing", async () => {
    const { loads, call } = setUp();
    await expect(call("a", AbortSignal.abort(new Error("left")))).rejects.toThrow("left");
    expect(loads).toHaveLength(0);
  });

  test("a load that throws before it returns a promise leaves nothing behind", async () => {
    const get = cached<string>({ clock: new FakeClock(), maxEntries: 1, lifeMs: () => 1 });
    const { signal } = new AbortController();
    const broken = (): Promise<string> => {
      throw new Error("broken");
    };
    await expect(get("a", signal, broken)).rejects.toThrow("broken");
    expect(await get("a", signal, () => Promise.resolve("x"))).toBe("x");
  });
});
