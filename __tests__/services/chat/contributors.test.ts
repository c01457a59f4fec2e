import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { estimatedUsage } from "#lib/chat/usage.ts";
import type { Contribution, Contributor } from "#lib/services/chat/contributor.ts";
import { setUp } from "./chat-stage.ts";

const doubled = (changes: Partial<Contributor>): Contributor => ({
  name: "double",
  timeoutMs: 1_000,
  wants: () => true,
  run: () => ({}),
  ...changes,
});

/** A contribution for its caller to give when it likes. */
function pending() {
  const { promise, resolve, reject } = Promise.withResolvers<Contribution>();
  return { promise, resolve, reject };
}

const systemNote = (content: string): Contribution => ({ before: [{ role: "system", content }] });

describe("a contributor", () => {
  test("adds before the conversation and beside the message, in the order of the rows", async () => {
    const slow = pending();
    const { start, read, bodies, clock } = setUp({
      begun: { sessionCreated: false, messages: [{ role: "user", content: "Earlier" }] },
      contributors: [
        doubled({ name: "slow", run: () => slow.promise }),
        doubled({
          name: "quick",
          run: () => ({ ...systemNote("Quick"), beside: [{ type: "text", text: "A document" }] }),
        }),
      ],
    });
    clock.after(500, () => slow.resolve(systemNote("Slow")));
    const events = await read(await start());
    expect(events.at(-1)?.type).toBe("done");
    expect(bodies).toHaveLength(1);
    const [prompt, ...rest] = bodies[0]?.messages ?? [];
    // The host takes one system message, at the head.
    expect(prompt?.content).toContain("You are a helpful assistant.");
    expect(prompt?.content).toMatch(/\n\nSlow\n\nQuick$/);
    expect(rest).toEqual([
      { role: "user", content: "Earlier" },
      {
        role: "user",
        content: [
          { type: "text", text: "A document" },
          { type: "text", text: "Hi" },
        ],
      },
    ]);
  });

  test("runs in parallel with the others, and only if it wants the turn", async () => {
    const asked: string[] = [];
    const noted = (name: string, wants: boolean): Contributor =>
      doubled({
        name,
        wants: () => wants,
        run: async () => {
          asked.push(name);
          return {};
        },
      });
    const { start, read } = setUp({
      contributors: [noted("a", true), noted("b", false), noted("c", true)],
    });
    await read(await start());
    expect(asked).toEqual(["a", "c"]);
  });

  test("sends the client events while it works, before any engine is called", async () => {
    const work = pending();
    const { start, bodies, clock } = setUp({
      contributors: [
        doubled({
          run: (_turn, { emit }) => {
            emit({ type: "tool", name: "weather", status: "running" });
            return work.promise;
          },
        }),
      ],
    });
    const turn = await start({ model: "smart" });
    const batches = [await turn.events.next(), await turn.events.next()];
    expect(batches.map(({ value }) => value)).toEqual([
      [{ type: "session", id: "s" }],
      [{ type: "tool", name: "weather", status: "running" }],
    ]);
    expect(bodies).toEqual([]);
    work.resolve({});
    const answering = turn.events.next();
    await clock.advanceAsync(1_000);
    expect((await answering).value).toMatchObject([{ type: "backend" }, { type: "token" }]);
    expect(bodies).toHaveLength(1);
    turn.abandon();
  });

  const late = "It did not answer in time.";
  test.each<[string, Contributor["run"], string | undefined]>([
    [
      "throws",
      () => {
        throw new Error("broken");
      },
      undefined,
    ],
    ["rejects", () => Promise.reject(new Error("broken")), undefined],
    ["rejects with no error", () => Promise.reject("broken"), undefined],
    ["never answers", () => pending().promise, late],
    [
      "is ended by its time, in words of its own",
      (_turn, { signal }) => {
        const work = Promise.withResolvers<never>();
        signal.addEventListener("abort", () => work.reject(new Error("The request was aborted.")));
        return work.promise;
      },
      late,
    ],
  ])("that %s is left out, and the turn goes on", async (_, run, detail) => {
    const { start, read, logs, settles, clock, client, works } = setUp({
      contributors: [doubled({ run }), doubled({ name: "other", run: () => systemNote("Other") })],
    });
    const events = await read(await start());
    expect(events.filter(({ type }) => type === "tool")).toEqual([
      { type: "tool", name: "double", status: "failed", ...(detail === undefined ? {} : { detail }) },
    ]);
    expect(events.at(-1)?.type).toBe("done");
    await Promise.all(works);
    expect(settles.map((turn) => turn.status)).toEqual(["completed"]);
    expect(logs).toEqual(["A contributor failed; the turn goes on without it."]);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
  });

  test("that cannot even say whether it wants the turn is left out, and the turn goes on", async () => {
    const wants = (): boolean => {
      throw new Error("broken");
    };
    const { start, read, bodies, logs } = setUp({
      contributors: [
        doubled({ wants, run: () => systemNote("Unwanted") }),
        doubled({ name: "other", run: () => systemNote("Other") }),
      ],
    });
    const events = await read(await start());
    expect(events.filter(({ type }) => type === "tool")).toEqual([
      { type: "tool", name: "double", status: "failed" },
    ]);
    expect(events.at(-1)?.type).toBe("done");
    expect(JSON.stringify(bodies)).toContain("Other");
    expect(JSON.stringify(bodies)).not.toContain("Unwanted");
    expect(logs).toEqual(["A contributor failed; the turn goes on without it."]);
  });

  test("that is required and fails ends the turn with an error, and no engine is called", async () => {
    for (const run of [
      () => {
        throw new Error("broken");
      },
      () => Promise.reject(new Error("broken")),
      () => pending().promise,
    ] satisfies Contributor["run"][]) {
      const { start, read, bodies, settles, works } = setUp({
        contributors: [doubled({ isRequired: true, run })],
      });
      const events = await read(await start());
      expect(events.map(({ type }) => type)).toEqual(["session", "error"]);
      await Promise.all(works);
      expect(bodies).toEqual([]);
      expect(settles.map(({ status }) => status)).toEqual(["failed"]);
    }
  });

  test("may call an engine, which is billed to the turn, also if it then fails", async () => {
    const usage = { ...estimatedUsage(0, 0), promptTokens: 700, completionTokens: 30 };
    for (const end of [() => ({}), () => Promise.reject(new Error("broken"))] as const) {
      const set = setUp({
        contributors: [
          doubled({
            run: ({ decision }, { onUsed }) => {
              const [engine] = decision.engines;
              if (engine !== undefined) onUsed({ engine, call: 1, usage });
              return end();
            },
          }),
        ],
      });
      const alone = setUp();
      const events = await set.read(await set.start());
      const before = await alone.read(await alone.start());
      const tokensOf = (all: typeof events) => all.find((event) => event.type === "usage")?.promptTokens ?? 0;
      expect(tokensOf(events)).toBe(tokensOf(before) + 700);
      await Promise.all([...set.works, ...alone.works]);
      expect(set.settles[0]?.promptTokens).toBe((alone.settles[0]?.promptTokens ?? 0) + 700);
    }
  });

  test("that is late has nothing more to say", async () => {
    let tell: (() => void) | undefined;
    const { start, read } = setUp({
      contributors: [
        doubled({
          run: (_turn, { emit }) => {
            tell = () => emit({ type: "tool", name: "late", status: "done" });
            return pending().promise;
          },
        }),
      ],
    });
    const events = await read(await start());
    tell?.();
    expect(events.map(({ type }) => type)).not.toContain("late");
    expect(events.filter(({ type }) => type === "tool")).toHaveLength(1);
  });

  test("at work when the client disconnects: its signal aborts, no engine is called, the turn is saved", async () => {
    let signal: AbortSignal | undefined;
    const { start, bodies, settles, client, works, clock } = setUp({
      contributors: [
        doubled({
          run: (_turn, context) => {
            signal = context.signal;
            return pending().promise;
          },
        }),
      ],
    });
    const turn = await start();
    await turn.events.next();
    const next = turn.events.next();
    client.abort();
    expect((await next).value).toMatchObject([{ type: "error", code: "client_closed_request" }]);
    await turn.events.next();
    await Promise.all(works);
    expect(signal?.aborted).toBe(true);
    expect(bodies).toEqual([]);
    expect(settles.map(({ status, deliveredContent }) => [status, deliveredContent])).toEqual([
      ["cancelled", false],
    ]);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
  });
});
