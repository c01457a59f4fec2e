import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  answerError,
  answerImage,
  cloudflareSettings,
  KLEIN_4B,
  KLEIN_9B,
  readCloudflareCall,
} from "../support/cloudflare-upstream.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { png } from "../support/images.ts";
import type { NativeAnswer } from "../support/native-client.ts";
import { type ProxyGateway, startProxyGateway } from "../support/proxy-gateway.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";

const FOX = png(64, 48);
const GREEN = png(48, 64);
const DATA_URL = `data:image/png;base64,${FOX.toString("base64")}`;
const draws: Script = (exchange) => {
  const isEdit = readCloudflareCall(exchange.request).form?.has("input_image_0") === true;
  return answerImage(exchange, isEdit ? GREEN : FOX);
};

let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;
let proxy: ProxyGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(draws);
}, 60_000);
beforeEach(async () => {
  upstream.script = draws;
  upstream.requests.length = 0;
  user = await database.signUp();
  proxy = await startProxyGateway(database, cloudflareSettings(upstream.origin));
});
afterEach(() => proxy.stop());
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

const calls = () => upstream.requests.map(readCloudflareCall);
const ask = (body: object, via = proxy) => via.gateway.ask(user.accessToken, body);
const imageOf = ({ events }: NativeAnswer) => events.find((event) => event.type === "image");
const sessionOf = ({ events }: NativeAnswer) => {
  const event = events.find(({ type }) => type === "session");
  return event?.type === "session" ? event.id : "";
};

async function stored(sessionId: string): Promise<{ role: string; content: string }[]> {
  await proxy.gateway.settled();
  const [row] = await database.sql`
    select messages from public.ai_chat_sessions where id = ${sessionId}`;
  return (row?.["messages"] ?? []) as { role: string; content: string }[];
}

describe("a message that asks for an image", () => {
  test("is answered by one, in the events of the stream, with words in its language", async () => {
    const answer = await ask({ message: "dessine un renard dans la neige" });
    expect(answer.order).toEqual([
      ...["session", "auto_routed", "tool", "backend", "tool", "image", "token", "usage", "done"],
    ]);
    expect(imageOf(answer)).toEqual({ type: "image", url: DATA_URL, source: "cloudflare" });
    expect(answer.text).toBe("Voici l'image.");
    expect(calls()[0]?.form?.get("prompt")?.text).toBe("un renard dans la neige");
  });

  test("is stored with a reference to the image, not with its bytes", async () => {
    const answer = await ask({ message: "Draw a fox in the [snow]" });
    const [, message] = await stored(sessionOf(answer));
    expect(message?.content).toMatch(
      /^!\[a fox in the snow\]\(\/api\/attachments\/[0-9a-f-]{36}\?redirect=true\)\n\nHere is the image\.$/,
    );
    const files = await database.sql`
      select type, bytes, document->'sections'->0->>'text' as text from public.ai_attachments
      where user_id = ${user.userId}`;
    expect(files).toEqual([{ type: "image", bytes: FOX.length, text: "a fox in the [snow]" }]);
  });

  test("is billed as the turn that it is", async () => {
    await ask({ message: "Draw a fox in the snow" });
    await proxy.gateway.settled();
    const rows = await database.sql`
      select status, delivered, backend, model, cost_usd::float from public.ai_chat_usage
      where user_id = ${user.userId}`;
    expect(rows).toEqual([
      { status: "completed", delivered: true, backend: "cloudflare", model: KLEIN_9B, cost_usd: 0 },
    ]);
  });

  test("asks what to draw if nobody has said it, and draws the answer", async () => {
    const asked = await ask({ message: "Draw something" });
    expect(asked.text).toBe("What should the image show?");
    const drawn = await ask({ message: "a fox in the snow", sessionId: sessionOf(asked) });
    expect(imageOf(drawn)).toBeDefined();
    expect(calls().map(({ form }) => form?.get("prompt")?.text)).toEqual(["a fox in the snow"]);
  });

  test("that no engine can draw is an error that says to try again, and costs no turn", async () => {
    upstream.script = (exchange) => answerError(exchange, 500, 1031, "AiError: down");
    const answer = await ask({ message: "Draw a fox in the snow" });
    expect(answer.error).toMatchObject({ code: "engines_unavailable", retryable: true });
    expect(answer.events.filter(({ type }) => type === "attempt")).toHaveLength(3);
    await proxy.gateway.settled();
    const [row] = await database.sql`
      select status, delivered from public.ai_chat_usage where user_id = ${user.userId}`;
    expect(row).toEqual({ status: "failed", delivered: false });
    const counted = await database.sql`
      select used from public.ai_quota_counters where user_id = ${user.userId} and used > 0`;
    expect(counted).toEqual([]);
  });

  test("is not drawn for a client that leaves: the call is closed, and the turn is cancelled", async () => {
    const leaving = new AbortController();
    const asked = Promise.withResolvers<void>();
    upstream.script = async (exchange) => {
      asked.resolve();
      await exchange.closed();
    };
    const body = { message: "Draw a fox in the snow" };
    const answer = proxy.gateway
      .ask(user.accessToken, body, { signal: leaving.signal })
      .catch(() => undefined);
    await asked.promise;
    leaving.abort();
    await answer;
    await expect.poll(() => upstream.inFlight).toBe(0);
    await proxy.gateway.settled();
    const [row] = await database.sql`
      select status, delivered from public.ai_chat_usage where user_id = ${user.userId}`;
    expect(row).toEqual({ status: "cancelled", delivered: false });
    expect(upstream.requests).toHaveLength(1);
  });

  test("that engines refuse to draw is a refusal, at once", async () => {
    upstream.script = (exchange) =>
      answerError(exchange, 400, 3030, "AiError: Input prompt contains NSFW content.");
    const answer = await ask({ message: "Draw a fox in the snow" });
    expect(answer.error).toMatchObject({ code: "content_policy", retryable: false });
    expect(upstream.requests).toHaveLength(1);
  });
});

describe("a conversation about an image", () => {
  test("changes the image before, by its bytes, and the changed one after that", async () => {
    const first = await ask({ message: "Draw a fox in the snow" });
    const sessionId = sessionOf(first);
    const second = await ask({ message: "make it emerald green", sessionId });
    expect(imageOf(second)).toMatchObject({ url: `data:image/png;base64,${GREEN.toString("base64")}` });
    await ask({ message: "make it darker", sessionId });
    const edits = calls().slice(1);
    expect(edits.map(({ form }) => form?.get("prompt")?.text)).toEqual([
      "make it emerald green",
      "make it darker",
    ]);
    const sizes = await Promise.all(
      edits.map(async ({ form }) => {
        const { width, height } = await sharp(form?.get("input_image_0")?.bytes).metadata();
        return [width, height];
      }),
    );
    expect(sizes).toEqual([
      [64, 48],
      [48, 64],
    ]);
    const messages = await stored(sessionId);
    expect(messages[3]?.content).toContain("![a fox in the snow. make it emerald green](");
  });

  test("draws anew what is asked for again, or if the image before has gone", async () => {
    const sessionId = sessionOf(await ask({ message: "Draw a fox in the snow" }));
    await ask({ message: "another one", sessionId });
    await proxy.gateway.settled();
    await database.sql`delete from public.ai_attachments where user_id = ${user.userId}`;
    await ask({ message: "make it darker", sessionId });
    expect(calls().map(({ form }) => [form?.get("prompt")?.text, form?.has("input_image_0")])).toEqual([
      ["a fox in the snow", false],
      ["a fox in the snow", false],
      ["a fox in the snow. make it darker", false],
    ]);
  });

  test("keeps an image that an engine draws a second time for each of its turns", async () => {
    const sessionId = sessionOf(await ask({ message: "Draw a fox in the snow" }));
    await ask({ message: "another one", sessionId });
    const marks = (await stored(sessionId)).flatMap(
      ({ content }) => /^!\[.*\/api\/attachments\/([0-9a-f-]{36})/.exec(content)?.[1] ?? [],
    );
    expect(new Set(marks).size).toBe(2);
  });

  test("changes an image of the user's, and that is what is changed next", async () => {
    const image = `data:image/png;base64,${png(30, 20).toString("base64")}`;
    const first = await ask({ message: "Remove the background", image });
    expect(imageOf(first)).toMatchObject({ url: `data:image/png;base64,${GREEN.toString("base64")}` });
    await ask({ message: "make it darker", sessionId: sessionOf(first) });
    expect(calls().map(({ form }) => form?.get("prompt")?.text)).toEqual([
      "Remove the background",
      "make it darker",
    ]);
    const last = await sharp(calls()[1]?.form?.get("input_image_0")?.bytes).metadata();
    expect([last.width, last.height]).toEqual([48, 64]);
  });

  test("about something else is for the engines, which are told what was drawn and get no image", async () => {
    const sessionId = sessionOf(await ask({ message: "Draw a fox in the snow" }));
    const answer = await ask({ message: "What do foxes eat?", sessionId });
    expect(answer.text).toBe("Hello from first.");
    expect(answer.order).not.toContain("tool");
    const sent = proxy.first.requests.at(-1)?.text ?? "";
    expect(sent).toContain("![a fox in the snow](");
    expect(sent).not.toContain("base64");
  });

  test("goes on with another engine where the first one is down", async () => {
    upstream.script = (exchange) =>
      readCloudflareCall(exchange.request).model === KLEIN_9B
        ? answerError(exchange, 500, 1031, "AiError: down")
        : draws(exchange);
    const answer = await ask({ message: "Draw a fox in the snow" });
    expect(answer.events).toContainEqual(expect.objectContaining({ type: "backend", model: KLEIN_4B }));
    expect(answer.order).toContain("attempt");
  });

  test("of another user cannot be reached by a made-up reference", async () => {
    const sessionId = sessionOf(await ask({ message: "Draw a fox in the snow" }));
    const [, message] = await stored(sessionId);
    const stranger = await database.signUp();
    const history = [
      { role: "user", content: "Draw a fox in the snow" },
      { role: "assistant", content: message?.content },
    ];
    await proxy.gateway.ask(stranger.accessToken, { message: "make it darker", history });
    expect(calls().at(-1)?.form?.has("input_image_0")).toBe(false);
  });
});

describe("the reference of a saved answer", () => {
  const open = (path: string, credential: string, via = proxy) =>
    via.fetch(`http://gateway.test${path}`, {
      headers: { authorization: `Bearer ${credential}` },
      redirect: "manual",
    });
  const pathOf = async (answer: NativeAnswer) =>
    /\((\/api\/[^)]+)\)/.exec((await stored(sessionOf(answer)))[1]?.content ?? "")?.[1] ?? "";

  test("gives the image to its owner, and to nobody else", async () => {
    const path = await pathOf(await ask({ message: "Draw a fox in the snow" }));
    const served = await open(path, user.accessToken);
    expect(served.status).toBe(200);
    expect(served.headers.get("content-type")).toBe("image/png");
    expect(served.headers.get("x-content-type-options")).toBe("nosniff");
    expect(Buffer.from(await served.arrayBuffer()).equals(FOX)).toBe(true);
    const stranger = await database.signUp();
    // As any file without an object storage.
    expect((await open(path, stranger.accessToken)).status).toBe(503);
  });

  describe("with an object storage", () => {
    let storage: S3Server;
    beforeAll(async () => {
      storage = await startS3Server();
    });
    afterAll(() => storage.stop());

    test("leads there, as the event does, and the object goes with the session", async () => {
      const stores = await startProxyGateway(database, {
        ...cloudflareSettings(upstream.origin),
        ...storage.settings,
      });
      const answer = await ask({ message: "Draw a fox in the snow" }, stores);
      const event = imageOf(answer);
      const url = event?.type === "image" ? event.url : "";
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/sarmalink-test\/images\//);
      expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(FOX)).toBe(true);
      await stores.gateway.settled();
      const path = await pathOf(answer);
      const served = await open(path, user.accessToken, stores);
      expect(served.status).toBe(302);
      const stranger = await database.signUp();
      expect((await open(path, stranger.accessToken, stores)).status).toBe(404);
      const found = await fetch(served.headers.get("location") ?? "");
      expect(Buffer.from(await found.arrayBuffer()).equals(FOX)).toBe(true);
      await database.sql`delete from public.ai_chat_sessions where id = ${sessionOf(answer)}`;
      const due = await database.sql`select key from public.ai_objects_to_delete`;
      expect(due.map((row) => row["key"])).toEqual([expect.stringMatching(/^images\//)]);
      await stores.stop();
    });
  });
});
