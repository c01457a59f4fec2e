import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ProbeAnswer } from "#lib/adapters/http/probe.ts";
import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import type { DoctorEffects } from "#lib/server/doctor/effects.ts";
import { examine } from "#lib/server/doctor/examine.ts";
import type { CheckId, Finding, Status } from "#lib/server/doctor/finding.ts";
import { environmentProblems, readEnv } from "#lib/server/env/env.ts";
import { createObjectStorage } from "#lib/server/wiring/object-storage.ts";
import { type DatabaseCheck, SCHEMA_VERSION } from "#lib/services/health/database-check.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../support/fake-upstream.ts";
import { type S3Server, startS3Server, TEST_BUCKET, TEST_SECRET_KEY } from "../support/s3-server.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings } from "../support/test-gateway.ts";

const KEY = "gsk_hush_canary_9f3b";
const BAD_KEY = "gsk_wrong_canary_77aa";

let upstream: FakeUpstream;
beforeEach(async () => {
  upstream = await startFakeUpstream(provider("llama-3.3-70b-versatile"));
});
afterEach(() => upstream.stop());

/** A provider that accepts one key, lists these models, and tells the time. */
function provider(...names: string[]): Script {
  return (exchange) => {
    const date = { date: new Date().toUTCString() };
    return exchange.request.headers["authorization"] === `Bearer ${KEY}`
      ? exchange.json(200, { data: names.map((id) => ({ id })) }, date)
      : exchange.json(401, { error: { message: `Invalid API key: ${BAD_KEY}` } }, date);
  };
}

/** Groq at the upstream, and a chain of each mode with this model of it. */
function settings(model = "llama-3.3-70b-versatile"): Record<string, string> {
  const modes = ["smart", "reasoner", "live", "fast", "coder", "vision"];
  return {
    GROQ_BASE_URL: `${upstream.origin}/openai/v1`,
    GROQ_API_KEY: KEY,
    MODELS_CONFIG: JSON.stringify({
      modes: Object.fromEntries(modes.map((mode) => [mode, { failover: [{ provider: "groq", model }] }])),
    }),
  };
}

const of = (findings: readonly Finding[], check: CheckId): Finding[] =>
  findings.filter((one) => one.check === check);

describe("npm run doctor", () => {
  type Ended = { code: number; stdout: string; stderr: string };
  let database: TestSupabase;
  let folder: string;
  beforeAll(async () => {
    database = await startTestSupabase();
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sarmalink-doctor-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const run = (variables: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> =>
    new Promise((done) => {
      const env = {
        PATH: process.env["PATH"] ?? "",
        NODE_ENV: "production" as const,
        PORT: "0",
        ...variables,
      };
      const command = [resolve("lib/server/cli/doctor.ts"), ...args];
      execFile(process.execPath, command, { cwd: folder, env }, (error, stdout, stderr) =>
        done({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
    });

  test("finds nothing wrong with a whole installation: 0", async () => {
    await createKey(database, (await database.signUp()).userId);
    const whole = { ...settings(), ...databaseSettings(database), ENABLE_OPENAI_PROXY: "1" };
    const lines = Object.entries(whole).map(([name, value]) => `${name}='${value}'`);
    await writeFile(join(folder, ".env.local"), lines.join("\n"));
    const { code, stdout, stderr } = await run({}, "--json");
    const { findings, ...head } = JSON.parse(stdout) as { findings: Finding[]; ok: boolean };
    expect(findings.filter(({ status }) => status === "warn" || status === "fail")).toEqual([]);
    expect({ code, stderr, ...head }).toMatchObject({ code: 0, stderr: "", ok: true, counts: { fail: 0 } });
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(["files", "keys", "models", "database", "access", "clock", "port", "data"]),
    );
    expect(of(findings, "files")[0]?.message).toContain(".env.local");
    expect(of(findings, "keys")).toMatchObject([{ status: "ok", message: "Groq: the key works, 1 models." }]);
    expect(of(findings, "database").at(-1)?.message).toContain(`schema version ${SCHEMA_VERSION}`);
    expect(of(findings, "clock")[0]?.status).toBe("ok");
  });

  test("names the key that is refused, by its variable, and shows none: 0, because another works", async () => {
    const { code, stdout } = await run({ ...settings(), GROQ_API_KEY_3: BAD_KEY });
    expect(code).toBe(0);
    expect(stdout).toMatch(/warn +keys +Groq refuses 1 of 2 keys \(GROQ_API_KEY_3: status 401/);
    expect(stdout).toMatch(/-> Replace GROQ_API_KEY_3/);
    expect(stdout).not.toContain("canary");
  });

  test("is 1 if no key works", async () => {
    const { code, stdout } = await run({ ...settings(), GROQ_API_KEY: BAD_KEY });
    expect(code).toBe(1);
    expect(stdout).toMatch(/fail +keys +Groq refuses 1 of 1 keys/);
    expect(stdout).not.toContain("canary");
  });

  test("names a model that is gone, with the modes that have it, and one that is there", async () => {
    const { code, stdout } = await run(settings("llama-3.3-70b"));
    expect(code).toBe(0);
    expect(stdout).toMatch(/warn +models +groq\/llama-3\.3-70b \(smart, .*vision\) is not among/);
    expect(stdout).toContain("Its provider has groq/llama-3.3-70b-versatile");
  });

  test("names every variable that is wrong, not only the first: 1", async () => {
    const { code, stdout } = await run({ PORT: "70000", CONNECT_TIMEOUT_MS: "soon", GROK_API_KEY: "x" });
    expect(code).toBe(1);
    expect(stdout).toMatch(/fail +variables +PORT is "70000"/);
    expect(stdout).toMatch(/fail +variables +CONNECT_TIMEOUT_MS is "soon"/);
  });

  test("calls nobody with --offline", async () => {
    const hosted = { ...databaseSettings(database), NEXT_PUBLIC_SUPABASE_URL: upstream.origin };
    const { code, stdout } = await run({ ...settings(), ...hosted }, "--offline");
    expect({ code, calls: upstream.requests.length }).toEqual({ code: 0, calls: 0 });
    expect(stdout).toMatch(/skipped +keys +Not asked/);
    expect(stdout).toMatch(/skipped +database +Not asked/);
  });

  test.each([
    [["--help"], 0, "stdout", /npm run doctor -- --json/],
    [["--jsn"], 2, "stderr", /There is no option --jsn/],
  ] as const)("with %s is %i", async (args, code, stream, says) => {
    const ended = await run({}, ...args);
    expect(ended.code).toBe(code);
    expect(ended[stream]).toMatch(says);
  });
});

const HOSTED = {
  NEXT_PUBLIC_SUPABASE_URL: "https://abcdefgh.supabase.co",
  NEXT_PUBLIC_SUPABASE_ANON_KEY: "sb_publishable_abc",
  SUPABASE_SERVICE_ROLE_KEY: "sb_secret_abc",
};
const READY: DatabaseCheck = { state: "ready", version: SCHEMA_VERSION };
const NOW = Date.UTC(2027, 0, 31, 12);

/** A machine without a fault, but for what a test changes. */
function machine(
  variables: Readonly<Record<string, string>>,
  changes: Partial<DoctorEffects> = {},
): DoctorEffects {
  const clock = new FakeClock();
  return {
    nodeVersion: "24.1.0",
    envFiles: [],
    environmentProblems: () => environmentProblems(variables),
    readEnv: () => readEnv(variables),
    call: {
      upstream: createHttpUpstream(),
      clock: { now: () => clock.now(), after: clock.after.bind(clock), wallNow: () => NOW },
      random: () => 0.5,
    },
    get: async () => ({ status: 200, date: new Date(NOW).toUTCString(), body: [] }),
    checkDatabase: async () => READY,
    hasKeys: async () => true,
    storage: (settings) => createObjectStorage(settings, clock),
    randomId: randomUUID,
    assertCanListen: async () => undefined,
    isBuilt: async () => true,
    folder: async () => ({ problem: undefined, freeBytes: 1e12 }),
    hasEmbeddedSupabase: () => true,
    ...changes,
  };
}

const told = (date: number): Partial<DoctorEffects> => ({
  get: async () => ({ status: 200, date: new Date(date).toUTCString(), body: [] }),
});
const answering = (status: number, body: unknown): Partial<DoctorEffects> => ({
  get: async (url): Promise<ProbeAnswer> =>
    url.includes("/rest/") ? { status: 200, date: undefined, body } : { status, date: undefined, body: {} },
});
const used: Partial<DoctorEffects> = {
  assertCanListen: async () => {
    throw new GatewayError("not_configured", "Another process listens on port 3000. Stop it, or set PORT.");
  },
};
const health = { status: "ok", version: "1.0.0", engines: "providers" };

type Row = [string, CheckId, Record<string, string>, Partial<DoctorEffects>, Status, RegExp];
const ROWS: Row[] = [
  ["an old Node", "node", {}, { nodeVersion: "20.19.4" }, "fail", /20\.19\.4 cannot/],
  ["the oldest Node that can", "node", {}, { nodeVersion: "22.19.0" }, "ok", /22\.19\.0/],
  ["a misspelt variable", "variables", { GROK_API_KEY: "x" }, {}, "warn", /GROK_API_KEY is not a variable/],
  ["a short token of metrics", "variables", { METRICS_TOKEN: "short" }, {}, "warn", /guessed/],
  ["half a Supabase", "variables", { SUPABASE_SERVICE_ROLE_KEY: "sb_secret_x" }, {}, "fail", /is not: set/],
  ["a broken chain", "variables", { MODELS_CONFIG: "{" }, {}, "fail", /MODELS_CONFIG, line 1/],
  [
    "a broken MCP server",
    "variables",
    { MCP_CONFIG: '{"servers": {"notes": {}}}' },
    {},
    "fail",
    /MCP_CONFIG, line 1/,
  ],
  ["an unknown paid provider", "variables", { PAID_PROVIDERS: "nobody" }, {}, "fail", /PAID_PROVIDERS/],
  ["no provider", "engines", {}, {}, "warn", /No provider is configured/],
  ["the sandbox", "engines", { ENABLE_SANDBOX: "1" }, {}, "warn", /sandbox engine answers/],
  ["no project", "database", {}, {}, "ok", /embedded one in \.data/],
  ["nor its packages", "database", {}, { hasEmbeddedSupabase: () => false }, "fail", /not installed/],
  ["no project on Vercel", "database", { VERCEL: "1" }, {}, "fail", /no other on Vercel/],
  [
    "a wrong publishable key",
    "database",
    HOSTED,
    answering(401, []),
    "fail",
    /refuses NEXT_PUBLIC_SUPABASE_ANON/,
  ],
  ["a web page there", "database", HOSTED, answering(404, "<html>"), "fail", /not Supabase/],
  [
    "tables open to all",
    "database",
    HOSTED,
    answering(200, [{ id: 1 }]),
    "fail",
    /row level security is off/,
  ],
  [
    "no answer",
    "database",
    HOSTED,
    {
      get: async () => {
        throw new Error("ENOTFOUND.");
      },
    },
    "fail",
    /does not answer: ENOTFOUND/,
  ],
  [
    "open access",
    "access",
    { ...HOSTED, ENABLE_OPENAI_PROXY: "1" },
    { hasKeys: async () => false },
    "warn",
    /accept any bearer/,
  ],
  ["a clock that is right", "clock", HOSTED, told(NOW - 1_000), "ok", /agrees/],
  ["a clock that drifts", "clock", HOSTED, told(NOW + 60_000), "warn", /60 s behind/],
  ["a clock of another hour", "clock", HOSTED, told(NOW - 3_600_000), "fail", /3600 s ahead/],
  ["no server to compare with", "clock", {}, {}, "skipped", /No server/],
  ["a used port", "port", {}, used, "fail", /Another process/],
  [
    "a port that the gateway has",
    "port",
    {},
    { ...used, get: async () => ({ status: 200, date: undefined, body: health }) },
    "ok",
    /A gateway is running/,
  ],
  [
    "a folder of others",
    "data",
    {},
    { folder: async () => ({ problem: "EACCES.", freeBytes: 0 }) },
    "fail",
    /EACCES/,
  ],
  [
    "a full disk",
    "data",
    {},
    { folder: async () => ({ problem: undefined, freeBytes: 5e7 }) },
    "fail",
    /Only 47 MB/,
  ],
  [
    "little space",
    "data",
    {},
    { folder: async () => ({ problem: undefined, freeBytes: 5e8 }) },
    "warn",
    /476 MB/,
  ],
  ["no build", "build", {}, { isBuilt: async () => false }, "skipped", /no production build/],
  ["a proxy that can be bypassed", "proxy", { TRUST_PROXY: "1" }, {}, "warn", /forge/],
  [
    "a proxy that is not trusted",
    "proxy",
    { NEXT_PUBLIC_APP_URL: "https://a.example" },
    {},
    "warn",
    /TRUST_PROXY is off/,
  ],
  ["a proxy set up well", "proxy", { TRUST_PROXY: "1", HOST: "127.0.0.1" }, {}, "ok", /is trusted/],
];

describe("the doctor says of", () => {
  test.each(ROWS)("%s: %s", async (_, check, variables, changes, status, says) => {
    const { findings } = await examine(false, machine(variables, changes));
    const found = of(findings, check).filter((one) => says.test(one.message));
    expect(found, JSON.stringify(findings, undefined, 1)).toMatchObject([{ status }]);
    // Whatever is wrong comes with what to do.
    for (const one of findings)
      if (one.status === "warn" || one.status === "fail") expect(one.advice).toMatch(/\.$/);
  });

  test.each<[DatabaseCheck, Status]>([
    [READY, "ok"],
    [{ state: "service_key_missing" }, "warn"],
    [{ state: "service_key_rejected" }, "fail"],
    [{ state: "migrations_missing", expected: 9 }, "fail"],
    [{ state: "schema_outdated", version: 7, expected: 9 }, "fail"],
    [{ state: "unreachable", reason: "ECONNREFUSED." }, "fail"],
  ])("a database that is %j: %s", async (state, status) => {
    const { findings } = await examine(false, machine(HOSTED, { checkDatabase: async () => state }));
    expect(of(findings, "database").at(-1)?.status).toBe(status);
  });

  test("a provider whose list is public: its key, from another address", async () => {
    upstream.script = (exchange) =>
      exchange.request.path.endsWith("/models")
        ? exchange.json(200, { data: [{ id: "any/model" }] })
        : exchange.json(401, { error: { message: "No auth credentials found", code: 401 } });
    const variables = { OPENROUTER_API_KEY: BAD_KEY, OPENROUTER_BASE_URL: `${upstream.origin}/api/v1` };
    const { findings } = await examine(false, machine(variables));
    expect(upstream.requests.map(({ path }) => path)).toEqual(["/api/v1/models", "/api/v1/key"]);
    expect(of(findings, "keys")).toMatchObject([{ status: "fail" }]);
  });

  test("a provider that nobody answers for", async () => {
    const closed = createServer();
    await new Promise<void>((done) => closed.listen(0, "127.0.0.1", done));
    const { port } = closed.address() as AddressInfo;
    await new Promise((done) => closed.close(done));
    const variables = { ...settings(), GROQ_BASE_URL: `http://127.0.0.1:${port}/v1` };
    const { findings } = await examine(false, machine(variables));
    expect(of(findings, "keys")).toMatchObject([
      { status: "fail", message: expect.stringMatching(/Groq cannot be reached/) },
    ]);
  });
});

describe("the doctor tries the object storage", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server();
  });
  afterAll(() => server.stop());

  type StorageRow = [what: string, () => Record<string, string>, Status, RegExp];
  const STORAGE: StorageRow[] = [
    ["that works", () => ({}), "ok", /keeps files, and gives them back/],
    ["with a public address", () => ({ R2_PUBLIC_URL: `${server.url}/${TEST_BUCKET}` }), "ok", /everybody/],
    ["whose public address is another's", () => ({ R2_PUBLIC_URL: server.url }), "warn", /does not show/],
    ["without the bucket", () => ({ R2_BUCKET_NAME: "no-such-bucket" }), "fail", /NoSuchBucket/],
    ["with a wrong secret", () => ({ R2_SECRET_ACCESS_KEY: "a-wrong-secret" }), "fail", /Signature/],
    ["where nobody is", () => ({ R2_ENDPOINT: "http://127.0.0.1:9" }), "fail", /ECONNREFUSED/],
  ];
  test.each(STORAGE)("%s", async (_, variables, status, says) => {
    const get = async (url: string): Promise<ProbeAnswer> => {
      const answer = await fetch(url);
      await answer.arrayBuffer();
      return { status: answer.status, date: undefined, body: undefined };
    };
    const { findings, secrets } = await examine(
      false,
      machine({ ...server.settings, ...variables() }, { get }),
    );
    const found = of(findings, "storage").filter((one) => says.test(one.message));
    expect(found, JSON.stringify(of(findings, "storage"))).toMatchObject([{ status }]);
    expect(JSON.stringify(findings)).not.toContain(TEST_SECRET_KEY);
    expect(secrets).toContain(variables()["R2_SECRET_ACCESS_KEY"] ?? TEST_SECRET_KEY);
    expect(await server.keys()).toEqual([]);
  });

  test("only if it is set up, and not offline", async () => {
    expect(of((await examine(false, machine({}))).findings, "storage")).toEqual([]);
    const offline = await examine(true, machine(server.settings));
    expect(of(offline.findings, "storage")).toMatchObject([{ status: "skipped" }]);
    const half = await examine(false, machine({ R2_BUCKET_NAME: "files" }));
    expect(of(half.findings, "variables")).toMatchObject([{ status: "fail" }]);
  });
});
