import { describe, expect, test } from "vitest";
import type { FetchLike } from "#lib/browser/api.ts";
import { Conversation } from "#lib/browser/conversation.ts";
import type { Question } from "#lib/browser/turns.ts";
import { type NativeEvent, serializeEvent } from "#lib/streaming/events.ts";

const ask = (text: string): Question => ({ text, model: "smart", files: [] });
const done: NativeEvent = { type: "done", usage: 1, model: "smart", tokensOut: 1 };
const token = (text: string): NativeEvent => ({ type: "token", text });
const failed: NativeEvent = { type: "error", message: "Nobody.", code: "no_engine" };

type Call = { path: string; body: unknown };

/** A gateway whose answers a test hands over event by event, and a conversation with it. */
function aConversation() {
  const calls: Call[] = [];
  const streams: ReadableStreamDefaultController<Uint8Array>[] = [];
  const json = new Map<string, () => Response>();
  const fetch: FetchLike = async (path, init) => {
    calls.push({ path, body: typeof init?.body === "string" ? JSON.parse(init.body) : undefined });
    const answer = json.get(path);
    if (answer !== undefined) return answer();
    return new Response(
      new ReadableStream<Uint8Array>({
        start(controller) {
          streams.push(controller);
          init?.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
        },
      }),
    );
  };
  const conversation = new Conversation({ nextFrame: (callback) => queueMicrotask(callback), fetch });
  const say = (...events: NativeEvent[]): void => {
    for (const event of events) streams.at(-1)?.enqueue(new TextEncoder().encode(serializeEvent(event)));
  };
  /** Does something that asks, and answers it. */
  const answer = async (asking: () => Promise<void>, ...events: NativeEvent[]): Promise<void> => {
    const before = streams.length;
    const asked = asking();
    await expect.poll(() => streams.length).toBe(before + 1);
    say(...events);
    await asked;
  };
  const turn = (text: string, ...events: NativeEvent[]): Promise<void> =>
    answer(() => conversation.send(ask(text)), ...events);
  const texts = (): string[] =>
    conversation.state.turns.map(({ question, answer: { text } }) => `${question.text}: ${text}`);
  return { conversation, calls, json, say, turn, answer, texts };
}

describe("a turn", () => {
  test("begins a conversation, and the next one goes on in it", async () => {
    const { conversation, calls, turn, texts } = aConversation();
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    expect(conversation.state).toMatchObject({ sessionId: "s", phase: "idle" });
    await turn("Two", token("2"), done);
    expect(texts()).toEqual(["One: 1", "Two: 2"]);
    expect(calls.map(({ body }) => body)).toEqual([
      { message: "One", model: "smart" },
      { message: "Two", model: "smart", sessionId: "s" },
    ]);
  });

  test("that delivers nothing begins no conversation", async () => {
    const { conversation, turn } = aConversation();
    await turn("One", { type: "session", id: "s" }, failed);
    expect(conversation.state).toMatchObject({
      sessionId: undefined,
      turns: [{ answer: { state: "failed" } }],
    });
  });

  test("that fails later leaves the conversation as it is", async () => {
    const { conversation, turn } = aConversation();
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    await turn("Two", failed);
    expect(conversation.state.sessionId).toBe("s");
  });

  test("is one at a time", async () => {
    const { conversation, calls, turn, texts } = aConversation();
    const first = turn("One", token("1"), done);
    await conversation.send(ask("Two"));
    await conversation.replace(0, ask("Three"));
    await first;
    expect(calls).toHaveLength(1);
    expect(texts()).toEqual(["One: 1"]);
  });

  test("that is stopped keeps its text", async () => {
    const { conversation, say } = aConversation();
    const asking = conversation.send(ask("One"));
    await expect.poll(() => conversation.state.phase).toBe("asking");
    await new Promise((resolve) => setTimeout(resolve));
    say({ type: "session", id: "s" }, token("Half"));
    await expect.poll(() => conversation.state.turns[0]?.answer.text).toBe("Half");
    conversation.stop();
    await asking;
    expect(conversation.state).toMatchObject({
      sessionId: "s",
      phase: "idle",
      turns: [{ answer: { state: "stopped", text: "Half" } }],
    });
  });

  test("that is stopped before its first word begins no conversation", async () => {
    const { conversation, say } = aConversation();
    const asking = conversation.send(ask("One"));
    await expect.poll(() => conversation.state.phase).toBe("asking");
    await new Promise((resolve) => setTimeout(resolve));
    say({ type: "session", id: "s" });
    await expect.poll(() => conversation.state.sessionId).toBe("s");
    conversation.stop();
    await asking;
    expect(conversation.state).toMatchObject({
      sessionId: undefined,
      turns: [{ answer: { state: "stopped" } }],
    });
  });

  test("of a conversation that was left changes nothing any more", async () => {
    const { conversation } = aConversation();
    const asking = conversation.send(ask("One"));
    conversation.reset();
    await asking;
    expect(conversation.state).toEqual({
      ...{ sessionId: undefined, turns: [], mcp: [], phase: "idle", error: undefined },
    });
  });
});

describe("asking in place of a question", () => {
  test("goes on in a branch that has what was saved before it", async () => {
    const { conversation, calls, json, turn, answer, texts } = aConversation();
    json.set("/api/sessions", () => Response.json({ id: "branch" }, { status: 201 }));
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    // Nothing of it was saved.
    await turn("Lost", failed);
    await turn("Two", token("2"), done);
    await turn("Three", token("3"), done);
    await answer(() => conversation.replace(2, ask("Two again")), token("4"), done);
    expect(calls.slice(-2)).toEqual([
      { path: "/api/sessions", body: { from: { id: "s", messages: 2 } } },
      { path: "/api/ai-chat", body: { message: "Two again", model: "smart", sessionId: "branch" } },
    ]);
    expect(texts()).toEqual(["One: 1", "Lost: ", "Two again: 4"]);
    expect(conversation.state.sessionId).toBe("branch");
  });

  test("of the first one begins a new conversation", async () => {
    const { conversation, calls, turn, answer } = aConversation();
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    await answer(
      () => conversation.replace(0, ask("Another")),
      { type: "session", id: "t" },
      token("2"),
      done,
    );
    expect(calls.map(({ path }) => path)).toEqual(["/api/ai-chat", "/api/ai-chat"]);
    expect(calls[1]?.body).toEqual({ message: "Another", model: "smart" });
    expect(conversation.state.sessionId).toBe("t");
  });

  test("of one that delivered nothing goes on where it was", async () => {
    const { conversation, calls, turn, answer, texts } = aConversation();
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    await turn("Two", failed);
    await answer(() => conversation.replace(1, ask("Two")), token("2"), done);
    expect(calls.at(-1)?.body).toEqual({ message: "Two", model: "smart", sessionId: "s" });
    expect(texts()).toEqual(["One: 1", "Two: 2"]);
  });

  test("branches once, however often it is asked for", async () => {
    const { conversation, calls, json, turn, answer, texts } = aConversation();
    json.set("/api/sessions", () => Response.json({ id: "branch" }, { status: 201 }));
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    await turn("Two", token("2"), done);
    const replaceTwice = async (): Promise<void> => {
      const first = conversation.replace(1, ask("Other"));
      await conversation.replace(1, ask("Other"));
      await first;
    };
    await answer(replaceTwice, token("3"), done);
    expect(calls.slice(2).map(({ path }) => path)).toEqual(["/api/sessions", "/api/ai-chat"]);
    expect(texts()).toEqual(["One: 1", "Other: 3"]);
  });

  test.each([
    ["is opened", "t", (conversation: Conversation): Promise<void> => conversation.open("t")],
    ["begins", undefined, async (conversation: Conversation): Promise<void> => conversation.reset()],
  ])("asks nothing if another conversation %s meanwhile", async (_, sessionId, leave) => {
    const { conversation, calls, json, turn } = aConversation();
    json.set("/api/sessions", () => Response.json({ id: "branch" }, { status: 201 }));
    json.set("/api/sessions/t", () => Response.json({ id: "t", messages: [] }));
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    await turn("Two", token("2"), done);
    const replacing = conversation.replace(1, ask("Other"));
    await leave(conversation);
    await replacing;
    expect(conversation.state).toMatchObject({ sessionId, turns: [], phase: "idle", error: undefined });
    expect(calls.filter(({ path }) => path === "/api/ai-chat")).toHaveLength(2);
  });

  test("can be stopped while the branch is made, and then changes nothing", async () => {
    const { conversation, json, turn, texts } = aConversation();
    json.set("/api/sessions", () => Response.json({ id: "branch" }, { status: 201 }));
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    await turn("Two", token("2"), done);
    const replacing = conversation.replace(1, ask("Other"));
    conversation.stop();
    await replacing;
    expect(texts()).toEqual(["One: 1", "Two: 2"]);
    expect(conversation.state).toMatchObject({ phase: "idle", sessionId: "s", error: undefined });
  });

  test("changes nothing if the branch cannot be made, and says why", async () => {
    const { conversation, json, turn, texts } = aConversation();
    const error = { code: "not_found", message: "You have no such session." };
    json.set("/api/sessions", () => Response.json({ error }, { status: 404 }));
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    await turn("Two", token("2"), done);
    await conversation.replace(1, ask("Other"));
    expect(texts()).toEqual(["One: 1", "Two: 2"]);
    expect(conversation.state).toMatchObject({ phase: "idle", sessionId: "s", error });
  });
});

describe("a saved conversation", () => {
  test("is opened with its turns", async () => {
    const { conversation, json, texts } = aConversation();
    const messages = ["One", "1", "Two", "2"].map((content, index) => ({
      role: index % 2 === 0 ? "user" : "assistant",
      content,
    }));
    json.set("/api/sessions/s", () => Response.json({ id: "s", messages }));
    await conversation.open("s");
    expect(texts()).toEqual(["One: 1", "Two: 2"]);
    expect(conversation.state).toMatchObject({ sessionId: "s", phase: "idle" });
    expect(new Set(conversation.state.turns.map(({ key }) => key)).size).toBe(2);
  });

  test("that is not there is said to be so", async () => {
    const { conversation, json } = aConversation();
    const error = { code: "not_found", message: "You have no such session." };
    json.set("/api/sessions/s", () => Response.json({ error }, { status: 404 }));
    await conversation.open("s");
    expect(conversation.state).toMatchObject({ sessionId: undefined, turns: [], error });
  });
});

describe("tools of MCP servers", () => {
  const approval = (id: string): NativeEvent => ({
    ...{ type: "approval", id, plugin: "notes", tool: "write", arguments: `{"text":"${id}"}` },
  });
  const words = token("[This needs your consent: a call of write of notes.]");
  const decision = (id: string, approve: boolean) => ({
    ...{ id, plugin: "notes", tool: "write", arguments: `{"text":"${id}"}`, approve },
  });
  const callStates = ({ state: { turns } }: Conversation): string[] | undefined =>
    turns.at(-1)?.answer.calls.map(({ state }) => state);

  test("are named from the next question on, and not in another conversation", async () => {
    const { conversation, calls, turn } = aConversation();
    await turn("One", { type: "session", id: "s" }, token("1"), done);
    conversation.chooseServers(["notes", "maps"]);
    await turn("Two", token("2"), done);
    conversation.reset();
    await turn("Three", token("3"), done);
    expect(calls.map(({ body }) => (body as { mcp?: string[] }).mcp)).toEqual([
      undefined,
      ["notes", "maps"],
      undefined,
    ]);
  });

  test("ask before they are called, and the same answer goes on when all are decided", async () => {
    const { conversation, calls, turn, answer, texts } = aConversation();
    conversation.chooseServers(["notes"]);
    await turn(
      "Write",
      { type: "session", id: "s" },
      token("May I?"),
      approval("1"),
      approval("2"),
      words,
      done,
    );
    // What the answer was allowed to use stays, whatever is chosen meanwhile.
    conversation.chooseServers([]);
    await conversation.decide("1", true);
    expect(calls).toHaveLength(1);
    expect(callStates(conversation)).toEqual(["allowed", "asks"]);
    await answer(
      () => conversation.decide("2", false),
      { type: "tool", id: "1", name: "write", status: "done", result: "Written." },
      token("Done."),
      done,
    );
    expect(calls[1]?.body).toEqual({
      ...{ message: "", model: "smart", sessionId: "s", mcp: ["notes"] },
      approvals: [decision("1", true), decision("2", false)],
    });
    expect(texts()).toEqual(["Write: May I?\n\nDone."]);
    expect(callStates(conversation)).toEqual(["done", "declined"]);
    expect(conversation.state).toMatchObject({ phase: "idle", sessionId: "s" });
  });

  test("that ask are saved with two messages for each request of the answer", async () => {
    const { conversation, calls, json, turn, answer } = aConversation();
    json.set("/api/sessions", () => Response.json({ id: "branch" }, { status: 201 }));
    conversation.chooseServers(["notes"]);
    await turn("Write", { type: "session", id: "s" }, approval("1"), words, done);
    await answer(() => conversation.decide("1", true), token("Done."), done);
    await turn("Two", token("2"), done);
    await answer(() => conversation.replace(1, ask("Two again")), token("3"), done);
    expect(calls.at(-2)?.body).toEqual({ from: { id: "s", messages: 4 } });
  });

  test("keep the conversation that asked when going on fails or is stopped", async () => {
    const { conversation, turn, answer } = aConversation();
    conversation.chooseServers(["notes"]);
    await turn("Write", { type: "session", id: "s" }, approval("1"), words, done);
    expect(conversation.state.sessionId).toBe("s");
    await answer(() => conversation.decide("1", true), failed);
    expect(conversation.state).toMatchObject({ sessionId: "s", turns: [{ answer: { state: "failed" } }] });
    expect(callStates(conversation)).toEqual(["stopped"]);
  });

  test("ask nothing any more when the conversation has gone on", async () => {
    const { conversation, calls, turn } = aConversation();
    conversation.chooseServers(["notes"]);
    await turn("Write", { type: "session", id: "s" }, approval("1"), words, done);
    await turn("Never mind", token("Fine."), done);
    await conversation.decide("1", true);
    expect(calls).toHaveLength(2);
  });
});
