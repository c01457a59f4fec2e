import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { ask, decide, wayTo } from "../../examples/browser-client.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import {
  createKey,
  type HttpHost,
  listen,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

/** Every example runs as its user would run it, against a gateway whose engines are the sandbox. */
const PAGE_ORIGIN = "http://localhost:8080";

let database: TestSupabase;
let gateway: TestGateway;
let host: HttpHost;
let key: string;

beforeAll(async () => {
  database = await startTestSupabase();
  gateway = await startTestGateway({
    database,
    settings: { ENABLE_SANDBOX: "true", ENABLE_OPENAI_PROXY: "true", CORS_ALLOWED_ORIGINS: PAGE_ORIGIN },
  });
  const route = apiRouter(async () => gateway.gateway);
  host = await listen((request, own) => route(new URL(request.url).pathname)(request, own));
  key = await createKey(database, (await database.signUp()).userId);
}, 30_000);
afterAll(async () => {
  await host.stop();
  await gateway.stop();
  await database.stop();
});

type Ended = { code: number | null; out: string; notes: string };

function run(program: string, args: readonly string[], { input = "", bearer = key } = {}): Promise<Ended> {
  const child = spawn(program, args, {
    env: { ...process.env, SARMALINK_URL: host.url, SARMALINK_KEY: bearer },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended: Ended = { code: null, out: "", notes: "" };
  child.stdout.on("data", (bytes: Buffer) => (ended.out += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (ended.notes += bytes.toString()));
  child.stdin.end(input);
  return new Promise((resolve) => child.once("close", (code) => resolve({ ...ended, code })));
}

const CLI = "examples/cli/sarmalink-chat.mjs";
const native = [
  { name: "stream-chat.ts", program: process.execPath, file: "examples/stream-chat.ts" },
  { name: "stream-chat.mjs", program: process.execPath, file: "examples/stream-chat.mjs" },
  { name: "stream_chat.py", program: "python3", file: "examples/stream_chat.py" },
  { name: "curl.sh", program: "bash", file: "examples/curl.sh" },
  { name: "the CLI with one question", program: process.execPath, file: CLI },
];

/** A machine without Python or curl can still run the others. */
const canRun = ({ program }: { program: string }): boolean => spawnSync(program, ["--version"]).status === 0;

describe.concurrent.each(native.filter(canRun))("$name", ({ program, file }) => {
  test("shows an answer, and the engine that failed before it", async () => {
    const { code, out, notes } = await run(program, [file, '/fail 429 say "hi"\\']);
    expect({ code, notes: code === 0 ? "" : notes }).toEqual({ code: 0, notes: "" });
    expect(joined(out)).toContain('You said: "/fail 429 say "hi"\\".');
    expect(out + notes).toMatch(/sandbox\/first.*rate_limited/);
    expect(out + notes).toContain("Sandbox engine (second)");
  });

  test("fails if the key is wrong, with the gateway's words", async () => {
    const { code, out, notes } = await run(program, [file, "Hi"], { bearer: "sk-sarmalink-wrong" });
    expect(code).not.toBe(0);
    expect(out + notes).toMatch(/gateway key|credential|token/i);
  });
});

/** The text of an answer; curl shows the events themselves. */
function joined(out: string): string {
  if (!out.startsWith("data: ")) return out;
  const events = out
    .split("\n")
    .flatMap((line) => (line.startsWith("data: ") ? [JSON.parse(line.slice(6))] : []));
  return events
    .map((event: { type: string; text?: string }) => (event.type === "token" ? event.text : ""))
    .join("");
}

test.concurrent.each(["openai-sdk.ts", "langchain.ts", "ai-sdk.ts"])("%s streams an answer", async (name) => {
  const { code, out, notes } = await run(process.execPath, [`examples/${name}`, "/fail 500 hello"]);
  expect({ code, notes: code === 0 ? "" : notes }).toEqual({ code: 0, notes: "" });
  expect(out).toContain('You said: "/fail 500 hello".');
  expect(out).toContain("to watch failover at work.");
});

describe.concurrent("the CLI as a conversation", () => {
  test("keeps the conversation, changes the mode, begins anew and leaves", async () => {
    const input = ["First", "/model fast", "Second", "/new", "Third", "/help", "/quit", ""].join("\n");
    const { code, out, notes } = await run(process.execPath, [CLI], { input });
    expect(code).toBe(0);
    expect([...out.matchAll(/You said: "(\w+)"/g)].map(([, said]) => said)).toEqual([
      "First",
      "Second",
      "Third",
    ]);
    expect(notes).toContain("begin a new conversation");
    const sessions = await database.sql`
      select title, jsonb_array_length(messages) as messages from public.ai_chat_sessions
      where title in ('First', 'Third') order by title`;
    expect(sessions.map(({ title, messages }) => [title, messages])).toEqual([
      ["First", 4],
      ["Third", 2],
    ]);
  });

  test("is a package that npx can run", async () => {
    const { code, out, notes } = await run("npx", ["--offline", "./examples/cli", "Hello"]);
    expect({ code, notes: code === 0 ? "" : notes }).toEqual({ code: 0, notes: "" });
    expect(out).toContain('You said: "Hello"');
  });

  test("says that nobody answers where no gateway is", async () => {
    const ended = await run("env", ["SARMALINK_URL=http://127.0.0.1:9", process.execPath, CLI, "Hi"]);
    expect(ended.code).toBe(1);
    expect(ended.notes).toContain("http://127.0.0.1:9 cannot be reached: ");
  });
});

describe.concurrent("the chat page", () => {
  test("its reader yields the events of an answer", async () => {
    const { streamChat } = (await import("../../examples/chat-page/stream.js" as string)) as ChatPage;
    const types: string[] = [];
    for await (const event of streamChat({ url: host.url, key, message: "/fail cut hello" }))
      types.push(event.type);
    expect(types).toContain("attempt");
    expect(types.filter((type) => type === "backend").length).toBeGreaterThan(1);
    expect(types.at(-1)).toBe("done");
  });

  test("and throws the gateway's own message", async () => {
    const { streamChat } = (await import("../../examples/chat-page/stream.js" as string)) as ChatPage;
    const refused = streamChat({ url: host.url, key, message: " " }).next();
    await expect(refused).rejects.toThrow('"message": must not be empty.');
  });

  test("its origin is answered, as the page's README says", async () => {
    const asked = await fetch(`${host.url}/api/ai-chat`, {
      method: "OPTIONS",
      headers: {
        origin: PAGE_ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
      },
    });
    expect(asked.headers.get("access-control-allow-origin")).toBe(PAGE_ORIGIN);
    expect(asked.headers.get("access-control-allow-headers")).toContain("authorization");
  });
});

describe.concurrent("the reader of lib/browser", () => {
  const soon = (callback: () => void): void => void setTimeout(callback, 5);
  const options = (signal = new AbortController().signal) => ({ url: host.url, bearer: key, signal });

  test("shows an answer as it grows, and the way to it", async () => {
    const lengths: number[] = [];
    const request = { message: "/fail cut hello", model: "smart" };
    const turn = await ask(request, options(), ({ text }) => void lengths.push(text.length), soon);
    expect(turn).toMatchObject({ state: "done", failure: undefined, sessionId: expect.any(String) });
    expect(turn.text).toContain("to watch failover at work.");
    expect(lengths.length).toBeGreaterThan(5);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    const way = wayTo(turn);
    expect(way[0]).toBe("Sandbox engine (first) answers");
    expect(way[1]).toMatch(/^sandbox\/first: reset after \d+ ms$/);
    expect(way.at(-1)).toMatch(/^Sandbox engine \(second\) goes on at \d+$/);
  });

  test("shows why an answer failed", async () => {
    const turn = await ask({ message: "/fail 500 all", model: "smart" }, options(), () => undefined, soon);
    expect(turn).toMatchObject({ state: "failed", text: "", failure: { code: "engines_unavailable" } });
    const refused = await ask({ message: "Hi", model: "none" }, options(), () => undefined, soon);
    expect(refused).toMatchObject({ state: "failed", failure: { code: "invalid_request" } });
  });

  test("keeps what had come when it was stopped", async () => {
    const stop = new AbortController();
    const render = ({ text }: { text: string }): void => {
      if (text.length > 20) stop.abort();
    };
    const turn = await ask({ message: "Hello", model: "smart" }, options(stop.signal), render, soon);
    expect(turn.state).toBe("stopped");
    expect(turn.text).toMatch(/^This is SarmaLink-AI/);
  });

  test("asks for consent, and goes on when all calls are decided", async () => {
    const approval = (id: string) => ({
      type: "approval",
      id,
      plugin: "notes",
      tool: "write",
      arguments: "{}",
    });
    const done = { type: "done", usage: 1, model: "smart", tokensOut: 1 };
    const streams = [
      [approval("1"), approval("2"), done],
      [{ type: "token", text: "Written." }, done],
    ];
    const bodies: unknown[] = [];
    const fetch = async (_url: string, init?: RequestInit): Promise<Response> => {
      bodies.push(JSON.parse(String(init?.body)));
      return new Response(
        streams
          .shift()
          ?.map((event) => `data: ${JSON.stringify(event)}\n\n`)
          .join(""),
      );
    };
    vi.stubGlobal("requestAnimationFrame", soon);
    const own = { ...options(), fetch };
    const request = { message: "Write", model: "smart", mcp: ["notes"] };
    const asked = await ask(request, own, () => undefined, soon);
    const first = await decide(asked, { callId: "1", approve: true }, request, own, () => undefined);
    expect(bodies).toHaveLength(1);
    const last = await decide(first, { callId: "2", approve: false }, request, own, () => undefined);
    vi.unstubAllGlobals();
    expect(last).toMatchObject({ state: "done", text: "Written." });
    expect(bodies[1]).toMatchObject({
      message: "",
      approvals: [
        { id: "1", approve: true },
        { id: "2", approve: false },
      ],
    });
  });

  test("BROWSER-CLIENT shows exactly this code", () => {
    const code = readFileSync("examples/browser-client.ts", "utf8");
    const blocks = [...readFileSync("docs/BROWSER-CLIENT.md", "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
    expect(blocks).toHaveLength(3);
    for (const [, block = ""] of blocks) expect(code).toContain(block);
  });
});

type ChatPage = {
  streamChat(request: { url: string; key: string; message: string }): AsyncGenerator<{ type: string }>;
};
