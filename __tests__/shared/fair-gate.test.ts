import { describe, expect, test } from "vitest";
import { FairGate } from "#lib/shared/fair-gate.ts";

const BUSY = "Too much is being done.";
const signal = new AbortController().signal;

/** A gate for one, through which somebody has gone; and what has passed since, in order. */
function busyGate(maxWaiting = 4) {
  const gate = new FairGate({ atOnce: 1, maxWaiting, busy: BUSY });
  const passed: string[] = [];
  const first = Promise.withResolvers<void>();
  const inside = gate.run("first", signal, () => first.promise);
  const enter = (owner: string | undefined, name: string, leaving = signal): Promise<void> =>
    gate.run(owner, leaving, async () => void passed.push(name));
  return { enter, passed, open: () => first.resolve(), inside };
}

describe("a gate through which one piece of work goes at a time", () => {
  test("owners take turns, and whoever is not known is each their own", async () => {
    const { enter, passed, open, inside } = busyGate();
    const others = [enter("a", "a1"), enter("a", "a2"), enter("b", "b1"), enter(undefined, "nobody's")];
    expect(passed).toEqual([]);
    open();
    await Promise.all([inside, ...others]);
    expect(passed).toEqual(["a1", "b1", "nobody's", "a2"]);
  });

  test("work that fails lets the next one in", async () => {
    const gate = new FairGate({ atOnce: 1, maxWaiting: 1, busy: BUSY });
    const failing = gate.run("a", signal, () => Promise.reject(new Error("broken")));
    const next = gate.run("b", signal, () => Promise.resolve("done"));
    await expect(failing).rejects.toThrow("broken");
    await expect(next).resolves.toBe("done");
    await expect(gate.run("a", signal, () => Promise.resolve("again"))).resolves.toBe("again");
  });

  test("when too much waits, whoever has the most gives way, and may come again", async () => {
    const { enter, passed, open, inside } = busyGate(2);
    const mine = [enter("a", "a1"), enter("a", "a2")];
    const refused = expect(mine[1]).rejects.toMatchObject({
      code: "overloaded",
      message: expect.stringContaining(BUSY),
    });
    const other = enter("b", "b1");
    await refused;
    await expect(enter("a", "a3")).rejects.toMatchObject({ code: "overloaded" });
    open();
    await Promise.all([inside, mine[0], other]);
    expect(passed).toEqual(["a1", "b1"]);
  });

  test("who leaves while waiting gives up the place", async () => {
    const { enter, passed, open, inside } = busyGate();
    const leaving = new AbortController();
    const left = enter("a", "a1", leaving.signal);
    leaving.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    await expect(enter("a", "a2", leaving.signal)).rejects.toThrow("gone");
    open();
    await inside;
    expect(passed).toEqual([]);
  });
});
