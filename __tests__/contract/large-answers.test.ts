import { afterAll, beforeAll, expect, test } from "vitest";
import { answers, type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { modelsConfig, type Settings, startTestGateway } from "../support/test-gateway.ts";

let upstream: FakeUpstream;
let script: Script;

beforeAll(async () => {
  upstream = await startFakeUpstream((exchange) => script(exchange));
});
afterAll(() => upstream.stop());

test.each<[string, Settings]>([
  ["with a service role", {}],
  ["without one", { SUPABASE_SERVICE_ROLE_KEY: "" }],
])("%s: one answer of five megabytes does not burden the turns after it", async (_, settings) => {
  const database: TestSupabase = await startTestSupabase();
  const user = await database.signUp();
  const gateway = await startTestGateway({
    database,
    settings: { MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }), ...settings },
  });
  const ask = async (message: string, sessionId?: string) => {
    const answer = await gateway.ask(user.accessToken, { message, model: "smart", sessionId });
    await gateway.settled();
    return answer;
  };

  script = answers(...Array<string>(50).fill("é".repeat(100_000)));
  const first = await ask("Write a lot.");
  // The client gets all of it.
  expect(first.text).toHaveLength(5_000_000);
  const [row] = await database.sql<{ id: string; bytes: number }[]>`
    select id, octet_length(messages::text) as bytes from ai_chat_sessions where user_id = ${user.userId}`;
  expect(row?.bytes).toBeGreaterThan(400_000);
  expect(row?.bytes).toBeLessThan(1_000_000);

  script = answers("Short.");
  for (let turn = 0; turn < 3; turn++) {
    expect((await ask(`And now? ${turn}`, row?.id)).text).toBe("Short.");
    expect(upstream.requests.at(-1)?.text.length).toBeLessThan(150_000);
    // The first of them goes on from the end of what was kept of it.
    if (turn === 0) expect(upstream.requests.at(-1)?.text).toContain("ééé");
  }
  expect(upstream.requests.at(-1)?.text).toContain("And now? 1");
  await gateway.stop();
  await database.stop();
});
