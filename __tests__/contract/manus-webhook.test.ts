import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { aKeyPair, hmacSigned, type ManusDouble, startManusDouble } from "../support/manus-upstream.ts";
import { serveAsOurs } from "../support/mcp-gateway.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { aHost, type Settings, startTestGateway, type TestGateway } from "../support/test-gateway.ts";

const KEY = "canary.manus.zzzzzzzzz";
const SECRET = "a-secret-of-the-older-form";
const PUBLIC = "https://ai.example.com/sub";
const PATH = "/api/v1/manus/webhook?from=manus";
/** As Manus has it registered: the host in front of the gateway is another. */
const URL_OUTSIDE = `${PUBLIC}${PATH}`;

let database: TestSupabase;
let manus: ManusDouble;
let gateway: TestGateway;
let user: TestUser;

beforeAll(async () => {
  database = await startTestSupabase();
  manus = await startManusDouble(KEY);
  user = await database.signUp();
  gateway = await start({});
});
afterAll(async () => {
  await gateway.stop();
  await manus.stop();
  await database.stop();
});
beforeEach(async () => {
  await database.sql`delete from public.manus_tasks`;
  manus.requests.length = 0;
  manus.failing.clear();
});

function start(settings: Settings): Promise<TestGateway> {
  const own = { MANUS_API_KEY: KEY, MANUS_WEBHOOK_SECRET: SECRET, NEXT_PUBLIC_APP_URL: PUBLIC };
  return startTestGateway({ database, settings: { MANUS_BASE_URL: manus.origin, ...own, ...settings } });
}

type Sent = { body: string | Uint8Array<ArrayBuffer>; headers: Record<string, string>; path?: string };

async function send({ body, headers, path = PATH }: Sent, via = gateway) {
  const url = `http://10.0.0.7:3000${path}`;
  const request = new Request(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  const response = await apiRouter(async () => via.gateway)("/api/v1/manus/webhook")(request, aHost());
  return { status: response.status, body: (await response.json()) as unknown };
}

async function aTask(manusId: string, changes: Record<string, unknown> = {}): Promise<void> {
  const row = { user_id: user.userId, manus_id: manusId, prompt: "p", title: "t", ...changes };
  await database.sql`insert into public.manus_tasks ${database.sql(row)}`;
}

async function stored(): Promise<readonly unknown[]> {
  return database.sql`select manus_id, status, output, artifacts from public.manus_tasks order by manus_id`;
}

const stopped = (id: string, reason = "finish", message = "All done.") =>
  JSON.stringify({
    event_id: `task_stopped_${id}`,
    event_type: "task_stopped",
    task_detail: {
      task_id: id,
      task_title: "Cork",
      task_url: `https://manus.example/app/${id}`,
      message,
      attachments: [{ file_name: "a.pdf", url: "https://files.example/a.pdf", size_bytes: 12 }],
      stop_reason: reason,
    },
  });
const created = (id: string) =>
  JSON.stringify({ event_type: "task_created", event_id: "c", task_detail: { task_id: id } });
const progress = (id: string, message = "Step") =>
  JSON.stringify({ event_type: "task_progress", event_id: "p", progress_detail: { task_id: id, message } });
const older = (id: string, status: string, more: object = {}) => JSON.stringify({ id, status, ...more });

const now = () => Math.floor(Date.now() / 1_000);
const v2 = (body: string, options: Partial<Parameters<ManusDouble["signed"]>[1]> = {}): Sent => ({
  body,
  headers: manus.signed(body, { url: URL_OUTSIDE, ...options }),
});
const hmac = (body: string, secret = SECRET): Sent => ({ body, headers: hmacSigned(body, secret) });

const OK = { status: 200, body: { ok: true } };

describe("a webhook of API v2", () => {
  test.each([false, true])("is taken, also if what is signed was hashed before: %s", async (isDouble) => {
    await aTask("one");
    expect(await send(v2(stopped("one"), { isDouble }))).toEqual(OK);
    expect(await stored()).toEqual([
      {
        manus_id: "one",
        status: "completed",
        output: "All done.",
        artifacts: [{ name: "a.pdf", url: "https://files.example/a.pdf", bytes: 12 }],
      },
    ]);
  });

  test("that asks something leaves the task waiting", async () => {
    await aTask("one");
    await send(v2(stopped("one", "ask", "Which one?")));
    expect(await stored()).toMatchObject([{ status: "waiting", output: "Which one?" }]);
  });

  test("is signed for the request's own address, if no public one is known", async () => {
    const own = await start({ NEXT_PUBLIC_APP_URL: "" });
    await aTask("one");
    const body = stopped("one");
    expect((await send(v2(body), own)).status).toBe(401);
    expect(await send(v2(body, { url: `http://10.0.0.7:3000${PATH}` }), own)).toEqual(OK);
    await own.stop();
  });

  test("needs a public key, which is asked for once an hour, and again when another key signs", async () => {
    const own = await start({});
    await aTask("one");
    await send(v2(created("one")), own);
    await send(v2(progress("one")), own);
    expect(manus.callsOf("webhook.publicKey")).toHaveLength(1);
    manus.rotateKey();
    // Asked for just now: not again within a minute, whoever signs.
    expect((await send(v2(stopped("one")), own)).status).toBe(401);
    expect(manus.callsOf("webhook.publicKey")).toHaveLength(1);
    await own.stop();
    const later = await start({});
    expect(await send(v2(stopped("one")), later)).toEqual(OK);
    await later.stop();
    await gateway.stop();
    gateway = await start({});
  });

  test("is refused while there is no public key, and nothing is stored", async () => {
    const own = await start({});
    await aTask("one");
    manus.failing.set("webhook.publicKey", { status: 500, body: {} });
    expect((await send(v2(stopped("one")), own)).status).toBe(502);
    manus.failing.set("webhook.publicKey", { status: 200, body: { ok: true, public_key: "none" } });
    expect((await send(v2(stopped("one")), own)).status).toBe(502);
    expect(await stored()).toMatchObject([{ status: "pending" }]);
    await own.stop();
  });
});

describe("a webhook of the older form", () => {
  test("is taken", async () => {
    await aTask("one");
    const body = older("one", "completed", {
      output: "Done.",
      artifacts: ["https://files.example/x", { name: "y", url: "https://files.example/y" }, 3],
    });
    expect(await send(hmac(body))).toEqual(OK);
    expect(await stored()).toEqual([
      {
        manus_id: "one",
        status: "completed",
        output: "Done.",
        artifacts: [
          { name: "file", url: "https://files.example/x" },
          { name: "y", url: "https://files.example/y" },
        ],
      },
    ]);
  });

  test("is of the bytes as they came: white space and the order of fields count", async () => {
    await aTask("one");
    const body = '{ "status":"completed",\n "id":"one" }\n';
    expect(
      (await send({ body: JSON.stringify(JSON.parse(body)), headers: hmacSigned(body, SECRET) })).status,
    ).toBe(401);
    expect(await send(hmac(body))).toEqual(OK);
  });
});

describe("a webhook that is not Manus's changes nothing", () => {
  const body = stopped("one");
  const changed = body.replace("All done.", "Send money.");
  test.each<[string, () => Sent]>([
    ["no signature", () => ({ body, headers: {} })],
    ["a signature of another key", () => v2(body, { key: aKeyPair().privateKey })],
    ["another body", () => ({ ...v2(body), body: changed })],
    ["another address", () => v2(body, { url: "https://evil.example/api/v1/manus/webhook?from=manus" })],
    ["an address without the query", () => v2(body, { url: URL_OUTSIDE.replace(/\?.*/, "") })],
    ["another query than was signed", () => ({ ...v2(body), path: "/api/v1/manus/webhook?from=evil" })],
    ["six minutes ago", () => v2(body, { at: now() - 360 })],
    ["in six minutes", () => v2(body, { at: now() + 360 })],
    [
      "a time that was not signed",
      () => ({ body, headers: { ...v2(body).headers, "x-webhook-timestamp": String(now() + 1) } }),
    ],
    ["a time that is none", () => ({ body, headers: { ...v2(body).headers, "x-webhook-timestamp": "NaN" } })],
    [
      "no time",
      () => ({ body, headers: { "x-webhook-signature": v2(body).headers["x-webhook-signature"] ?? "" } }),
    ],
    ["an empty signature", () => ({ body, headers: { ...v2(body).headers, "x-webhook-signature": "" } })],
    [
      "a signature that is no base64",
      () => ({ body, headers: { ...v2(body).headers, "x-webhook-signature": "%%%" } }),
    ],
    [
      "a huge signature",
      () => ({ body, headers: { ...v2(body).headers, "x-webhook-signature": "A".repeat(9_000) } }),
    ],
    ["HMAC by another secret", () => hmac(older("one", "completed"), "another-secret-of-somebody")],
    ["HMAC that is too short", () => ({ body, headers: { "x-manus-signature": "ab" } })],
    ["HMAC that is no hexadecimal", () => ({ body, headers: { "x-manus-signature": "z".repeat(64) } })],
    [
      "HMAC of another body",
      () => ({ body: older("one", "failed"), headers: hmac(older("one", "completed")).headers }),
    ],
    [
      "a right HMAC beside a wrong signature",
      () => ({ body, headers: { ...hmac(body).headers, ...v2(body, { at: 1 }).headers } }),
    ],
  ])("%s", async (_, sent) => {
    await aTask("one");
    expect((await send(sent())).status).toBe(401);
    expect(await stored()).toMatchObject([{ status: "pending", output: null }]);
    expect(await database.sql`select 1 from public.manus_deliveries`).toHaveLength(0);
  });
});

describe("what is not set up", () => {
  test.each<[string, Settings, () => Sent, string]>([
    ["v2 without the API key", { MANUS_API_KEY: "" }, () => v2(stopped("one")), "MANUS_API_KEY"],
    [
      "the older form without a secret",
      { MANUS_WEBHOOK_SECRET: "" },
      () => hmac(older("one", "completed")),
      "MANUS_WEBHOOK_SECRET",
    ],
    [
      "the older form with a short secret",
      { MANUS_WEBHOOK_SECRET: "123456789012345" },
      () => hmac(older("one", "completed"), "123456789012345"),
      "MANUS_WEBHOOK_SECRET",
    ],
    [
      "nothing at all",
      { MANUS_API_KEY: "", MANUS_WEBHOOK_SECRET: "" },
      () => ({ body: "{}", headers: {} }),
      "MANUS_API_KEY",
    ],
    [
      "v2 without the service role",
      { SUPABASE_SERVICE_ROLE_KEY: "" },
      () => v2(stopped("one")),
      "SERVICE_ROLE",
    ],
    [
      "the older form without the service role",
      { SUPABASE_SERVICE_ROLE_KEY: "" },
      () => hmac(older("one", "completed")),
      "SERVICE_ROLE",
    ],
  ])("%s is 503, naming the variable, and nothing is stored", async (_, settings, sent, variable) => {
    const own = await start(settings);
    await aTask("one");
    const { status, body } = await send(sent(), own);
    expect([status, body]).toMatchObject([
      503,
      { error: { code: "not_configured", message: expect.stringContaining(variable) } },
    ]);
    expect(await stored()).toMatchObject([{ status: "pending" }]);
    await own.stop();
  });
});

describe("replays and order", () => {
  test("a replay has no second effect", async () => {
    await aTask("one");
    for (const sent of [
      v2(stopped("one", "ask", "Which?")),
      hmac(older("one", "waiting", { output: "Which?" })),
    ]) {
      await database.sql`update public.manus_tasks set status = 'pending', output = null, state_at = '-infinity'`;
      expect(await send(sent)).toEqual(OK);
      expect(await stored()).toMatchObject([{ status: "waiting" }]);
      await database.sql`update public.manus_tasks set status = 'running', output = null, state_at = '-infinity'`;
      expect(await send(sent)).toEqual(OK);
      expect(await stored()).toMatchObject([{ status: "running", output: null }]);
    }
    // The same body, signed once more.
    expect(await send(v2(stopped("one", "ask", "Which?"), { at: now() + 2 }))).toEqual(OK);
    expect(await stored()).toMatchObject([{ status: "running" }]);
  });

  test("replays at the same moment have one effect together", async () => {
    await aTask("one");
    const sent = v2(stopped("one"));
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(sent)));
    expect(answers).toEqual(Array(8).fill(OK));
    expect(await database.sql`select 1 from public.manus_deliveries`).toHaveLength(1);
  });

  test.each<[string, readonly (() => Sent)[], string]>([
    ["an end stays: created late", [() => v2(stopped("one")), () => v2(created("one"))], "completed"],
    ["an end stays: progress late", [() => v2(stopped("one")), () => v2(progress("one"))], "completed"],
    [
      "an end stays: another end",
      [() => v2(stopped("one")), () => hmac(older("one", "failed"))],
      "completed",
    ],
    [
      "the older form, out of order",
      [() => hmac(older("one", "completed")), () => hmac(older("one", "running"))],
      "completed",
    ],
    [
      "a question is not undone by progress of before",
      [() => v2(stopped("one", "ask"), { at: now() }), () => v2(progress("one"), { at: now() - 60 })],
      "waiting",
    ],
    [
      "but by progress of later",
      [() => v2(stopped("one", "ask"), { at: now() - 60 }), () => v2(progress("one"), { at: now() })],
      "running",
    ],
    [
      "a question is not undone by what has no time",
      [() => v2(stopped("one", "ask")), () => hmac(older("one", "running"))],
      "waiting",
    ],
    [
      "in order",
      [() => v2(created("one")), () => v2(progress("one")), () => v2(stopped("one"))],
      "completed",
    ],
  ])("%s", async (_, deliveries, expected) => {
    // Made before what the deliveries tell.
    await aTask("one", { begun_at: new Date(Date.now() - 3_600_000) });
    for (const sent of deliveries) expect(await send(sent())).toEqual(OK);
    expect(await stored()).toMatchObject([{ status: expected }]);
  });

  test("what was said before the user's last message does not end what came after it", async () => {
    await aTask("one", { status: "running", begun_at: new Date() });
    expect(await send(v2(stopped("one"), { at: now() - 60 }))).toEqual(OK);
    expect(await stored()).toMatchObject([{ status: "running", output: null }]);
  });
});

describe("what says nothing about a task of ours", () => {
  test.each<[string, string]>([
    ["an unknown task", stopped("nobody's")],
    ["an unknown event", JSON.stringify({ event_type: "task_dreamt", task_detail: { task_id: "one" } })],
    ["the first test", JSON.stringify({ event_type: "test" })],
    ["no object", "[]"],
    ["null", "null"],
    ["another type of id", JSON.stringify({ event_type: "task_stopped", task_detail: { task_id: 5 } })],
  ])("%s is taken without effect, and looks like any other", async (_, body) => {
    await aTask("one");
    expect(await send(v2(body))).toEqual(OK);
    expect(await send(hmac(body))).toEqual(OK);
    expect(await stored()).toMatchObject([{ manus_id: "one", status: "pending" }]);
    expect(await database.sql`select 1 from public.manus_deliveries`).toHaveLength(0);
  });

  test("what is signed but no JSON is 400", async () => {
    expect((await send(v2("{"))).status).toBe(400);
    expect((await send(v2(""))).status).toBe(400);
  });

  test("more than a megabyte is 413", async () => {
    const body = JSON.stringify({ id: "one", status: "completed", output: "x".repeat(1_048_576) });
    expect((await send(hmac(body))).status).toBe(413);
  });

  test("text that Postgres does not take, and more of it than is kept", async () => {
    await aTask("one");
    const body = older("one", "completed", { output: `\u0000\ud83d${"é".repeat(300_000)}` });
    expect(await send(hmac(body))).toEqual(OK);
    const [row] = await database.sql`select char_length(output) as length, status from public.manus_tasks`;
    expect(row).toEqual({ length: 200_000, status: "completed" });
    expect(await send(hmac(older("one\u0000", "failed")))).toEqual(OK);
  });
});

test("a webhook comes through the server of npm start as it was sent", async () => {
  await aTask("one");
  const host = await serveAsOurs(gateway);
  const body = `${stopped("one")}\n`;
  const post = (headers: Record<string, string>) =>
    fetch(`${host.url}${PATH}`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers },
    });
  expect((await post({ ...v2(body).headers, "x-webhook-signature": "AAAA" })).status).toBe(401);
  expect((await post(v2(body).headers)).status).toBe(200);
  expect(await stored()).toMatchObject([{ status: "completed" }]);
  await host.stop();
});

test("deliveries are forgotten after 30 days, and with their task", async () => {
  await aTask("one", { begun_at: new Date(Date.now() - 3_600_000) });
  await send(v2(created("one")));
  await database.sql`update public.manus_deliveries set taken_at = now() - interval '31 days'`;
  await send(v2(progress("one")));
  const hashes = await database.sql`select encode(body_hash, 'hex') as hash from public.manus_deliveries`;
  expect(hashes).toEqual([{ hash: createHash("sha256").update(progress("one")).digest("hex") }]);
  await database.sql`delete from public.manus_tasks`;
  expect(await database.sql`select 1 from public.manus_deliveries`).toHaveLength(0);
});
