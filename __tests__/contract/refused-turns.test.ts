import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  createKey,
  eventually,
  modelsConfig,
  type Settings,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let gateway: TestGateway;
let user: TestUser;
let log: string[];

beforeAll(async () => {
  upstream = await startFakeUpstream(answers("An answer."));
}, 30_000);
afterAll(() => upstream.stop());
beforeEach(async () => {
  database = await startTestSupabase();
  user = await database.signUp();
  log = [];
});
afterEach(async () => {
  await gateway.stop();
  await database.stop();
});

const start = async (settings: Settings): Promise<void> => {
  gateway = await startTestGateway({
    database,
    settings: { MODELS_CONFIG: modelsConfig({ only: `${upstream.origin}/v1` }), ...settings },
    log: (line) => log.push(line),
  });
};

/** The ledger rows of the user, with the messages that are stored. */
const rows = () => database.sql`
  select u.status, u.delivered, u.completion_tokens > 0 as counted, jsonb_array_length(s.messages) as messages
  from public.ai_chat_usage u left join public.ai_chat_sessions s on s.id = u.session_id
  where u.user_id = ${user.userId}`;

/** What hosted PostgREST answers to a value that a table refuses: 400. (The embedded one says 500 to checks.) */
const REFUSE = `
  create function public.refuse() returns trigger language plpgsql set search_path = '' as
  $$ begin raise exception 'refused' using errcode = 'PT400'; end $$;
  create trigger refuse before`;
const REFUSALS = {
  messages: `${REFUSE} update on public.ai_chat_sessions for each row
    when (new.messages::text like '%answer%') execute function public.refuse()`,
  attempts: `${REFUSE} insert on public.ai_events for each row execute function public.refuse()`,
  turn: `${REFUSE} update on public.ai_chat_usage for each row
    when (new.status = 'completed') execute function public.refuse()`,
};

test.each<["messages" | "attempts", string, Settings]>([
  ["messages", "a user", {}],
  ["messages", "a user", { SUPABASE_SERVICE_ROLE_KEY: "" }],
  ["messages", "a key", {}],
  ["attempts", "a user", {}],
  ["attempts", "a key", {}],
])("a turn whose %s the database refuses is counted without them: of %s", async (what, who, settings) => {
  await start(settings);
  await database.sql.unsafe(REFUSALS[what]).simple();
  const credential = who === "a key" ? await createKey(database, user.userId) : user.accessToken;
  const answer = await gateway.ask(credential, { message: "Hi", model: "smart" });
  await gateway.settled();
  expect(answer.text).toBe("An answer.");
  expect(await rows()).toEqual([{ status: "completed", delivered: true, counted: true, messages: 0 }]);
  expect(log.filter((line) => line.includes('"error"'))).toEqual([
    expect.stringContaining("without its messages and attempts"),
  ]);
});

test.each<[string, string, Settings]>([
  ["with a service role", "settle_turns", {}],
  // Without the key the gateway does not change the grants of the function meanwhile.
  ["without one", "settle_turn", { SUPABASE_SERVICE_ROLE_KEY: "" }],
])(
  "a turn that ends while migrations are being applied is saved when they have been: %s",
  async (_, name, settings) => {
    await start(settings);
    await database.sql.unsafe(`alter function public.${name} rename to settle_turn_of_before`);
    const answered = gateway.ask(user.accessToken, { message: "Hi", model: "smart" });
    await eventually("it is tried again", () => log.some((line) => line.includes("trying again")));
    await database.sql.unsafe(`alter function public.settle_turn_of_before rename to ${name}`);
    await answered;
    await gateway.settled();
    expect(await rows()).toEqual([{ status: "completed", delivered: true, counted: true, messages: 2 }]);
    expect(log.filter((line) => line.includes('"error"'))).toEqual([]);
  },
);

test("a turn that can be saved in no way is told of with what it cost, for the operator to count", async () => {
  await start({});
  await database.sql.unsafe(REFUSALS.turn).simple();
  await gateway.ask(user.accessToken, { message: "Hi", model: "smart" });
  await gateway.settled();
  expect(await rows()).toMatchObject([{ status: "started" }]);
  const [line] = log.filter((one) => one.includes("it is parked"));
  expect(JSON.parse(line ?? "{}")).toMatchObject({
    level: "error",
    status: "completed",
    backend: "only",
    model: "m",
    completionTokens: expect.any(Number),
    promptTokens: expect.any(Number),
  });
  expect(line).not.toContain("An answer.");
});
