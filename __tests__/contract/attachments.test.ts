import { createHash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSelfHost, type SelfHost } from "#lib/server/host/self-host.ts";
import { type Route, serveRoute } from "#lib/server/http/route.ts";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { attachmentUpload } from "#lib/server/routes/attachments.ts";
import { aPdf, aScan, base64, GIF, PNG } from "../support/documents.ts";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import {
  aHost,
  createKey,
  modelsConfig,
  startTestGateway,
  type TestGateway,
} from "../support/test-gateway.ts";

let database: TestSupabase;
let engine: FakeUpstream;
let gateway: TestGateway;
let route: Route;
let user: TestUser;

beforeAll(async () => {
  database = await startTestSupabase();
  engine = await startFakeUpstream(answers("An answer."));
  const MODELS_CONFIG = modelsConfig({ own: `${engine.origin}/v1` }, { modes: ["smart", "vision"] });
  gateway = await startTestGateway({ database, settings: { MODELS_CONFIG } });
  route = serveRoute(attachmentUpload, async () => gateway.gateway);
}, 30_000);
afterAll(async () => {
  await gateway.stop();
  await engine.stop();
  await database.stop();
});
beforeEach(async () => {
  user = await database.signUp();
  engine.requests.length = 0;
});

type Answer = {
  status: number;
  json: { id?: string; name?: string; error?: { code: string; message: string } };
};

async function send(
  body: BodyInit,
  headers: HeadersInit = {},
  credential = user.accessToken,
): Promise<Answer> {
  const init = { method: "POST", body, headers: { authorization: `Bearer ${credential}`, ...headers } };
  const answer = await route(new Request("http://gateway.test/api/attachments/upload", init), aHost());
  return { status: answer.status, json: (await answer.json()) as Answer["json"] };
}

function form(bytes: Uint8Array, name: string, field = "file"): FormData {
  const data = new FormData();
  data.append(field, new Blob([new Uint8Array(bytes)]), name);
  return data;
}

const upload = (bytes: Uint8Array, name: string): Promise<Answer> => send(form(bytes, name));
const kept = () => database.sql`select * from public.ai_attachments where user_id = ${user.userId}`;
const JSON_TYPE = { "content-type": "application/json" };

describe("an upload", () => {
  test.each([
    ["a PDF", () => aPdf("Hello", "World"), "a.pdf", { type: "pdf", pages: 2, preview: "Hello\nWorld" }],
    [
      "a PDF that claims to be an image",
      () => aPdf("Hello"),
      "a.png",
      { type: "pdf", pages: 1, preview: "Hello" },
    ],
    ["a PDF without text", aScan, "a.pdf", { type: "pdf", notes: [expect.stringContaining("no text")] }],
    ["an image", () => PNG, "a.png", { type: "image" }],
    ["an image that claims to be a PDF", () => GIF, "a.pdf", { type: "image" }],
  ])("%s: 201, by its bytes", async (_what, bytes, name, more) => {
    const { status, json } = await upload(bytes(), name);
    expect({ status, json }).toEqual({
      status: 201,
      json: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), name, bytes: bytes().length, ...more },
    });
    expect(await kept()).toMatchObject([{ id: json.id, session_id: null }]);
  });

  test("in base64 is the same, also as a data: URL", async () => {
    const data = `data:image/png;base64,${base64(PNG)}`;
    const { status, json } = await send(JSON.stringify({ name: "cat.png", data }), JSON_TYPE);
    expect({ status, json }).toMatchObject({
      status: 201,
      json: { name: "cat.png", type: "image", bytes: PNG.length },
    });
  });

  test("a long text is shown as it begins", async () => {
    const { json } = await upload(aPdf(...Array<string>(100).fill("ten words.")), "a.pdf");
    expect(json).toMatchObject({ preview: expect.stringMatching(/^(ten words\.\n){45}ten w…$/) });
  });

  test.each([
    ["../../etc/passwd.png", "passwd.png"],
    ["C:\\Users\\me\\cat.png", "cat.png"],
    ["a\r\nSet-Cookie: b.png", "a Set-Cookie: b.png"],
    ["Zeugnis für März 学校 🎓.png", "Zeugnis für März 学校 🎓.png"],
    ["ann\u202egnp.exe", "anngnp.exe"],
    ['say "hi".png', 'say "hi".png'],
    [`${"x".repeat(300)}.png`, `${"x".repeat(195)}….png`],
    ["..", "image.png"],
    ["   ", "image.png"],
  ])("the name %j becomes %j", async (given, name) => {
    expect(await upload(PNG, given)).toMatchObject({ status: 201, json: { name } });
  });

  test("by a gateway key is its owner's", async () => {
    const key = await createKey(database, user.userId);
    expect((await send(form(PNG, "a.png"), {}, key)).status).toBe(201);
    expect(await kept()).toHaveLength(1);
  });

  test("is named by a later message, belongs to its session then, and is there in the next", async () => {
    const pdf = await upload(aPdf("Revenue was 4.2 million."), "report.pdf");
    const png = await upload(PNG, "cat.png");
    const files = [{ id: pdf.json.id }, { id: png.json.id }];
    const answer = await gateway.ask(user.accessToken, { message: "What?", files });
    await gateway.settled();
    expect(answer.text).toBe("An answer.");
    expect(engine.requests.at(-1)?.text).toContain("Revenue was 4.2 million.");
    expect(engine.requests.at(-1)?.text).toContain(base64(PNG));
    const [session] = answer.events.flatMap((event) => (event.type === "session" ? [event.id] : []));
    expect((await kept()).map((row) => row["session_id"])).toEqual([session, session]);
    await gateway.ask(user.accessToken, { message: "And?", model: "smart", sessionId: session });
    expect(engine.requests.at(-1)?.text).toContain("Revenue was 4.2 million.");
    // In another session it is there, too, and stays in the first.
    await gateway.ask(user.accessToken, { message: "What?", model: "smart", files: files.slice(0, 1) });
    await gateway.settled();
    expect(await kept()).toHaveLength(3);
  });
});

test("an upload that two new conversations name at once is in both", async () => {
  const { json } = await upload(aPdf("Revenue was 4.2 million."), "report.pdf");
  const body = { message: "What?", model: "smart", files: [{ id: json.id }] };
  const asked = await Promise.all([1, 2].map(() => gateway.ask(user.accessToken, body)));
  await gateway.settled();
  const sessions = asked.flatMap(({ events }) =>
    events.flatMap((event) => (event.type === "session" ? [event.id] : [])),
  );
  expect((await kept()).map((row) => row["session_id"]).sort()).toEqual(sessions.sort());
});

describe("over a socket", () => {
  let host: SelfHost;
  let url: string;

  beforeAll(async () => {
    host = createSelfHost({
      routeOf: apiRouter(async () => gateway.gateway),
      logger: gateway.gateway.logger,
      pages: async (_incoming, outgoing) => void outgoing.end(),
      graceMs: 0,
      writeTimeoutMs: undefined,
    });
    url = `http://127.0.0.1:${await host.listen(0, "127.0.0.1")}/api/attachments/upload`;
  });
  afterAll(() => host.stop());

  const post = (body: FormData): Promise<Response> =>
    fetch(url, { method: "POST", body, headers: { authorization: `Bearer ${user.accessToken}` } });

  test("a file of 14 MB arrives whole", async () => {
    const large = Buffer.concat([PNG, Buffer.alloc(14 * 1024 ** 2, 7)]);
    const answer = await post(form(large, "large.png"));
    expect([answer.status, await answer.json()]).toMatchObject([201, { type: "image", bytes: large.length }]);
    const [row] = await kept();
    expect(row?.["digest"]).toBe(createHash("sha256").update(large).digest("hex"));
    expect(Buffer.from(String(row?.["content"]), "base64").equals(large)).toBe(true);
  }, 30_000);

  test("one of 16 MB is refused while it comes", async () => {
    const answer = await post(form(Buffer.alloc(16 * 1024 ** 2, 7), "large.png"));
    expect(answer.status).toBe(413);
    expect(await kept()).toEqual([]);
  });
});

/** A form as it goes over the wire. */
function raw(...lines: readonly string[]): Promise<Answer> {
  return send(lines.join("\r\n"), { "content-type": "multipart/form-data; boundary=b" });
}
const DISPOSITION = 'Content-Disposition: form-data; name="file"; filename="a.gif"';
const GIF_TEXT = "GIF89a\x01\x00\x01\x00\x00\x00\x00;";

describe("a form", () => {
  test.each([
    ["as curl writes it", ["--b", DISPOSITION, "Content-Type: image/gif", "", GIF_TEXT, "--b--", ""]],
    ["with text before and behind", ["Hello", "--b", DISPOSITION, "", GIF_TEXT, "--b--", "Bye"]],
    [
      "with other fields",
      ["--b", 'Content-Disposition: form-data; name="x"', "", "1", "--b", DISPOSITION, "", GIF_TEXT, "--b--"],
    ],
    ["with headers in small letters", ["--b", DISPOSITION.toLowerCase(), "", GIF_TEXT, "--b--"]],
    [
      "with a name for the world",
      ["--b", `${DISPOSITION}; filename*=UTF-8''na%C3%AFve.gif`, "", GIF_TEXT, "--b--"],
    ],
  ])("%s: 201", async (_what, lines) => {
    expect((await raw(...lines)).status).toBe(201);
  });

  test.each([
    ["without a file", ["--b", 'Content-Disposition: form-data; name="x"', "", "1", "--b--"], /no file/],
    [
      "with a field in which nothing was chosen",
      ["--b", 'Content-Disposition: form-data; name="file"; filename=""', "", "", "--b--"],
      /no file/,
    ],
    [
      "with two files",
      ["--b", DISPOSITION, "", GIF_TEXT, "--b", DISPOSITION, "", GIF_TEXT, "--b--"],
      /more than one/,
    ],
    ["that breaks off in a file", ["--b", DISPOSITION, "", GIF_TEXT], /breaks off/],
    ["that breaks off behind a file", ["--b", DISPOSITION, "", GIF_TEXT, "--b"], /breaks off/],
    ["that breaks off in a header", ["--b", DISPOSITION], /breaks off/],
    ["without any part", ["--b--"], /no file/],
    ["that is none", ["Hello"], /not a form/],
    ["that is empty", [""], /not a form/],
    ["with a part without a name", ["--b", "Content-Type: image/gif", "", GIF_TEXT, "--b--"], /no name/],
    ["with huge headers", ["--b", `X: ${"x".repeat(9_000)}`, DISPOSITION, "", GIF_TEXT, "--b--"], /headers/],
    [
      "with a thousand fields",
      [...Array(1_000).fill('--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1'), "--b--"],
      /fields/,
    ],
  ])("%s: 400", async (_what, lines, message) => {
    const { status, json } = await raw(...lines);
    expect({ status, code: json.error?.code }).toEqual({ status: 400, code: "invalid_request" });
    expect(json.error?.message).toMatch(message);
    expect(await kept()).toEqual([]);
  });

  test("whose Content-Type names no boundary: 400", async () => {
    const { status, json } = await send("--b--", { "content-type": "multipart/form-data" });
    expect([status, json.error?.message]).toEqual([400, "The form's Content-Type has no boundary."]);
  });
});

describe("what cannot be kept", () => {
  test.each([
    ["text", () => Buffer.from("Hello"), 415, "unsupported_media_type", /^a\.pdf: .*plain text/],
    [
      "an old Word file",
      () => Buffer.concat([Buffer.from("d0cf11e0a1b11ae1", "hex"), Buffer.alloc(1_500)]),
      415,
      "unsupported_media_type",
      /a\.pdf/,
    ],
    [
      "SVG, which is a program",
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      415,
      "unsupported_media_type",
      /a\.pdf/,
    ],
    ["nothing", () => Buffer.alloc(0), 422, "unprocessable", /empty/],
    ["half a PDF", () => Buffer.from("%PDF-1.7 and no more"), 422, "unprocessable", /^a\.pdf: /],
    ["16 MB", () => Buffer.alloc(16 * 1024 ** 2, 1), 413, "payload_too_large", /15 MB/],
  ])("%s: %i", async (_what, bytes, status, code, message) => {
    const { json, ...answer } = await upload(bytes(), "a.pdf");
    expect({ status: answer.status, code: json.error?.code }).toEqual({ status, code });
    expect(json.error?.message).toMatch(message);
    expect(await kept()).toEqual([]);
  });

  test.each([
    ["no data", "{}", JSON_TYPE, 400],
    ["no base64", '{"data":"ü"}', JSON_TYPE, 400],
    ["no JSON", "--b", JSON_TYPE, 400],
    ["another type", "x", { "content-type": "text/plain" }, 415],
    [
      "a compressed form",
      "x",
      { "content-type": "multipart/form-data; boundary=b", "content-encoding": "gzip" },
      415,
    ],
  ])("%s: %i", async (_what, body, headers, status) => {
    expect((await send(body, headers)).status).toBe(status);
  });
});
