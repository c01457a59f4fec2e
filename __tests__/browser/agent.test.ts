import { describe, expect, test } from "vitest";
import { runAgent } from "#lib/browser/agent-run.ts";
import { type AgentView, NEW_RUN, stoppedRun, withAgentEvents } from "#lib/browser/agent-view.ts";
import type { FetchLike } from "#lib/browser/api.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";
import { fc } from "../support/properties.ts";

const PLAN: AgentEvent[] = [
  { type: "step", index: 0, title: "Look" },
  { type: "step", index: 1, title: "Compare" },
];
const token = (index: number | null, text: string): AgentEvent => ({ type: "token", index, text });
const stepDone = (index: number, output: string): AgentEvent => ({ type: "step_done", index, output });
const runOf = (...events: AgentEvent[]): AgentView => withAgentEvents(NEW_RUN, events);
const stepsOf = ({ steps }: AgentView): string[] =>
  steps.map(({ title, state, text }) => `${title} ${state}: ${text}`);

test("a run from its plan to its summary, with steps side by side", () => {
  expect(NEW_RUN.state).toBe("planning");
  const planned = runOf(...PLAN);
  expect(planned.state).toBe("working");
  expect(stepsOf(planned)).toEqual(["Look waiting: ", "Compare waiting: "]);
  const working = withAgentEvents(planned, [token(1, "B"), token(0, "A"), token(1, "b")]);
  expect(stepsOf(working)).toEqual(["Look running: A", "Compare running: Bb"]);
  const summarising = withAgentEvents(working, [stepDone(0, "A"), stepDone(1, "Bb"), token(null, "All")]);
  expect(summarising).toMatchObject({ state: "summarising", summary: "All" });
  const done = withAgentEvents(summarising, [
    { type: "usage", promptTokens: 9, completionTokens: 3, cachedTokens: 0, costUsd: 0 },
    { type: "done", summary: "All of it." },
  ]);
  expect(done).toEqual({
    ...{ state: "done", summary: "All of it.", failure: undefined },
    usage: { promptTokens: 9, completionTokens: 3, cachedTokens: 0, costUsd: 0 },
    notices: [],
    steps: [
      { index: 0, title: "Look", state: "done", text: "A", calls: [], error: undefined },
      { index: 1, title: "Compare", state: "done", text: "Bb", calls: [], error: undefined },
    ],
  });
});

test("a step that fails keeps what it had written, and says why", () => {
  const error = { code: "timeout", message: "It took more than 60 s." };
  const view = runOf(
    ...PLAN,
    token(0, "Half"),
    { type: "step_done", index: 0, output: "", error },
    token(1, "B"),
  );
  expect(view.state).toBe("working");
  expect(view.steps[0]).toMatchObject({ state: "failed", text: "Half", error: "It took more than 60 s." });
});

test.each<[string, string, string]>([
  ["is what was streamed", "Written", "Written"],
  ["is a part of what was streamed", "itt", "Written"],
  ["is another text", "Written better", "Written better"],
])("an output that %s", (_name, output, shown) => {
  expect(runOf(...PLAN, token(0, "Written"), stepDone(0, output)).steps[0]?.text).toBe(shown);
});

test("steps stand in their order, and a title that is told again is the title", () => {
  const view = runOf(
    { type: "step", index: 1, title: "Second" },
    { type: "step", index: 0, title: "First" },
    { type: "step", index: 1, title: "Second, better" },
  );
  expect(view.steps.map(({ title }) => title)).toEqual(["First", "Second, better"]);
});

describe("tools of a step", () => {
  const tool = (index: number, status: string, id: string): AgentEvent => ({
    ...{ type: "tool", index, id, name: "web_search", status },
  });
  const statesOf = (view: AgentView): string[][] =>
    view.steps.map(({ calls }) => calls.map(({ state }) => state));

  test("belong to it", () => {
    const view = runOf(...PLAN, tool(0, "running", "a"), tool(1, "running", "b"), tool(0, "done", "a"));
    expect(statesOf(view)).toEqual([["done"], ["running"]]);
    expect(view.steps[0]?.state).toBe("running");
  });

  test("have not ended by themselves when the step or the run ends", () => {
    const view = runOf(...PLAN, tool(0, "running", "a"), tool(1, "running", "b"), stepDone(0, "x"));
    expect(statesOf(stoppedRun(view))).toEqual([["stopped"], ["stopped"]]);
  });
});

test("an end without success keeps what came, and nothing goes on", () => {
  const begun = runOf(...PLAN, token(0, "A"), stepDone(0, "A"), token(1, "B"));
  expect(stepsOf(stoppedRun(begun))).toEqual(["Look done: A", "Compare stopped: B"]);
  const failed = withAgentEvents(begun, [
    { type: "error", code: "no_engine", message: "Nobody.", retryAfter: 3 },
  ]);
  expect(failed).toMatchObject({
    state: "failed",
    failure: { code: "no_engine", message: "Nobody.", retryAfter: 3, requestId: undefined },
  });
});

test("what a page does not know changes nothing", () => {
  const view = runOf(...PLAN);
  const unknown = { type: "of-tomorrow" } as unknown as AgentEvent;
  expect(withAgentEvents(view, [unknown, token(7, "x"), stepDone(7, "x")])).toEqual(view);
});

test("batches make no difference, and no view is changed that was shown", () => {
  const index = fc.constantFrom(0, 1, 2);
  const event = fc.oneof(
    fc.tuple(index, fc.string()).map(([at, title]): AgentEvent => ({ type: "step", index: at, title })),
    fc.tuple(fc.option(index), fc.string()).map(([at, text]) => token(at, text)),
    fc.tuple(index, fc.string()).map(([at, output]) => stepDone(at, output)),
    fc
      .tuple(index, fc.constantFrom("running", "done"))
      .map(([at, status]): AgentEvent => ({ type: "tool", index: at, id: `${at}`, name: "t", status })),
  );
  fc.assert(
    fc.property(fc.array(fc.array(event)), (batches) => {
      let view = NEW_RUN;
      for (const batch of batches) {
        const before = structuredClone(view);
        const next = withAgentEvents(view, batch);
        expect(view).toEqual(before);
        view = next;
      }
      expect(view).toEqual(runOf(...batches.flat()));
    }),
  );
});

describe("a run over the wire", () => {
  const frames = (events: readonly AgentEvent[]): string =>
    events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  const run = async (response: () => Response | Promise<Response>, abort = new AbortController()) => {
    const bodies: unknown[] = [];
    const fetch: FetchLike = async (path, init) => {
      bodies.push([path, JSON.parse(String(init?.body))]);
      return response();
    };
    let view: AgentView | undefined;
    const show = (next: AgentView): void => {
      view = next;
    };
    await runAgent(
      { goal: "Find out", mcp: ["notes"] },
      { signal: abort.signal, fetch },
      show,
      queueMicrotask,
    );
    return { view, bodies };
  };

  test("is asked for by its goal and read to its end", async () => {
    const { view, bodies } = await run(
      () => new Response(frames([...PLAN, { type: "done", summary: "So." }])),
    );
    expect(bodies).toEqual([["/api/v1/agent", { goal: "Find out", mcp: ["notes"] }]]);
    expect(view).toMatchObject({ state: "done", summary: "So." });
  });

  test("that is refused says why", async () => {
    const error = { code: "no_engine_configured", message: "No engine." };
    const { view } = await run(() =>
      Response.json({ error }, { status: 503, headers: { "x-request-id": "r" } }),
    );
    expect(view).toMatchObject({ state: "failed", failure: { ...error, requestId: "r" } });
  });

  test("that breaks off is not taken for one that ended", async () => {
    const { view } = await run(() => new Response(frames([...PLAN, token(0, "A")])));
    expect(view).toMatchObject({ state: "failed", failure: { code: "stream_cut" } });
    expect(view?.steps.map(({ state }) => state)).toEqual(["stopped", "stopped"]);
  });

  test("that the reader stops is stopped", async () => {
    const abort = new AbortController();
    const { view } = await run(() => {
      abort.abort();
      return Promise.reject(new DOMException("Aborted", "AbortError"));
    }, abort);
    expect(view?.state).toBe("stopped");
  });
});
