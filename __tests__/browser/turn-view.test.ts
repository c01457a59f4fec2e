import { describe, expect, test } from "vitest";
import { answeringEngine, jointsOf } from "#lib/browser/answer-parts.ts";
import type { BrowserEvent } from "#lib/browser/events.ts";
import { NEW_TURN, stopped, type TurnView, withEvents, withFailure } from "#lib/browser/turn-view.ts";
import { fc } from "../support/properties.ts";

const attempt = (engine: string, outcome: string, latencyMs?: number): BrowserEvent => ({
  type: "attempt",
  engine,
  outcome,
  ...(latencyMs === undefined ? {} : { latencyMs }),
});
const backend = (provider: string, label = provider): BrowserEvent => ({
  type: "backend",
  provider,
  model: "m",
  label,
});
const token = (text: string): BrowserEvent => ({ type: "token", text });
const done: BrowserEvent = { type: "done", usage: 3, model: "smart", tokensOut: 9 };

const after = (...events: BrowserEvent[]): TurnView => withEvents(NEW_TURN, events);

test("a plain answer", () => {
  const view = after(
    { type: "session", id: "s", title: "t" },
    { type: "auto_routed", to: "smart", label: "Smart", reason: "unsure" },
    backend("a", "A"),
    { type: "thinking", text: "Let me " },
    { type: "thinking", text: "see." },
    token("Hel"),
    token("lo"),
    { type: "usage", backend: "a", promptTokens: 5, completionTokens: 2, cachedTokens: 4, costUsd: 0 },
    done,
  );
  expect(view).toEqual({
    ...NEW_TURN,
    state: "done",
    sessionId: "s",
    route: { to: "smart", label: "Smart", reason: "unsure" },
    steps: [{ kind: "answer", engine: "a/m", label: "A", offset: 0, continues: false }],
    thinking: "Let me see.",
    text: "Hello",
    // What is free costs 0; only what is absent is unknown.
    usage: { promptTokens: 5, completionTokens: 2, cachedTokens: 4, costUsd: 0 },
    usedToday: { mode: "smart", used: 3 },
  });
  expect(jointsOf(view)).toEqual([]);
});

test("a failover: the engines that failed, in order, before the one that answers", () => {
  const waiting = after(attempt("a/m", "rate_limited", 0), attempt("b/m", "timeout"));
  expect(waiting).toMatchObject({
    state: "waiting",
    steps: [
      { kind: "attempt", engine: "a/m", outcome: "rate_limited", latencyMs: 0, midAnswer: false },
      { kind: "attempt", engine: "b/m", outcome: "timeout", latencyMs: undefined, midAnswer: false },
    ],
  });
  const view = withEvents(waiting, [backend("c"), token("Hi")]);
  expect(view.state).toBe("answering");
  expect(answeringEngine(view)).toMatchObject({ engine: "c/m", offset: 0 });
  expect(jointsOf(view)).toEqual([]);
});

test("a continuation: where the text was cut, and who goes on", () => {
  const view = after(
    backend("a"),
    token("A circuit "),
    attempt("a/m", "reset", 400),
    // The same engine is asked to go on.
    attempt("a/m", "reset", 20),
    backend("c", "C"),
    token("breaker."),
    attempt("c/m", "reset"),
    backend("d", "D"),
    token(" End."),
    done,
  );
  expect(view.text).toBe("A circuit breaker. End.");
  expect(jointsOf(view)).toEqual([
    { offset: 10, label: "C" },
    { offset: 18, label: "D" },
  ]);
  expect(view.steps.map((step) => step.kind === "attempt" && step.midAnswer)).toEqual([
    false,
    true,
    false,
    false,
    true,
    false,
  ]);
});

test("an engine that breaks off before its first text has not broken an answer", () => {
  const view = after(
    backend("a"),
    { type: "thinking", text: "hm" },
    attempt("a/m", "reset"),
    backend("b"),
    token("x"),
  );
  expect(view.steps[1]).toMatchObject({ midAnswer: false });
  expect(jointsOf(view)).toEqual([]);
});

describe("tools", () => {
  test.each<[string, [string, string][], [string, string][]]>([
    [
      "an end replaces its beginning",
      [
        ["a", "running"],
        ["a", "done"],
      ],
      [["a", "done"]],
    ],
    ["an end without a beginning stands alone", [["a", "done"]], [["a", "done"]]],
    [
      "two calls of one tool end in the order in which they began",
      [
        ["a", "running"],
        ["a", "running"],
        ["a", "failed"],
        ["a", "done"],
      ],
      [
        ["a", "failed"],
        ["a", "done"],
      ],
    ],
    [
      "others stay",
      [
        ["a", "running"],
        ["b", "running"],
        ["b", "done"],
      ],
      [
        ["a", "running"],
        ["b", "done"],
      ],
    ],
  ])("%s", (_, events, expected) => {
    const view = after(...events.map(([name, status]): BrowserEvent => ({ type: "tool", name, status })));
    expect(view.tools.map(({ name, status }) => [name, status])).toEqual(expected);
  });
});

test("sources are listed once, and a title that comes later is kept", () => {
  const view = after(
    { type: "sources", sources: [{ uri: "u1" }, { uri: "u2", title: "Two" }] },
    { type: "sources", sources: [{ uri: "u1", title: "One" }, { uri: "u2" }, { uri: "u3" }] },
  );
  expect(view.sources).toEqual([
    { uri: "u1", title: "One" },
    { uri: "u2", title: "Two" },
    { uri: "u3", title: undefined },
  ]);
});

test("images are kept in order", () => {
  const view = after({ type: "image", url: "/a.png" }, { type: "image", url: "/b.png", source: "x" });
  expect(view.images).toEqual(["/a.png", "/b.png"]);
});

describe("an end without success keeps what came", () => {
  const begun = after(backend("a"), token("Half an ans"));

  test("an error of the stream", () => {
    const error = {
      type: "error",
      message: "Nobody.",
      code: "no_engine",
      retryable: true,
      retryAfter: 7,
    } as const;
    expect(withEvents(begun, [error])).toMatchObject({
      state: "failed",
      text: "Half an ans",
      failure: { code: "no_engine", message: "Nobody.", retryAfter: 7, requestId: undefined },
    });
  });

  test("a lost connection", () => {
    expect(withFailure(begun, { code: "stream_cut", message: "Broke.", requestId: "r" })).toMatchObject({
      state: "failed",
      text: "Half an ans",
      failure: { code: "stream_cut", message: "Broke.", retryAfter: undefined, requestId: "r" },
    });
  });

  test("the reader stopped it", () => {
    expect(stopped(begun)).toMatchObject({ state: "stopped", text: "Half an ans", failure: undefined });
  });
});

test("types of a newer gateway change nothing", () => {
  const view = after(backend("a"), token("Hi"));
  const unknown = { type: "of-tomorrow", text: "?" } as unknown as BrowserEvent;
  expect(withEvents(view, [unknown])).toBe(view);
});

test("batches make no difference, and no view is changed that was shown", () => {
  const event = fc.oneof(
    fc.string().map(token),
    fc.constantFrom("a", "b").map((name) => backend(name)),
    fc.constantFrom("a/m", "b/m").map((name) => attempt(name, "reset", 1)),
    fc.constantFrom("running", "done").map((status): BrowserEvent => ({ type: "tool", name: "t", status })),
  );
  fc.assert(
    fc.property(fc.array(fc.array(event)), (batches) => {
      let view = NEW_TURN;
      for (const batch of batches) {
        const before = structuredClone(view);
        const next = withEvents(view, batch);
        expect(view).toEqual(before);
        view = next;
      }
      expect(view).toEqual(after(...batches.flat()));
      for (const { offset } of jointsOf(view)) expect(offset).toBeLessThanOrEqual(view.text.length);
    }),
  );
});
