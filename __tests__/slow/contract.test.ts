import { type ClientRequest, request as httpRequest } from "node:http";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { BAD_INPUTS } from "../support/bad-inputs.ts";
import { bearer, credentialsOf } from "../support/credentials.ts";
import { answers, type FakeUpstream, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, databaseSettings, eventually, modelsConfig } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

/**
 * What the contract tests ask of the routes in process, asked over HTTP of the hosts that serve them.
 */
let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;
let keys: { live: string; revoked: string; expired: string };
let origin: string;
const credentials = credentialsOf(() => ({ database, user, keys, origin }));

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Answered."));
  user = await database.signUp();
  keys = {
    live: await createKey(database, user.userId),
    revoked: await createKey(database, user.userId, { revoked: true }),
    expired: await createKey(database, user.userId, { expiresAt: new Date(Date.now() - 60_000) }),
  };
});
beforeEach(() => {
  upstream.requests.length = 0;
});
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

type Answer = { status: number | undefined; headers: Record<string, unknown>; body: string };

/** A client that sends every header as it is told to, and reads an answer that comes before its body is out. */
function send(
  url: string,
  method: string,
  headers: Record<string, string>,
  body?: string | Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let answered = false;
    const request: ClientRequest = httpRequest(url, { method, headers }, (response) => {
      answered = true;
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      response.on("close", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: text }),
      );
    });
    request.on("error", (error) => {
      if (!answered) reject(error);
    });
    request.end(body);
  });
}

const json = { "content-type": "application/json" };

describe.each<{ host: HostName }>([{ host: "start" }, { host: "next-start" }])("under $host", ({ host }) => {
  let gateway: ServedGateway;
  beforeAll(async () => {
    gateway = await serveGateway(host, {
      ...databaseSettings(database),
      AUTH_FAILURES_PER_MINUTE: "0",
      ENABLE_OPENAI_PROXY: "true",
      MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }, { modes: ["smart", "vision"] }),
    });
    origin = gateway.url;
  });
  afterAll(async () => {
    await gateway.stop();
  });

  test.each(credentials.all)("$name", async ({ headers, user: expected, account = expected }) => {
    const sent = await headers();
    const ask = { ...json, ...sent };
    const chat = await send(`${gateway.url}/api/ai-chat`, "POST", ask, JSON.stringify({ message: "Hi" }));
    expect(chat.status).toBe(expected === "in" ? 200 : expected);
    expect(chat.headers["x-request-id"]).toBeTruthy();
    const key = await send(`${gateway.url}/api/keys`, "POST", ask, JSON.stringify({ name: "a key" }));
    expect(key.status).toBe(account === "in" ? 201 : account);
    expect((await send(`${gateway.url}/api/health`, "GET", sent)).status).toBe(200);
    expect((await send(`${gateway.url}/api/nothing`, "GET", sent)).status).toBe(404);
  });

  // Over HTTP a Content-Length that lies is not the body's length: the host has its own word on it.
  test.each(BAD_INPUTS.filter(({ headers }) => headers?.["content-length"] === undefined))(
    "$name is told so",
    async ({ body, headers = {}, status = 400, code = "invalid_request", says = /./ }) => {
      const bytes = body instanceof Uint8Array || typeof body === "string" ? body : JSON.stringify(body);
      const sent = { ...json, ...bearer(keys.live), ...headers };
      const answer = await send(`${gateway.url}/api/ai-chat`, "POST", sent, bytes);
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body)).toMatchObject({
        error: { code, message: expect.stringMatching(says), requestId: answer.headers["x-request-id"] },
      });
      expect(upstream.requests).toEqual([]);
    },
  );

  test("a turn goes well, and its usage is stored under the request id", async () => {
    const sent = { ...json, ...bearer(keys.live) };
    const answer = await send(`${gateway.url}/api/ai-chat`, "POST", sent, '{"message":"Hi"}');
    expect(answer.headers["content-type"]).toBe("text/event-stream; charset=utf-8");
    expect(answer.body).toMatch(/^data: \{"type":"session"[\s\S]*data: \{"type":"done".*\n\n$/);
    const id = String(answer.headers["x-request-id"]);
    const [row] = await database.sql`select status from public.ai_chat_usage where id = ${id}`;
    expect(row).toEqual({ status: "completed" });
  });

  describe("the official clients", () => {
    const messages = [{ role: "user" as const, content: "Hi" }];
    const openai = () => new OpenAI({ apiKey: keys.live, baseURL: `${gateway.url}/api/v1`, maxRetries: 0 });
    const anthropic = () =>
      new Anthropic({ apiKey: keys.live, baseURL: `${gateway.url}/api`, maxRetries: 0 });

    test("chat completions, whole and streamed", async () => {
      const whole = await openai().chat.completions.create({ model: "gpt-4o", messages }).withResponse();
      expect(whole.data.choices[0]?.message.content).toBe("Answered.");
      expect(whole.response.headers.get("x-sarmalink-engine")).toBe("only/m");
      const stream = openai().chat.completions.stream({ model: "smart", messages });
      expect(await stream.finalContent()).toBe("Answered.");
    });

    test("responses and messages, whole and streamed", async () => {
      const response = await openai().responses.create({ model: "smart", input: "Hi" });
      expect(response.output_text).toBe("Answered.");
      const events = [];
      for await (const event of await openai().responses.create({
        model: "smart",
        input: "Hi",
        stream: true,
      }))
        events.push(event.type);
      expect([events[0], events.at(-1)]).toEqual(["response.created", "response.completed"]);
      const ask = { model: "claude-sonnet-4-5", max_tokens: 50, messages };
      expect((await anthropic().messages.create(ask)).content).toMatchObject([{ text: "Answered." }]);
      expect(await anthropic().messages.stream(ask).finalText()).toBe("Answered.");
      expect(
        (await anthropic().messages.countTokens({ model: "smart", messages })).input_tokens,
      ).toBeGreaterThan(0);
    });

    test("models, one with a slash in its name, and what is not there", async () => {
      expect((await openai().models.retrieve("only/m")).id).toBe("only/m");
      expect((await openai().models.list()).data.map(({ id }) => id)).toContain("auto");
      await expect(openai().models.retrieve("nope/x")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
      await expect(openai().embeddings.create({ model: "groq/none", input: "Hi" })).rejects.toBeInstanceOf(
        OpenAI.NotFoundError,
      );
      await expect(
        new OpenAI({ apiKey: "wrong", baseURL: `${gateway.url}/api/v1`, maxRetries: 0 }).models.list(),
      ).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    });

    test("who leaves in the middle of a stream has the upstream closed, and a row", async () => {
      upstream.script = async (exchange) => {
        await exchange.startStream();
        await exchange.event(textChunk("Some words"));
        await exchange.closed();
      };
      const call = openai().chat.completions.create({ model: "smart", messages, stream: true });
      const { data: stream, response } = await call.withResponse();
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
      const leftAt = performance.now();
      stream.controller.abort();
      await eventually("the upstream is closed", () => upstream.requests[0]?.closedAt !== undefined);
      expect(performance.now() - leftAt).toBeLessThan(1_500);
      const id = String(response.headers.get("x-request-id"));
      await eventually("the row is stored", async () => {
        const [row] = await database.sql`select status from public.ai_chat_usage where id = ${id}`;
        return row?.["status"] === "cancelled";
      });
      upstream.script = answers("Answered.");
    });

    test("the API describes itself", async () => {
      const { status, body } = await send(`${gateway.url}/api/openapi.json`, "GET", {});
      expect([status, JSON.parse(body)]).toMatchObject([200, { openapi: "3.1.0" }]);
    });
  });

  test.each(["PUT", "PATCH", "DELETE", "GET"])(
    "%s of a route that only takes POST is 405",
    async (method) => {
      const answer = await send(`${gateway.url}/api/ai-chat`, method, {});
      expect(answer.status).toBe(405);
      expect(answer.headers["allow"]).toBe("POST, OPTIONS");
      expect(answer.body).toContain("method_not_allowed");
    },
  );
});
