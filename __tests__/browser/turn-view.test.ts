import { describe, expect, test } from "vitest";
import { answeringEngine, jointsOf, partsOf } from "#lib/browser/answer-parts.ts";
import type { BrowserEvent } from "#lib/browser/events.ts";
import { decisionsOf } from "#lib/browser/tool-calls.ts";
import {
  decided,
  NEW_TURN,
  resumed,
  stopped,
  type TurnView,
  withEvents,
  withFailure,
} from "#lib/browser/turn-view.ts";
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

const viewOf = (...events: BrowserEvent[]): TurnView => withEvents(NEW_TURN, events);

test("a plain answer", () => {
  const view = viewOf(
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
  const waiting = viewOf(attempt("a/m", "rate_limited", 0), attempt("b/m", "timeout"));
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
  const view = viewOf(
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
  const view = viewOf(
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
    const view = viewOf(...events.map(([name, status]): BrowserEvent => ({ type: "tool", name, status })));
    expect(view.tools.map(({ name, status }) => [name, status])).toEqual(expected);
  });
});

describe("calls of tools by the model", () => {
  const running = (id: string, name = "read"): BrowserEvent => ({
    ...{ type: "tool", id, name, plugin: "notes", status: "running", arguments: `{"of":"${id}"}` },
  });
  const over = (id: string, status = "done", name = "read"): BrowserEvent => ({
    ...{ type: "tool", id, name, plugin: "notes", status, result: `result of ${id}` },
  });
  const approval = (id: string): BrowserEvent => ({
    ...{ type: "approval", id, plugin: "notes", tool: "write", arguments: "{}" },
  });
  const states = ({ calls }: TurnView): string[] => calls.map(({ id, state }) => `${id} ${state}`);

  test("an end takes the place of its own beginning, whatever else is under way", () => {
    const view = viewOf(running("1"), running("2"), over("2", "failed"), running("3"), over("1"));
    expect(states(view)).toEqual(["1 done", "2 failed", "3 running"]);
    expect(view.calls[0]).toEqual({
      ...{ id: "1", name: "read", server: "notes", state: "done", offset: 0 },
      ...{ arguments: '{"of":"1"}', result: "result of 1" },
    });
    expect(view.tools).toEqual([]);
  });

  test("stand where they were made, between what was said", () => {
    const view = viewOf(
      ...[backend("a"), token("Let me look."), running("1"), running("2"), over("1"), over("2")],
      ...[token("\n\nAnd there."), running("3"), over("3"), token("Found."), done],
    );
    const shown = partsOf(view).map((part) => (part.kind === "text" ? part.text : part.calls.length));
    expect(shown).toEqual(["Let me look.", 2, "\n\nAnd there.", 1, "Found."]);
    expect(partsOf(NEW_TURN)).toEqual([]);
    expect(partsOf(viewOf(running("1"))).map(({ kind }) => kind)).toEqual(["calls"]);
  });

  test("an engine that takes over between two calls continues no sentence, and one that takes over within does", () => {
    const between = viewOf(
      ...[backend("a"), token("Let me look."), running("1"), over("1")],
      ...[attempt("a/m", "server_error"), backend("b"), token("Found ")],
    );
    expect(jointsOf(between)).toEqual([]);
    expect(between.steps[1]).toMatchObject({ midAnswer: false });
    const within = withEvents(between, [attempt("b/m", "reset"), backend("c"), token("it.")]);
    expect(jointsOf(within)).toEqual([{ offset: 18, label: "c" }]);
    expect(within.steps[3]).toMatchObject({ midAnswer: true });
  });

  test("what is still running when the answer ends has not ended by itself", () => {
    const view = viewOf(backend("a"), running("1"), running("2"), over("2"));
    expect(states(stopped(view))).toEqual(["1 stopped", "2 done"]);
    expect(states(withFailure(view, { code: "x", message: "y" }))).toEqual(["1 stopped", "2 done"]);
    expect(states(withEvents(view, [done]))).toEqual(["1 stopped", "2 done"]);
  });

  test("a call that asks ends the answer; the words for other clients are left out", () => {
    const view = viewOf(
      backend("a"),
      token("May I?"),
      approval("1"),
      token("[This needs your consent]"),
      done,
    );
    expect(view).toMatchObject({ state: "done", text: "May I?" });
    expect(states(view)).toEqual(["1 asks"]);
    expect(decisionsOf(view.calls)).toBeUndefined();
  });

  test("the gateway is told when all are decided, and of each once", () => {
    const view = viewOf(backend("a"), approval("1"), approval("2"), done);
    const first = decided(view, "1", true);
    expect(decisionsOf(first.calls)).toBeUndefined();
    const both = decided(first, "2", false);
    expect(decisionsOf(both.calls)).toEqual([
      { id: "1", plugin: "notes", tool: "write", arguments: "{}", approve: true },
      { id: "2", plugin: "notes", tool: "write", arguments: "{}", approve: false },
    ]);
    const again = resumed(both);
    expect(again.state).toBe("waiting");
    expect(states(again)).toEqual(["1 running", "2 declined"]);
    expect(decisionsOf(again.calls)).toBeUndefined();
    // What is decided is not decided again.
    expect(states(decided(again, "1", false))).toEqual(["1 running", "2 declined"]);
    // The gateway tells of the one that was declined as of one that failed.
    const ended = withEvents(again, [
      running("1", "write"),
      running("2", "write"),
      over("2", "failed"),
      over("1"),
    ]);
    expect(states(ended)).toEqual(["1 done", "2 declined"]);
  });

  test("an answer that goes on is one answer: a new paragraph, the same engine, the sum of what it cost", () => {
    const used = (costUsd?: number): BrowserEvent => ({
      ...{ type: "usage", promptTokens: 10, completionTokens: 2, cachedTokens: 1 },
      ...(costUsd === undefined ? {} : { costUsd }),
    });
    const asked = viewOf(backend("a", "A"), token("May I?"), approval("1"), used(0.5), done);
    const resume = resumed(decided(asked, "1", true));
    const view = withEvents(resume, [
      running("1", "write"),
      over("1"),
      backend("a", "A"),
      token("Done"),
      token("."),
    ]);
    expect(view.text).toBe("May I?\n\nDone.");
    expect(view.steps).toHaveLength(1);
    expect(jointsOf(view)).toEqual([]);
    const ended = withEvents(view, [used(0.25), done]);
    expect(ended.usage).toEqual({ promptTokens: 20, completionTokens: 4, cachedTokens: 2, costUsd: 0.75 });
    expect(withEvents(view, [used()]).usage?.costUsd).toBeUndefined();
  });
});

test("sources are listed once, and a title that comes later is kept", () => {
  const view = viewOf(
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
  const view = viewOf({ type: "image", url: "/a.png" }, { type: "image", url: "/b.png", source: "x" });
  expect(view.images).toEqual(["/a.png", "/b.png"]);
});

describe("an end without success keeps what came", () => {
  const begun = viewOf(backend("a"), token("Half an ans"));

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
  const view = viewOf(backend("a"), token("Hi"));
  const unknown = { type: "of-tomorrow", text: "?" } as unknown as BrowserEvent;
  expect(withEvents(view, [unknown])).toBe(view);
});

test("batches make no difference, and no view is changed that was shown", () => {
  const event = fc.oneof(
    fc.string().map(token),
    fc.constantFrom("a", "b").map((name) => backend(name)),
    fc.constantFrom("a/m", "b/m").map((name) => attempt(name, "reset", 1)),
    fc.constantFrom("running", "done").map((status): BrowserEvent => ({ type: "tool", name: "t", status })),
    fc
      .tuple(fc.constantFrom("running", "done", "failed"), fc.constantFrom("1", "2"))
      .map(([status, id]): BrowserEvent => ({ type: "tool", name: "t", status, id })),
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
      expect(view).toEqual(viewOf(...batches.flat()));
      for (const { offset } of jointsOf(view)) expect(offset).toBeLessThanOrEqual(view.text.length);
      const parts = partsOf(view);
      expect(parts.map((part) => (part.kind === "text" ? part.text : "")).join("")).toBe(view.text);
      expect(parts.flatMap((part) => (part.kind === "calls" ? part.calls : []))).toEqual(view.calls);
      expect(new Set(parts.map(({ kind, offset }) => `${kind} ${offset}`)).size).toBe(parts.length);
    }),
  );
});
