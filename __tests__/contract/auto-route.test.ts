import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ModeId } from "#lib/ai-models.ts";
import { field } from "#lib/shared/json.ts";
import { noteDatabaseCalls } from "../support/database-calls.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import type { NativeAnswer } from "../support/native-client.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { createKey, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const IMAGE = "data:image/png;base64,iVBORw0KGgo=";
const CODE = "Why does it fail?\n```python\ndef f(x):\n    return x.foo()\n```";
const LETTER = "Please write a letter to my aunt in which I describe our garden and its old apple trees.";
/** Says nothing about a mode. */
const MORE = "And the second one?";

const CHAINS = { smart: "s", reasoner: "r", live: "l", fast: "f", coder: "c", vision: "v" } as const;

let database: TestSupabase;
let upstream: FakeUpstream;
let gateway: TestGateway;
let user: TestUser;
const others: TestGateway[] = [];

/** A gateway with one engine for each of these modes. */
function start(modes: Partial<Record<ModeId, string>>, limits: Partial<Record<ModeId, number>> = {}) {
  const config = {
    extends: "default",
    providers: [{ id: "mine", baseUrl: `${upstream.origin}/v1` }],
    modes: Object.fromEntries(
      Object.entries(modes).map(([mode, model]) => [
        mode,
        { failover: [{ provider: "mine", model }], perUserDailyLimit: limits[mode as ModeId] },
      ]),
    ),
  };
  return startTestGateway({ database, settings: { MODELS_CONFIG: JSON.stringify(config) } });
}

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream(answers("Hello."));
  gateway = await start(CHAINS);
});
beforeEach(async () => {
  user = await database.signUp();
  upstream.requests.length = 0;
});
afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.stop()));
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await database.stop();
});

const sessionOf = ({ events }: NativeAnswer): string => {
  const session = events.find((event) => event.type === "session");
  if (session === undefined) throw new Error("There is no session.");
  return session.id;
};
/** The mode that the client is told of, why, and the mode in which the turn counts. */
const routeOf = ({ events, done }: NativeAnswer): readonly unknown[] => {
  const routed = events.find((event) => event.type === "auto_routed");
  return [routed?.to, routed?.reason, done?.model];
};
async function counted(): Promise<Record<string, number>> {
  const rows = await database.sql`
    select tier, used from public.ai_quota_counters where user_id = ${user.userId} and used > 0`;
  return Object.fromEntries(rows.map((row) => [String(row["tier"]), Number(row["used"])]));
}

/** Asks in a session, after the turn before is stored. */
async function ask(body: object, at = gateway, credential = user.accessToken): Promise<NativeAnswer> {
  const answer = await at.ask(credential, body);
  await at.settled();
  return answer;
}

describe("auto", () => {
  test.each([
    ["an image", { message: "What is it?", image: IMAGE }, ["vision", "image", "vision"]],
    ["code", { message: CODE }, ["coder", "code", "coder"]],
    ["nothing that says a mode", { message: MORE }, ["smart", expect.any(String), "smart"]],
    ["no model named", { message: CODE, model: undefined }, ["coder", "code", "coder"]],
  ])("%s", async (_, body, expected) => {
    const answer = await ask({ model: "auto", ...body });
    expect(routeOf(answer)).toEqual(expected);
    const mode = String(expected[2]);
    expect(field(upstream.requests[0]?.json, "model")).toBe(CHAINS[mode as ModeId]);
    expect(await counted()).toEqual({ [mode]: 1 });
  });

  test.each(Object.keys(CHAINS))("a client that names %s gets it, whatever the message is", async (model) => {
    for (const body of [{ message: CODE }, { message: LETTER }, { message: "What is it?", image: IMAGE }]) {
      const answer = await ask({ ...body, model });
      expect(routeOf(answer)).toEqual([undefined, undefined, model]);
    }
  });

  test("a client without a session has the mode of the history that it sends", async () => {
    const history = [
      { role: "user", content: CODE },
      { role: "assistant", content: "x has no foo." },
    ];
    expect(routeOf(await ask({ message: MORE, history }))).toEqual(["coder", "kept", "coder"]);
  });

  test("text that hides invisible characters is read without them", async () => {
    const hidden = CODE.replaceAll("`", "`\u200b");
    expect(routeOf(await ask({ message: hidden }))).toEqual(["coder", "code", "coder"]);
  });
});

describe("a session keeps its mode until a message needs another one", () => {
  test("six messages of one user, beside another one's", async () => {
    const first = await ask({ message: LETTER });
    const sessionId = sessionOf(first);
    const other = await database.signUp();
    const theirs = sessionOf(await ask({ message: CODE }, gateway, other.accessToken));
    const routes = [routeOf(first)];
    for (const body of [
      { message: MORE },
      { message: CODE },
      { message: MORE },
      { message: LETTER, model: "smart" },
      { message: MORE },
    ]) {
      routes.push(routeOf(await ask({ ...body, sessionId })));
      const mine = await ask({ message: MORE, sessionId: theirs }, gateway, other.accessToken);
      expect(routeOf(mine)).toEqual(["coder", "kept", "coder"]);
    }
    expect(routes.map(([to]) => to)).toEqual(["smart", "smart", "coder", "coder", undefined, "smart"]);
    expect(routes.map(([, , mode]) => mode)).toEqual(["smart", "smart", "coder", "coder", "smart", "smart"]);
    expect(routes[3]?.[1]).toBe("kept");
    expect(await counted()).toEqual({ smart: 4, coder: 2 });
    const tiers = await database.sql`
      select tier from public.ai_chat_usage where user_id = ${user.userId} order by created_at`;
    expect(tiers.map((row) => row["tier"])).toEqual(routes.map(([, , mode]) => mode));
  });

  test("a mode that the user chose is kept, too", async () => {
    const sessionId = sessionOf(await ask({ message: LETTER, model: "reasoner" }));
    expect(routeOf(await ask({ message: MORE, sessionId }))).toEqual(["reasoner", "kept", "reasoner"]);
  });

  test("another user's session is none", async () => {
    const sessionId = sessionOf(await ask({ message: CODE }));
    const other = await database.signUp();
    const answer = await ask({ message: MORE, sessionId }, gateway, other.accessToken);
    expect(answer.status).toBe(404);
    expect((await ask({ message: MORE, sessionId: randomUUID() })).status).toBe(404);
  });

  test("not a mode that has lost its engines", async () => {
    const sessionId = sessionOf(await ask({ message: CODE }));
    const without = await start({ smart: "s", fast: "f" });
    others.push(without);
    const [to, reason, mode] = routeOf(await ask({ message: MORE, sessionId }, without));
    expect([to, mode]).toEqual(["smart", "smart"]);
    expect(reason).not.toBe("kept");
  });

  test("not a mode that the key may not use", async () => {
    const sessionId = sessionOf(await ask({ message: CODE }));
    const key = await createKey(database, user.userId, { modes: ["smart"] });
    expect(routeOf(await ask({ message: MORE, sessionId }, gateway, key))[2]).toBe("smart");
    const allowed = await createKey(database, user.userId, { modes: ["smart", "coder"] });
    await ask({ message: CODE, sessionId }, gateway, allowed);
    expect(routeOf(await ask({ message: MORE, sessionId }, gateway, allowed))).toEqual([
      "coder",
      "kept",
      "coder",
    ]);
  });

  test("a mode that the message needs and the key may not use: smart, and the client is told", async () => {
    const key = await createKey(database, user.userId, { modes: ["smart"] });
    expect(routeOf(await ask({ message: CODE }, gateway, key))).toEqual([
      "smart",
      'This gateway key may not use mode "coder".',
      "smart",
    ]);
  });

  test("the limit of the mode that is kept holds", async () => {
    const small = await start(CHAINS, { coder: 2 });
    others.push(small);
    const sessionId = sessionOf(await ask({ message: CODE }, small));
    expect((await ask({ message: MORE, sessionId }, small)).done).toMatchObject({ model: "coder", usage: 2 });
    const third = await ask({ message: MORE, sessionId }, small);
    expect(third.status).toBe(429);
    expect(JSON.parse(third.raw)).toMatchObject({
      error: { code: "quota_exceeded", details: { tier: "coder", limit: 2 } },
    });
    expect((await ask({ message: LETTER, model: "smart" }, small)).status).toBe(200);
    expect(await counted()).toEqual({ coder: 2, smart: 1 });
  });

  test("a turn that fails gives its unit back in the mode that was kept", async () => {
    const sessionId = sessionOf(await ask({ message: CODE }));
    upstream.script = (exchange) => exchange.json(500, { error: { message: "down" } });
    const failed = await ask({ message: MORE, sessionId });
    upstream.script = answers("Hello.");
    expect(failed.error).toMatchObject({ code: "engines_unavailable" });
    expect(await counted()).toEqual({ coder: 1 });
  });
});

describe("the database", () => {
  test.each([
    ["a new session", false],
    ["an old one", true],
  ])("is called once before an engine is: %s", async (_, isOld) => {
    const calls = noteDatabaseCalls(database.url);
    const counting = await start(CHAINS);
    others.push(counting);
    // A gateway that starts has calls of its own.
    const old = sessionOf(await ask({ message: CODE }, counting));
    const sessionId = isOld ? old : undefined;
    let before: readonly string[] = [];
    upstream.script = (exchange) => {
      before = [...calls.names];
      return answers("Hello.")(exchange);
    };
    calls.names.length = 0;
    const answer = await ask({ message: MORE, sessionId }, counting);
    upstream.script = answers("Hello.");
    calls.stop();
    expect(answer.done?.model).toBe(isOld ? "coder" : "smart");
    expect(before).toEqual(["begin_turn"]);
    expect(calls.names).toEqual(["begin_turn", "settle_turns"]);
  });
});
