import { afterAll, beforeAll, expect, test } from "vitest";
import { credentialVariables } from "#lib/providers/vendors/credentials.ts";
import { PROVIDERS } from "#lib/providers/vendors/providers.ts";
import { type FakeUpstream, type Script, startFakeUpstream, textChunk } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../support/test-database.ts";
import { captureStderr, type Settings, startTestGateway } from "../support/test-gateway.ts";

let database: TestSupabase;
let upstream: FakeUpstream;
let user: TestUser;

beforeAll(async () => {
  database = await startTestSupabase();
  upstream = await startFakeUpstream((exchange) => exchange.json(500, {}));
});

afterAll(async () => {
  await upstream.stop();
  await database.stop();
});

const keyed = PROVIDERS.filter(({ credentials }) => credentials.kind !== "none");

/** Not shaped like a key, so that only knowing it can hide it. */
const canary = (id: string, slot: number): string => `canary.${id}.${slot}.${"z".repeat(9)}`;

function settings(): Settings {
  const all: Record<string, string> = {};
  for (const { id, credentials, baseUrlEnv = "", protocol } of keyed) {
    for (const name of credentialVariables(credentials)) {
      all[name] = canary(id, 1);
      all[`${name}_2`] = canary(id, 2);
    }
    // The host of each provider is worth hiding as well.
    all[baseUrlEnv] = `${upstream.origin}/${id}-hidden-path${protocol === "openai-compatible" ? "/v1" : ""}`;
  }
  all["MODELS_CONFIG"] = JSON.stringify({
    extends: "default",
    modes: {
      smart: { failover: keyed.map(({ id }) => ({ provider: id, model: "gpt-test" })) },
    },
  });
  return all;
}

/** Everything that was sent with a key in it, said back in every place an error has. */
function echo(status: number, headers: Record<string, string>): Script {
  return (exchange) => {
    const sent = exchange.request.headers;
    const key = sent["authorization"] ?? sent["x-api-key"] ?? sent["x-goog-api-key"] ?? "none";
    const url = `${upstream.origin}${exchange.request.path}`;
    const text = `Invalid credential ${key} (${key.replace("Bearer ", "")}) for ${url}\nat line 1`;
    return exchange.json(
      status,
      { error: { message: text, type: key, code: key, param: text, metadata: { raw: text } } },
      headers,
    );
  };
}

const inStream: Script = async (exchange) => {
  const key = exchange.request.headers["authorization"] ?? exchange.request.headers["x-api-key"] ?? "";
  await exchange.startStream();
  await exchange.event({ error: { message: `${key} is bad at ${upstream.origin}`, code: 400 } });
  await exchange.endStream();
};

const midStream: Script = async (exchange) => {
  const key = exchange.request.headers["authorization"] ?? exchange.request.headers["x-api-key"] ?? "";
  await exchange.startStream();
  await exchange.event(textChunk("Some of an answer"));
  await exchange.event({ error: { message: `${key} is bad at ${upstream.origin}`, code: 500 } });
  await exchange.endStream();
};

const notHttp: Script = (exchange) =>
  exchange.raw(`${exchange.request.headers["authorization"]} this is no HTTP\r\n\r\n`);

test.each([
  { name: "401", script: echo(401, {}) },
  { name: "400", script: echo(400, {}) },
  { name: "403", script: echo(403, {}) },
  { name: "404", script: echo(404, {}) },
  { name: "429", script: echo(429, { "retry-after": "1" }) },
  { name: "500", script: echo(500, { server: "canary" }) },
  { name: "an error inside a stream", script: inStream },
  { name: "an error in the middle of an answer", script: midStream },
  { name: "an answer that is no HTTP", script: notHttp },
  { name: "a redirect", script: echo(302, { location: "http://127.0.0.1:1/canary" }) },
])("no key and no upstream address gets out by way of $name", async ({ script }) => {
  upstream.script = script;
  upstream.requests.length = 0;
  user = await database.signUp();
  const stderr = captureStderr();
  const lines: string[] = [];
  try {
    const gateway = await startTestGateway({
      database,
      settings: settings(),
      log: (line) => lines.push(line),
    });
    const answers = [];
    for (let turn = 0; turn < 3; turn++) answers.push(await gateway.ask(user.accessToken, { message: "Hi" }));
    gateway.gateway.logger.error(
      "An operator's log.",
      new Error("outer", { cause: new Error(canary("groq", 2)) }),
      {
        detail: `key ${canary("mistral", 1)} at ${upstream.origin}/v1`,
      },
    );
    await gateway.stop();
    const told = answers.map(({ raw, headers }) => raw + JSON.stringify([...headers])).join("\n");
    const stored = JSON.stringify(
      await Promise.all(
        ["ai_events", "ai_chat_usage", "ai_chat_sessions"].map(
          (table) => database.sql`select * from ${database.sql(`public.${table}`)}`,
        ),
      ),
    );
    // Keys travel in headers only.
    for (const { path, text } of upstream.requests) expect(path + text).not.toContain("canary");
    expect(upstream.requests.length).toBeGreaterThan(0);
    for (const [where, text] of Object.entries({ told, stored, log: lines.join("\n") + stderr.text })) {
      expect(text, where).not.toContain("canary.");
      expect(text, where).not.toContain(`:${upstream.port}`);
      expect(text, where).not.toContain("hidden-path");
    }
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(() => JSON.parse(line), line).not.toThrow();
  } finally {
    stderr.stop();
  }
});
