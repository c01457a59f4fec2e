import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import type { RunRecord } from "#lib/providers/chat/run.ts";
import type { Answerer, Answering } from "#lib/services/chat/answerer.ts";
import { unstartedRecord } from "#lib/services/run/tracked-run.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";
import { engineAt } from "../../support/engines.ts";
import { setUp } from "./chat-stage.ts";

function aRecord(): RunRecord {
  return {
    ...unstartedRecord("cancelled"),
    state: "running",
    calls: 0,
    firstContentMs: undefined,
    malformedFrames: 0,
  };
}

/** Answers with these batches, then completes, fails with this error, or waits for its end. */
function scripted(
  batches: readonly NativeEvent[][],
  end: "completes" | "waits" | GatewayError = "completes",
): Answering & { returned: number } {
  const record = aRecord();
  const left = [...batches];
  const stopped = Promise.withResolvers<void>();
  const answering = {
    record,
    returned: 0,
    events: {
      async next(): Promise<IteratorResult<readonly NativeEvent[], void>> {
        const batch = left.shift();
        if (batch !== undefined) {
          record.committed = true;
          for (const event of batch) if (event.type === "token") record.text += event.text;
          if (left.length === 0 && end === "completes") record.state = "completed";
          return { done: false, value: batch };
        }
        if (end === "waits") await stopped.promise;
        if (end instanceof GatewayError) {
          record.state = "failed";
          throw end;
        }
        return { done: true, value: undefined };
      },
      async return(): Promise<void> {
        answering.returned++;
        if (record.state === "running") record.state = "cancelled";
        stopped.resolve();
      },
    },
  };
  return answering;
}

const answerer = (answer: Answerer["answer"]): Answerer => ({ name: "double", answer });
const token = (text: string): NativeEvent => ({ type: "token", text });

describe("an answerer", () => {
  test("that takes the turn answers it, and no engine is called", async () => {
    const { start, read, bodies, settles, works } = setUp({
      answerers: [answerer(() => scripted([[token("From a ")], [token("plugin.")]]))],
    });
    const events = await read(await start());
    expect(events).toEqual([
      { type: "session", id: "s" },
      token("From a "),
      token("plugin."),
      {
        type: "usage",
        promptTokens: 0,
        completionTokens: 0,
        cachedTokens: 0,
        cacheHit: false,
        costUsd: 0,
      },
      { type: "done", usage: 1, model: "smart", tokensOut: 0 },
    ]);
    await Promise.all(works);
    expect(bodies).toEqual([]);
    expect(settles).toMatchObject([
      {
        status: "completed",
        deliveredContent: true,
        conversation: { assistantMessage: "From a plugin." },
      },
    ]);
  });

  test("sees the prepared request; one that does not take the turn leaves it to the next", async () => {
    const seen: string[] = [];
    const passes = (name: string): Answerer =>
      answerer(async ({ request }) => {
        seen.push(`${name} ${request.messages.length}`);
        return undefined;
      });
    const { start, read, bodies } = setUp({ answerers: [passes("a"), passes("b")] });
    expect((await read(await start())).at(-1)?.type).toBe("done");
    expect(seen).toEqual(["a 2", "b 2"]);
    expect(bodies).toHaveLength(1);
  });

  test.each<[string, Answerer["answer"], number]>([
    [
      "throws before it answers",
      () => {
        throw new GatewayError("engines_unavailable", "Nobody.", { retryAfterSeconds: 3 });
      },
      1,
    ],
    [
      "fails before its first content",
      () => scripted([], new GatewayError("engines_unavailable", "Nobody.", { retryAfterSeconds: 3 })),
      1,
    ],
    [
      "fails in the middle of its answer",
      () =>
        scripted(
          [[token("Half")]],
          new GatewayError("engines_unavailable", "Nobody.", { retryAfterSeconds: 3 }),
        ),
      1,
    ],
  ])("that %s ends the stream with the error; the turn is saved as failed", async (_, answer, logged) => {
    const { start, read, settles, logs, works, bodies } = setUp({ answerers: [answerer(answer)] });
    const events = await read(await start());
    expect(events.at(-1)).toEqual({
      type: "error",
      message: "Nobody.",
      retryable: true,
      code: "engines_unavailable",
      retryAfter: 3,
    });
    await Promise.all(works);
    expect(settles.map(({ status }) => status)).toEqual(["failed"]);
    expect(logs).toHaveLength(logged);
    expect(bodies).toEqual([]);
  });

  test("that is abandoned in the middle is stopped once, and its text is saved", async () => {
    const answering = scripted([[token("Half an ")]], "waits");
    let signal: AbortSignal | undefined;
    const { start, settles, client, works } = setUp({
      answerers: [
        answerer((_turn, given) => {
          signal = given;
          return answering;
        }),
      ],
    });
    const turn = await start();
    await turn.events.next();
    await turn.events.next();
    client.abort();
    turn.abandon();
    await Promise.all(works);
    expect(signal?.aborted).toBe(true);
    expect(answering.returned).toBe(1);
    expect(settles).toMatchObject([{ status: "cancelled", conversation: { assistantMessage: "Half an " } }]);
    expect(getEventListeners(client.signal, "abort")).toEqual([]);
  });

  test("that resolves only after the client has left is stopped, and what it has used is in the ledger", async () => {
    const answering = scripted([[token("Painted.")]], "waits");
    const found = Promise.withResolvers<Answering>();
    const asked = Promise.withResolvers<void>();
    const { start, settles, client, works } = setUp({
      answerers: [
        answerer(() => {
          asked.resolve();
          return found.promise;
        }),
      ],
    });
    const turn = await start();
    await turn.events.next();
    const next = turn.events.next();
    await asked.promise;
    client.abort();
    turn.abandon();
    answering.record.attempts.push({
      engine: engineAt("plugin/painter", "http://plugin.invalid"),
      keyIndex: 0,
      outcome: "answered",
      status: undefined,
      reason: undefined,
      call: 1,
      startedAt: 0,
      latencyMs: 5,
    });
    found.resolve(answering);
    expect((await next).value).toMatchObject([{ type: "error", code: "client_closed_request" }]);
    await Promise.all(works);
    expect(answering.returned).toBe(1);
    expect(settles).toMatchObject([{ status: "cancelled", attempts: [{ status: "ok" }] }]);
  });

  test("that rejects after the client has left ends the turn as cancelled", async () => {
    const found = Promise.withResolvers<Answering>();
    const asked = Promise.withResolvers<void>();
    const { start, settles, client, works, logs } = setUp({
      answerers: [
        answerer(() => {
          asked.resolve();
          return found.promise;
        }),
      ],
    });
    const turn = await start();
    await turn.events.next();
    const next = turn.events.next();
    await asked.promise;
    client.abort();
    found.reject(new Error("The plugin's connection was closed."));
    expect((await next).value).toMatchObject([{ type: "error", code: "client_closed_request" }]);
    await Promise.all(works);
    expect(settles.map(({ status }) => status)).toEqual(["cancelled"]);
    expect(logs).toEqual([]);
  });

  test("is not asked once the client has left, also if it left while another one thought about it", async () => {
    const thinking = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<void>();
    const others: string[] = [];
    const { start, settles, client, works, bodies } = setUp({
      answerers: [
        answerer(() => {
          asked.resolve();
          return thinking.promise;
        }),
        answerer(() => {
          others.push("asked");
          return undefined;
        }),
      ],
    });
    const turn = await start();
    await turn.events.next();
    const next = turn.events.next();
    await asked.promise;
    client.abort();
    thinking.resolve(undefined);
    await next;
    await Promise.all(works);
    expect([others, bodies]).toEqual([[], []]);
    expect(settles.map(({ status }) => status)).toEqual(["cancelled"]);
  });
});
