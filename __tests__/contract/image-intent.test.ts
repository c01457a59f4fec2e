import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { modelsConfig, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const PIXEL = "data:image/png;base64,iVBORw0KGgo=";

let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;
let gateway: TestGateway;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("An engine's answer."));
  const config = modelsConfig(
    { own: `${upstream.origin}/v1` },
    { modes: ["smart", "fast", "coder", "reasoner", "live", "vision"] },
  );
  gateway = await startTestGateway({ database, settings: { MODELS_CONFIG: config } });
}, 30_000);
beforeEach(async () => {
  user = await database.signUp();
  upstream.requests.length = 0;
});
afterEach(() => gateway.settled());
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});

const ask = (body: object) => gateway.ask(user.accessToken, body);

/** A conversation of several messages in one session. */
async function conversation(...messages: string[]) {
  const told = [];
  let sessionId: string | undefined;
  for (const message of messages) {
    const answer = await ask({ message, ...(sessionId === undefined ? {} : { sessionId }) });
    const session = answer.events.find((event) => event.type === "session");
    sessionId ??= session?.type === "session" ? session.id : undefined;
    const routed = answer.events.find((event) => event.type === "auto_routed");
    told.push({ ...answer, to: routed?.type === "auto_routed" ? routed.to : undefined });
  }
  return told;
}

describe("a message that asks for an image", () => {
  test("is answered by the gateway: none can be made, what the prompt would be, what to do instead", async () => {
    const answer = await ask({ message: "Draw me a fox in the snow, please!" });
    expect(answer.order).toEqual(["session", "auto_routed", "token", "usage", "done"]);
    expect(answer.events).toContainEqual(
      expect.objectContaining({ type: "auto_routed", to: "image", reason: expect.any(String) }),
    );
    expect(answer.text).toMatch(/cannot make images[\s\S]*> a fox in the snow\n[\s\S]*SVG/);
    expect(answer.usage).toMatchObject({ promptTokens: 0, completionTokens: 0 });
    expect(upstream.requests).toEqual([]);
  });

  test("is recorded as completed, without an engine, usage or cost, and is in its session", async () => {
    const answer = await ask({ message: "Draw a fox in the snow" });
    await gateway.settled();
    const rows = await database.sql`
      select status, delivered, backend, model, total_tokens::int, cost_usd::float
      from public.ai_chat_usage where user_id = ${user.userId}`;
    expect(rows).toEqual([
      { status: "completed", delivered: true, backend: null, model: null, total_tokens: 0, cost_usd: 0 },
    ]);
    const [session] = await database.sql`
      select messages from public.ai_chat_sessions where user_id = ${user.userId}`;
    expect(session?.["messages"]).toEqual([
      { role: "user", content: "Draw a fox in the snow" },
      { role: "assistant", content: answer.text },
    ]);
  });

  test.each([
    ["dessine un renard dans la neige", /passerelle[\s\S]*> un renard dans la neige/],
    ["画一只雪地里的狐狸", /网关[\s\S]*> 一只雪地里的狐狸/],
    ["нарисуй лису в снегу", /шлюз[\s\S]*> лису в снегу/],
  ])("is answered in its language: %s", async (message, expected) => {
    expect((await ask({ message })).text).toMatch(expected);
  });

  test("goes to the engines if the client has named a mode", async () => {
    const answer = await ask({ message: "Draw a fox in the snow", model: "smart" });
    expect(answer.text).toBe("An engine's answer.");
  });
});

describe("a conversation about an image", () => {
  test("changes add up to a whole prompt; another subject goes to the engines, and ends it", async () => {
    const told = await conversation(
      "Draw a fox in the snow",
      "make it darker",
      "another one",
      "What do foxes eat?",
      "make it darker",
    );
    const isImage = told.map(({ to }) => to === "image");
    expect(isImage).toEqual([true, true, true, false, false]);
    expect(told[1]?.text).toContain("> a fox in the snow. make it darker\n");
    expect(told[2]?.text).toContain("> a fox in the snow. make it darker\n");
    expect(upstream.requests).toHaveLength(2);
  });

  test("a vague wish is asked about, once and in its language, and the answer is drawn", async () => {
    const [asked, drawn] = await conversation("Dibuja algo", "un zorro en la nieve");
    expect(asked?.text).toMatch(/^¿Qué debe mostrar la imagen\?/);
    expect(asked?.text.match(/[?？]/g)).toHaveLength(1);
    expect(drawn?.text).toContain("> un zorro en la nieve\n");
    expect(upstream.requests).toEqual([]);
  });

  test("the gateway's own advice leads on: as SVG it is for an engine, with the conversation", async () => {
    const [, drawn] = await conversation("Draw a fox in the snow", "Then draw it as SVG");
    expect(drawn?.text).toBe("An engine's answer.");
    expect(upstream.requests[0]?.text).toContain("Draw a fox in the snow");
  });

  test("a conversation that the client sends counts where there is no session", async () => {
    const history = [
      { role: "user", content: "Draw a fox in the snow" },
      { role: "assistant", content: "Here it is." },
    ];
    expect((await ask({ message: "make it darker", history })).text).toContain("a fox in the snow. make it");
    expect((await ask({ message: "make it darker" })).text).toBe("An engine's answer.");
  });
});

describe("a message with an image", () => {
  test.each(["What is in this picture?", "Make a list of the items.", "Convert this image to text"])(
    "that asks about it is for the engines: %s",
    async (message) => {
      const answer = await ask({ message, image: PIXEL });
      expect(answer.order).not.toContain("error");
      expect(answer.events).not.toContainEqual(expect.objectContaining({ to: "image" }));
    },
  );

  test.each(["Remove the background", "Turn this into a cartoon"])(
    "that changes it is not: %s",
    async (message) => {
      const answer = await ask({ message, image: PIXEL });
      expect(answer.text).toContain(`> ${message}\n`);
    },
  );
});
