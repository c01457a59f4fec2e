import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answers, type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { modelsConfig, type Settings, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

/** What an engine reads of earlier messages, and the "…" that says it is not all. */
const MAX_READ = 100_001;

let upstream: FakeUpstream;
let script: Script;
let database: TestSupabase;

beforeAll(async () => {
  upstream = await startFakeUpstream((exchange) => script(exchange));
  database = await startTestSupabase();
}, 30_000);
afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

describe.each<[string, Settings]>([
  ["without a service role", { SUPABASE_SERVICE_ROLE_KEY: "" }],
  ["with one", {}],
])("%s, the turn after", (_, settings) => {
  let gateway: TestGateway;
  let user: TestUser;
  beforeAll(async () => {
    gateway = await startTestGateway({
      database,
      settings: { MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }), ...settings },
    });
  });
  afterAll(() => gateway.stop());
  beforeEach(async () => {
    user = await database.signUp();
  });

  /** A turn of a conversation; answers with what the engine was sent of it, without the system prompt. */
  async function turn(
    conversation: { sessionId?: string | undefined },
    message: string,
    answer: string[],
  ): Promise<{ role: string; content: string }[]> {
    script = answers(...answer);
    const { sessionId } = conversation;
    const answered = await gateway.ask(user.accessToken, { message, model: "smart", sessionId });
    expect(answered.events.at(-1)?.type).toBe("done");
    await gateway.settled();
    for (const event of answered.events) if (event.type === "session") conversation.sessionId = event.id;
    const body = JSON.parse(upstream.requests.at(-1)?.text ?? "{}") as {
      messages: { role: string; content: string }[];
    };
    return body.messages.filter(({ role }) => role !== "system");
  }

  const END = "and that is how it ended.";
  test.each<[string, string[]]>([
    ["120,000 characters, fewer than are loaded", ["x".repeat(120_000), END]],
    ["150,001 characters, one more than is loaded", ["x".repeat(150_001 - END.length), END]],
    ["300,000 characters", ["x".repeat(150_000), "x".repeat(150_000 - END.length), END]],
    ["400,000 characters, as many as are stored", ["x".repeat(399_000), "x".repeat(1_000 - END.length), END]],
    ["300,000 letters of two bytes", ["é".repeat(300_000 - END.length), END]],
    ["characters of two halves, at an odd place", ["👍".repeat(160_000), END]],
  ])("an answer of %s reads the end of it", async (_what, answer) => {
    const conversation = {};
    await turn(conversation, "Tell me a long story.", answer);
    const [earlier, now, ...rest] = await turn(conversation, "How did it end?", ["Well."]);
    expect(earlier?.role).toBe("assistant");
    expect(earlier?.content.slice(-END.length)).toBe(END);
    expect(earlier?.content.length).toBeGreaterThan(99_000);
    expect(earlier?.content.length).toBeLessThanOrEqual(MAX_READ);
    expect(earlier?.content.isWellFormed()).toBe(true);
    expect(earlier?.content).not.toContain("\ufffd");
    expect(now).toEqual({ role: "user", content: "How did it end?" });
    expect(rest).toEqual([]);
  });

  test("an answer of 700,000 characters reads the end of what was stored, and that it was too long", async () => {
    const conversation = {};
    await turn(conversation, "Tell me a long story.", Array<string>(7).fill("x".repeat(100_000)));
    const [earlier] = await turn(conversation, "How did it end?", ["Well."]);
    expect(earlier?.content).toMatch(/xxx\s+\[The rest of this message was too long to be stored\.\]$/);
  });

  test("two more short ones reads those", async () => {
    const conversation = {};
    await turn(conversation, "Tell me a long story.", ["x".repeat(300_000)]);
    await turn(conversation, "Thanks.", ["You are welcome."]);
    expect(await turn(conversation, "And now?", ["Well."])).toEqual([
      { role: "user", content: "Thanks." },
      { role: "assistant", content: "You are welcome." },
      { role: "user", content: "And now?" },
    ]);
  });
});
