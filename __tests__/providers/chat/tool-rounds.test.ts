import { setTimeout as pause } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import type { ToolRun } from "#lib/chat/events.ts";
import type { ChatRequest, FunctionTool } from "#lib/chat/request.ts";
import type { RunEvent } from "#lib/providers/chat/run.ts";
import { runToolRounds } from "#lib/providers/chat/tool-rounds.ts";
import type { RoundCall, RoundReply, ToolRoundsOptions } from "#lib/providers/chat/tool-rounds-types.ts";
import { isJsonObject } from "#lib/shared/json.ts";
import { answerOf, aRequest, engineAt, readRun, TEST_TIMEOUTS, testEffects } from "../../support/engines.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../../support/fake-upstream.ts";
import {
  breaksAfter,
  failsWith,
  inTurn,
  type Said,
  type ScriptedCall,
  says,
} from "../../support/scripted-answers.ts";

const effects = testEffects();
afterAll(() => effects.close());

const call = (name: string, args: string, id = "call_0"): ScriptedCall => ({ id, name, pieces: [args] });
const calls = (...made: readonly ScriptedCall[]): Script => says({ calls: made, finish: "tool_calls" });
const LOOK = (city: string, id?: string): ScriptedCall => call("look", JSON.stringify({ city }), id);
const answer = (text: string): Script => says({ text: [text] });

const toolNamed = (name: string): FunctionTool => ({
  type: "function",
  name,
  parameters: { type: "object", properties: { city: { type: "string" } } },
});

type Own = { look?: (call: RoundCall, signal: AbortSignal) => Promise<RoundReply> | RoundReply } & Partial<
  Omit<ToolRoundsOptions, "run">
>;

/** Asks engines with these scripts, with the tools `look` and `write`, which wants consent, run by the gateway. */
async function ask(scripts: readonly Script[], { look, ...changes }: Own = {}) {
  const upstreams = await Promise.all(scripts.map((script) => startFakeUpstream(script)));
  const looked: RoundCall[] = [];
  const run = runToolRounds(
    optionsOf(upstreams, looked, { ...(look === undefined ? {} : { look }), ...changes }),
    effects,
  );
  try {
    const result = await readRun(run);
    return { ...result, looked, runs: runsOf(result.events), requests: upstreams.map(requestsOf) };
  } finally {
    await Promise.all(upstreams.map((upstream) => upstream.stop()));
  }
}

function optionsOf(
  upstreams: readonly FakeUpstream[],
  looked: RoundCall[],
  {
    look = async ({ input }) => ({ text: `It rains in ${String(input["city"])}.`, isError: false }),
    ...changes
  }: Own,
): ToolRoundsOptions {
  return {
    engines: upstreams.map(({ origin }, index) => engineAt(`e${index}-${origin.slice(-5)}`, origin)),
    request: aRequest({ tools: [toolNamed("look"), toolNamed("write"), toolNamed("ours")] }),
    signal: new AbortController().signal,
    timeouts: TEST_TIMEOUTS,
    keySeed: 0,
    recovery: true,
    promptCache: true,
    tools: new Map([
      ["look", { name: "look", origin: undefined, needsApproval: false }],
      ["write", { name: "write", origin: { server: "notes", tool: "write" }, needsApproval: true }],
    ]),
    run: async (made, signal) => {
      looked.push(made);
      return look(made, signal);
    },
    forModel: (text) => `data: ${text}`,
    decisions: [],
    limits: { rounds: 8, timeMs: 60_000, resultCharacters: 1_000, allCharacters: 5_000 },
    randomHex: (bytes) => "ab".repeat(bytes),
    ...changes,
  };
}

const runsOf = (events: readonly RunEvent[]): ToolRun[] =>
  events.flatMap((event) => (event.type === "tool_run" ? [event.run] : []));

function requestsOf({ requests }: FakeUpstream): Record<string, unknown>[] {
  return requests.map(({ json }) => (isJsonObject(json) ? json : {}));
}

/** The messages of a request in short: role, and what it says or calls. */
function told(request: Record<string, unknown> | undefined): string[] {
  const messages = request?.["messages"];
  return (Array.isArray(messages) ? messages : []).map((message: Record<string, unknown>) => {
    const made = message["tool_calls"];
    if (Array.isArray(made)) return `calls ${made.map(({ id }: { id: string }) => id).join(" ")}`;
    return `${String(message["role"])}: ${String(message["content"])}`;
  });
}

describe("an answer whose tools the gateway runs", () => {
  test("the engine is asked again with the result, and nothing of the call reaches the reader", async () => {
    const { text, runs, requests, events, finish, looked, run } = await ask([
      inTurn(calls(LOOK("Rome")), answer("It rains.")),
    ]);
    expect(text).toBe("It rains.");
    expect(finish).toBe("stop");
    expect(looked).toEqual([{ id: "call_0", name: "look", input: { city: "Rome" } }]);
    expect(runs).toMatchObject([
      { id: "call_0", name: "look", status: "running", arguments: '{"city":"Rome"}' },
      { id: "call_0", name: "look", status: "done", output: "It rains in Rome." },
    ]);
    expect(answerOf(events).map(({ type }) => type)).toEqual(["text", "finish"]);
    expect(told(requests[0]?.[1])).toEqual(["user: Hello", "calls call_0", "tool: data: It rains in Rome."]);
    expect(run.record).toMatchObject({ state: "completed", calls: 2, text: "It rains." });
    expect(run.record.usages.map((used) => used.call)).toEqual([1, 2]);
  });

  test("of hundreds of calls in one answer, a few are heeded", async () => {
    const many = Array.from({ length: 900 }, (_, at) => call("look", at % 2 === 0 ? "{" : "{}", `c${at}`));
    const { text, runs, requests, looked, error } = await ask([inTurn(calls(...many), answer("Enough."))]);
    expect(error).toBeUndefined();
    expect(text).toBe("Enough.");
    expect(looked).toHaveLength(16);
    expect(runs).toHaveLength(128);
    const sent = told(requests[0]?.[1]);
    expect(sent).toHaveLength(2 + 64);
    expect(sent[1]?.split(" ")).toHaveLength(1 + 64);
  });

  test("six rounds, and the engine fails between the third and the fourth", async () => {
    const first = inTurn(calls(LOOK("a")), calls(LOOK("b")), calls(LOOK("c")), failsWith(500, {}));
    const second = inTurn(calls(LOOK("d")), calls(LOOK("e")), answer("Six rounds."));
    const { text, engines, requests, looked, run, error } = await ask([first, second]);
    expect(error).toBeUndefined();
    expect(text).toBe("Six rounds.");
    expect(looked.map(({ input }) => input["city"])).toEqual(["a", "b", "c", "d", "e"]);
    expect(engines).toHaveLength(2);
    // The engine that answered last is asked first: the failed one is not asked again.
    expect(requests.map(({ length }) => length)).toEqual([4, 3]);
    expect(told(requests[1]?.at(-1))).toHaveLength(11);
    expect(run.record.attempts.map(({ outcome }) => outcome)).toEqual([
      ...["answered", "answered", "answered", "server_error"],
      ...["answered", "answered", "answered"],
    ]);
    expect(run.record.attempts.map((attempt) => attempt.call)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("an engine that breaks off in the middle of a call is replaced, if the reader has nothing of it", async () => {
    const { text, error } = await ask([
      breaksAfter({ calls: [{ id: "c", name: "look", pieces: ['{"ci'] }] }),
      inTurn(calls(LOOK("Rome")), answer("Done.")),
    ]);
    expect([text, error?.code]).toEqual(["Done.", undefined]);
  });

  test("ids are unique in the conversation, whatever engines count from", async () => {
    const { requests } = await ask([inTurn(calls(LOOK("a")), calls(LOOK("b")), answer("Done."))]);
    const ids = told(requests[0]?.[2]).filter((line) => line.startsWith("calls"));
    expect(new Set(ids).size).toBe(2);
  });

  test("calls of one round run side by side, and their results keep the order of the calls", async () => {
    let running = 0;
    let most = 0;
    const { requests, runs } = await ask(
      [inTurn(calls(LOOK("slow", "1"), LOOK("fast", "2")), answer("Done."))],
      {
        look: async ({ input }) => {
          running += 1;
          most = Math.max(most, running);
          await pause(input["city"] === "slow" ? 60 : 5);
          running -= 1;
          return { text: String(input["city"]), isError: false };
        },
      },
    );
    expect(most).toBe(2);
    expect(runs.map(({ id, status }) => `${id} ${status}`)).toEqual([
      "1 running",
      "2 running",
      "2 done",
      "1 done",
    ]);
    expect(told(requests[0]?.[1]).slice(-2)).toEqual(["tool: data: slow", "tool: data: fast"]);
  });
});

describe("a call that is not run", () => {
  test.each<[string, string, RegExp]>([
    ["arguments that are not JSON", '{"city": Rome', /not valid JSON/],
    ["arguments that are no object", '["Rome"]', /not a JSON object/],
  ])("%s: the model is told, and asked again", async (_, args, words) => {
    const { looked, text, runs, requests } = await ask([
      inTurn(calls(call("look", args)), calls(LOOK("Rome")), answer("It rains.")),
    ]);
    expect(looked.map(({ input }) => input)).toEqual([{ city: "Rome" }]);
    expect(runs[1]).toMatchObject({ status: "failed", output: expect.stringMatching(words) });
    expect(told(requests[0]?.[1]).at(-1)).toMatch(words);
    expect(text).toBe("It rains.");
  });

  test("no arguments at all are none", async () => {
    expect((await ask([inTurn(calls(call("look", "")), answer("Done."))])).looked[0]?.input).toEqual({});
  });

  test("more calls than can be run at once: the rest is refused", async () => {
    const many = Array.from({ length: 20 }, (_, at) => LOOK(`c${at}`, `id${at}`));
    const { looked, runs } = await ask([inTurn(calls(...many), answer("Done."))]);
    expect(looked).toHaveLength(16);
    expect(runs.filter(({ status }) => status === "failed")).toHaveLength(4);
  });

  test("the finish says tool_calls, and there is no call: the answer ends", async () => {
    const { text, finish, requests } = await ask([says({ text: ["Hm."], finish: "tool_calls" })]);
    expect([text, finish, requests[0]?.length]).toEqual(["Hm.", "stop", 1]);
  });
});

describe("a call of the client's own tools", () => {
  test("ends the answer, and is the client's", async () => {
    const { events, finish, looked } = await ask([calls(call("ours", "{}"))]);
    expect(looked).toEqual([]);
    expect(finish).toBe("tool_calls");
    expect(answerOf(events).filter(({ type }) => type === "tool_call")).not.toEqual([]);
  });

  test("beside one of the gateway's: that is run, and the answer ends with the client's", async () => {
    const { events, finish, looked, requests } = await ask([
      calls(LOOK("Rome", "1"), call("ours", "{}", "2")),
    ]);
    expect(looked).toHaveLength(1);
    expect(finish).toBe("tool_calls");
    const names = answerOf(events).flatMap((event) => (event.type === "tool_call" ? (event.name ?? []) : []));
    expect(names).toEqual(["ours"]);
    expect(requests[0]).toHaveLength(1);
  });
});

describe("a call that needs consent", () => {
  const WRITE = call("write", '{"text":"x"}', "w1");

  test("is not run: the answer ends and says so", async () => {
    const { runs, finish, looked, text } = await ask([calls(WRITE)], {
      askInWords: ({ name }) => `May I call ${name}?`,
    });
    expect(looked).toEqual([]);
    expect(runs).toEqual([
      {
        ...{ id: "w1", name: "write", origin: { server: "notes", tool: "write" } },
        ...{ arguments: '{"text":"x"}', status: "needs_approval" },
      },
    ]);
    expect([finish, text]).toEqual(["stop", "May I call write?"]);
  });

  const messages: ChatRequest["messages"] = [
    { role: "user", content: "Write it." },
    { role: "assistant", parts: [{ type: "tool_call", id: "w1", name: "write", arguments: '{"text":"x"}' }] },
    { role: "user", content: "Go on." },
  ];
  const request = aRequest({ messages, tools: [toolNamed("write")] });

  test("is run once the client agrees, before the engine is asked", async () => {
    const { looked, requests, text } = await ask([answer("Written.")], {
      request,
      decisions: [{ id: "w1", approved: true }],
    });
    expect(looked).toEqual([{ id: "w1", name: "write", input: { text: "x" } }]);
    expect(told(requests[0]?.[0])).toEqual([
      "user: Write it.",
      "calls w1",
      expect.stringContaining("tool: data:"),
      "user: Go on.",
    ]);
    expect(text).toBe("Written.");
  });

  test.each<[string, ToolRoundsOptions["tools"], RegExp]>([
    [
      "the client does not agree",
      new Map([["write", { name: "write", origin: undefined, needsApproval: true }]]),
      /did not allow.*not now/,
    ],
    ["the tool is gone", new Map(), /no such tool/],
  ])("%s: the model is told", async (_, tools, words) => {
    const { looked, requests } = await ask([answer("Well.")], {
      request,
      tools,
      decisions: [{ id: "w1", approved: /no such/.test(words.source), reason: "not now" }],
    });
    expect(looked).toEqual([]);
    expect(told(requests[0]?.[0])[2]).toMatch(words);
  });
});

describe("at a limit the engine is asked once more, without leave to call tools", () => {
  const again = calls(LOOK("Rome"));
  const whenNone: Script = (exchange) => {
    const { json } = exchange.request;
    const isOver = isJsonObject(json) && json["tool_choice"] === "none";
    return (isOver ? answer("I have to end.") : again)(exchange);
  };

  test.each<[string, Own, number]>([
    [
      "of rounds",
      { limits: { rounds: 3, timeMs: 60_000, resultCharacters: 1_000, allCharacters: 5_000 } },
      3,
    ],
    ["of time", { limits: { rounds: 8, timeMs: 0, resultCharacters: 1_000, allCharacters: 5_000 } }, 1],
    [
      "of what results take",
      {
        limits: { rounds: 8, timeMs: 60_000, resultCharacters: 100, allCharacters: 150 },
        look: () => ({ text: "x".repeat(90), isError: false }),
      },
      3,
    ],
  ])("%s", async (_, options, asked) => {
    const { text, requests } = await ask([whenNone], options);
    expect(text).toBe("I have to end.");
    expect(requests[0]).toHaveLength(asked);
  });

  test("an engine that calls all the same is not asked again", async () => {
    const limits = { rounds: 2, timeMs: 60_000, resultCharacters: 1_000, allCharacters: 5_000 };
    const { requests, finish, looked } = await ask([again], { limits });
    expect([requests[0]?.length, finish, looked.length]).toEqual([2, "stop", 1]);
  });

  test("a result that is too long is cut, which the model is told", async () => {
    const { requests, runs } = await ask([inTurn(again, answer("Done."))], {
      look: () => ({ text: "y".repeat(3_000), isError: false }),
    });
    expect(told(requests[0]?.[1]).at(-1)).toMatch(/y{900,1000}…\n\[The result has 3000 characters/);
    expect(runs[1]).toMatchObject({ status: "done" });
  });

  test("a forced call is forced once", async () => {
    const { requests } = await ask([inTurn(again, answer("Done."))], {
      request: aRequest({ tools: [toolNamed("look")], toolChoice: "required" }),
    });
    expect(requests[0]?.map((request) => request["tool_choice"])).toEqual(["required", "auto"]);
  });
});

describe("a client that leaves", () => {
  test.each(["aborts", "stops reading"])(
    "while a tool runs (%s): the tool is told, and no engine is asked",
    async (how) => {
      const client = new AbortController();
      const upstream = await startFakeUpstream(inTurn(calls(LOOK("Rome")), answer("never")));
      const ended = Promise.withResolvers<void>();
      const look = (_: RoundCall, signal: AbortSignal): Promise<RoundReply> =>
        new Promise((resolve) =>
          signal.addEventListener("abort", () => {
            ended.resolve();
            resolve({ text: "", isError: true });
          }),
        );
      const run = runToolRounds(optionsOf([upstream], [], { look, signal: client.signal }), effects);
      let batch = await run.events.next();
      while (batch.done !== true && runsOf(batch.value).length === 0) batch = await run.events.next();
      const waiting = run.events.next();
      waiting.catch(() => undefined);
      if (how === "aborts") client.abort();
      await run.events.return();
      await ended.promise;
      expect(run.record.state).toBe("cancelled");
      await pause(50);
      expect(upstream.requests).toHaveLength(1);
      await upstream.stop();
    },
  );
});

test("the texts of rounds are paragraphs in the record", async () => {
  const spoken: Said = { text: ["Let me look."], calls: [LOOK("Rome")], finish: "tool_calls" };
  const { run } = await ask([inTurn(says(spoken), answer("It rains."))]);
  expect(run.record.text).toBe("Let me look.\n\nIt rains.");
});
