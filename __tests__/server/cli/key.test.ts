import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { thisProcess } from "#lib/adapters/process-start.ts";
import { createSupabaseClients } from "#lib/adapters/supabase/clients.ts";
import { createSupabaseGatewayKeyStore } from "#lib/adapters/supabase/gateway-key-store.ts";
import { KEY_MODES } from "#lib/apis/native/keys.ts";
import { sha256Hex } from "#lib/local-supabase/secrets.ts";
import { startEmbeddedSupabase } from "#lib/local-supabase/start.ts";
import { KEY_HELP, type KeyOptions, readKeyCommand } from "#lib/server/cli/key-options.ts";
import { startTestSupabase, type TestSupabase, type TestUser } from "../../support/test-database.ts";
import { databaseSettings } from "../../support/test-gateway.ts";
import { MIGRATIONS } from "../../support/test-postgres.ts";

const NOW = Date.UTC(2026, 10, 27, 12);

/** The options of a new key. */
function readKeyOptions(args: readonly string[]): KeyOptions | undefined {
  const command = readKeyCommand(args, NOW);
  if (command !== undefined && command.name !== "create") expect.fail(`This is ${command.name}.`);
  return command?.options;
}

const ID = "0b8f1a5e-64a3-4f44-9e2c-9a9d9c3c9a11";

describe("the other commands", () => {
  test.each([
    [["list"], { name: "list", options: { user: undefined, local: false } }],
    [["list", "--user", "a@b.c", "--local"], { name: "list", options: { user: "a@b.c", local: true } }],
    [["rotate", ID], { name: "rotate", id: ID, graceSeconds: 86_400 }],
    [["rotate", ID, "--grace", "0s"], { name: "rotate", graceSeconds: 0 }],
    [["rotate", "--grace=30d", ID], { name: "rotate", graceSeconds: 2_592_000 }],
    [["revoke", ID], { name: "revoke", id: ID }],
  ])("%j", (args, expected) => {
    expect(readKeyCommand(args)).toMatchObject(expected);
  });

  test.each([
    [["list", "x"], /^"x" belongs to no option\./],
    [["rotate"], /^rotate needs the id of a key/],
    [["revoke", "ci"], /^revoke needs the id of a key/],
    [["rotate", ID, "x"], /^"x" belongs to no option\./],
    [["rotate", ID, "--grace", "31d"], /^--grace is "31d": it must be a time from 0s to 30d/],
    [["rotate", ID, "--grace", "soon"], /^--grace is "soon"/],
    [["rotate", ID, "--user", "me"], /^--user is "me"/],
  ])("%j are refused", (args, says) => {
    expect(() => readKeyCommand(args)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(says) }),
    );
  });

  test("none of them is carried out with --help", () => {
    for (const name of ["list", "rotate", "revoke"]) expect(readKeyCommand([name, "--help"])).toBeUndefined();
  });
});

describe("the options", () => {
  test("become a key's name, owner and limits", () => {
    expect(readKeyOptions(["--name", "ci"])).toEqual({
      name: "ci",
      user: undefined,
      local: false,
      expiresAt: undefined,
      limits: { usdPerMonth: undefined, requestsPerMinute: undefined, modes: undefined },
    });
    const all = [
      "--name",
      " my ci ",
      "--usd=2.50",
      "--rpm",
      "60",
      "--modes",
      "fast, smart,fast",
      "--user",
      "a@b.c",
      "--local",
    ];
    expect(readKeyOptions(all)).toEqual({
      name: "my ci",
      user: "a@b.c",
      local: true,
      expiresAt: undefined,
      limits: { usdPerMonth: 2.5, requestsPerMinute: 60, modes: ["fast", "smart"] },
    });
    expect(readKeyOptions(["--name", "ci", "--help"])).toBeUndefined();
  });

  test.each([
    ["12h", "2026-11-28T00:00:00.000Z"],
    ["30d", "2026-12-27T12:00:00.000Z"],
    ["2027-01-31T12:00:00Z", "2027-01-31T12:00:00Z"],
  ])("--expires %s is %s", (given, expiresAt) => {
    expect(readKeyOptions(["--name", "ci", "--expires", given, "--at-once", "4"])).toMatchObject({
      expiresAt,
      limits: { requestsAtOnce: 4 },
    });
  });

  test.each([
    [["--name", "ci", "--expires", "tomorrow"], /^--expires is "tomorrow": it must be a time to come/],
    [["--name", "ci", "--expires", "9999999999d"], /^--expires is "9999999999d"/],
    [["--name", "ci", "--at-once", "0"], /^--at-once is "0": it must be a whole number/],
    [[], /^--name is missing\. npm takes options/],
    [["ci"], /^"ci" belongs to no option\. npm takes options/],
    [["--name", ""], /^--name is "": it must be 1 to 100 characters/],
    [["--name", "x".repeat(101)], /^--name is "x+": it must be 1 to 100 characters/],
    [["--name"], /^Option '--name <value>' argument missing\./],
    [["--name", "ci", "--budget", "3"], /^Unknown option '--budget'\./],
    [["--name", "ci", "--usd", "$20"], /^--usd is "\$20": it must be a number of US dollars/],
    [["--name", "ci", "--usd", "-1"], /--usd/],
    [["--name", "ci", "--usd", "1e3"], /^--usd is "1e3"/],
    [["--name", "ci", "--usd", "Infinity"], /^--usd is "Infinity"/],
    [["--name", "ci", "--usd", ""], /^--usd is ""/],
    [["--name", "ci", "--rpm", "0"], /^--rpm is "0": it must be a whole number from 1/],
    [["--name", "ci", "--rpm", "1.5"], /^--rpm is "1\.5"/],
    [["--name", "ci", "--modes", "turbo"], /^--modes is "turbo": it must be some of smart/],
    [["--name", "ci", "--modes", ""], /^--modes is ""/],
    [["--name", "ci", "--user", "somebody"], /^--user is "somebody": it must be an e-mail address/],
  ])("%j are refused in one line that says how it goes", (args, says) => {
    expect(() => readKeyOptions(args)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(says) }),
    );
    expect(() => readKeyOptions(args)).toThrow(/^[^\n]*`npm run key -- --help` shows how\.$/);
  });
});

test.each(KEY_MODES)("the mode %s is taken, and named by the help and by a refusal", (mode) => {
  expect(readKeyOptions(["--name", "ci", "--modes", mode])?.limits.modes).toEqual([mode]);
  expect(KEY_HELP).toMatch(new RegExp(`\\b${mode}\\b`));
  expect(() => readKeyOptions(["--name", "ci", "--modes", "turbo"])).toThrow(new RegExp(`\\b${mode}\\b`));
});

test("no mode is spelt out a second time", async () => {
  const source = await readFile("lib/server/cli/key-options.ts", "utf8");
  expect(KEY_MODES.filter((mode) => new RegExp(`\\b${mode}\\b`).test(source))).toEqual([]);
});

type Run = { code: unknown; stdout: string; stderr: string };

async function run(args: readonly string[], settings: Readonly<Record<string, string>>): Promise<Run> {
  const child = spawn(process.execPath, ["lib/server/cli/key.ts", ...args], {
    env: { PATH: process.env["PATH"] ?? "", NODE_ENV: "production", ...settings },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const result = { stdout: "", stderr: "" };
  child.stdout.on("data", (bytes: Buffer) => (result.stdout += bytes.toString()));
  child.stderr.on("data", (bytes: Buffer) => (result.stderr += bytes.toString()));
  const [code] = await once(child, "close");
  return { code, ...result };
}

function keyOf({ code, stdout, stderr }: Run): string {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toMatch(/^sk-sarmalink-[0-9a-f]{64}\n$/);
  expect(stderr).not.toContain(stdout.trim());
  return stdout.trim();
}

describe("on the local database", () => {
  let parent: string;
  let settings: Record<string, string>;
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), "sarmalink-key-"));
    await chmod(parent, 0o755);
    settings = { SARMALINK_DATA_DIR: join(parent, ".data") };
  });
  afterAll(() => rm(parent, { recursive: true, force: true }));

  test.each([
    ["that is missing", async () => undefined],
    ["that is empty", (folder: string) => mkdir(folder)],
    [
      "of a gateway on another database, which has its journal there",
      async (folder: string) => {
        await mkdir(join(folder, "journal"), { recursive: true });
        await writeFile(join(folder, "journal", "note"), "");
      },
    ],
  ])("is not made for a key in a folder %s: it says what is missing", async (_, make) => {
    const own = await mkdtemp(join(parent, "none-"));
    await chmod(own, 0o755);
    const folder = join(own, "data");
    await make(folder);
    const before = await readdir(own, { recursive: true });
    const { code, stdout, stderr } = await run(["--name", "ci"], { SARMALINK_DATA_DIR: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^There is no local database in [^\n]* no key was created\.[^\n]*--local\.\n$/);
    expect(stderr).toContain(`in ${folder},`);
    expect(await readdir(own, { recursive: true })).toEqual(before);
  });

  test("works while nothing runs, and beside a running gateway, which goes on", async () => {
    const dataDir = join(parent, ".data");
    // --local allows to make it.
    const made = await run(["--name", "before", "--usd", "20", "--modes", "fast", "--local"], settings);
    const before = keyOf(made);
    expect(made.stderr).toContain(`This key is in the local database in ${dataDir}. No gateway runs on`);
    expect(made.stderr).not.toContain("stops accepting any bearer");
    keyOf(await run(["--name", "again"], settings));
    const running = await startEmbeddedSupabase({ dataDir, migrationsDir: MIGRATIONS, log: () => undefined });
    const address: unknown = JSON.parse(await readFile(join(dataDir, "supabase.json"), "utf8"));
    expect(address).toEqual({
      url: running.url,
      publishableKey: running.publishableKey,
      email: "demo@sarmalink.local",
      ...thisProcess(),
    });
    const beside = await run(["--name", "during", "--rpm", "9"], settings);
    const during = keyOf(beside);
    expect(beside.stderr).toContain(`This key is in the local database in ${dataDir}. The gateway that runs`);
    expect(beside.stderr).toContain("stops accepting any bearer within 5 s");
    const { url, publishableKey, secretKey } = running;
    const clients = createSupabaseClients({ url, publishableKey, serviceRoleKey: secretKey });
    const store = createSupabaseGatewayKeyStore({ clients });
    const seeded = await store.findByHash(sha256Hex(running.gatewayKey));
    expect(await store.findByHash(sha256Hex(before))).toMatchObject({
      key: { userId: seeded?.key.userId, limits: { usdPerMonth: 20, modes: ["fast"] } },
    });
    expect(await store.findByHash(sha256Hex(during))).toMatchObject({
      key: { limits: { requestsPerMinute: 9 } },
    });
    expect(await store.anyEverCreated()).toBe(true);

    // As docs/SELF-HOST.md tells to get an access token.
    const [, script = ""] =
      /```sh\n(SUPABASE_URL=[\s\S]*?)```/.exec(await readFile("docs/SELF-HOST.md", "utf8")) ?? [];
    const { stdout: token } = await promisify(execFile)("sh", ["-c", script], { cwd: parent });
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
    expect(claims).toMatchObject({ sub: seeded?.key.userId, role: "authenticated" });

    // By name, by id, and somebody who is not there.
    keyOf(await run(["--name", "n", "--user", "Demo@Sarmalink.local"], settings));
    keyOf(await run(["--name", "i", "--user", seeded?.key.userId ?? ""], settings));
    const listed = await run(["list"], settings);
    expect(listed.code).toBe(0);
    const [, id = ""] = /^(\S+) {2}\S+ {2}"during".*9 requests a minute.*$/m.exec(listed.stdout) ?? [];
    const rotated = keyOf(await run(["rotate", id, "--grace", "0s"], settings));
    expect(await store.findByHash(sha256Hex(during))).toMatchObject({ state: "replaced" });
    expect(await store.findByHash(sha256Hex(rotated))).toMatchObject({ state: "live", key: { keyId: id } });
    expect(await run(["revoke", id], settings)).toMatchObject({ code: 0, stdout: "" });
    expect(await store.findByHash(sha256Hex(rotated))).toBeNull();
    expect((await run(["revoke", randomUUID()], settings)).stderr).toContain("no such gateway key");

    for (const user of ["nobody@example.test", randomUUID()]) {
      expect(await run(["--name", "x", "--user", user], settings)).toEqual({
        code: 1,
        stdout: "",
        stderr: `There is no user ${user} in this database.\n`,
      });
    }
    await running.stop();
    await expect(readFile(join(dataDir, "supabase.json"))).rejects.toMatchObject({ code: "ENOENT" });
  }, 90_000);

  test("--help prints the help and touches nothing", async () => {
    const { code, stdout } = await run(["--help"], { SARMALINK_DATA_DIR: "/nowhere/at/all" });
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("--usd") });
  });
});

describe("on a Supabase project", () => {
  let database: TestSupabase;
  let user: TestUser;
  let server: Server;
  let settings: Record<string, string>;

  /** The project's API: the test database, and the user administration that hosted Supabase has beside it. */
  beforeAll(async () => {
    database = await startTestSupabase();
    user = await database.signUp();
    const strangers = Array.from({ length: 1_000 }, (_, index) => ({
      id: randomUUID(),
      email: `${index}@x.test`,
    }));
    server = createServer(async (incoming, outgoing) => {
      const target = new URL(incoming.url ?? "/", database.url);
      if (target.pathname === "/auth/v1/admin/users") {
        const page = Number(target.searchParams.get("page"));
        const mine = { id: user.userId, email: "Owner@Example.test" };
        outgoing.setHeader("content-type", "application/json");
        outgoing.end(JSON.stringify({ users: page === 1 ? strangers : page === 2 ? [mine] : [] }));
        return;
      }
      const { host: _, connection: __, ...headers } = incoming.headers;
      const body = await new Response(incoming as unknown as ReadableStream).arrayBuffer();
      const answer = await fetch(target, {
        method: incoming.method ?? "GET",
        headers: headers as Record<string, string>,
        ...(body.byteLength > 0 ? { body } : {}),
      });
      outgoing.writeHead(answer.status, {
        "content-type": answer.headers.get("content-type") ?? "text/plain",
      });
      outgoing.end(Buffer.from(await answer.arrayBuffer()));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const port = (server.address() as { port: number }).port;
    settings = { ...databaseSettings(database), NEXT_PUBLIC_SUPABASE_URL: `http://127.0.0.1:${port}` };
  });
  afterAll(async () => {
    server.close();
    server.closeAllConnections();
    await database.stop();
  });

  test("makes a key for a user by address, however many there are, and by id", async () => {
    for (const owner of ["owner@example.test", user.userId]) {
      const made = await run(["--name", "ci", "--usd", "1", "--user", owner], settings);
      const key = keyOf(made);
      const { host } = new URL(settings["NEXT_PUBLIC_SUPABASE_URL"] ?? "");
      expect(made.stderr).toContain(`This key is in the database at ${host}. A running gateway that uses`);
      const [row] = await database.sql`
        select user_id, usd_per_month from public.gateway_keys where key_hash = ${sha256Hex(key)}`;
      expect(row).toMatchObject({ user_id: user.userId });
      expect(Number(row?.["usd_per_month"])).toBe(1);
    }
  });

  test.each([
    ["no owner", [], {}, /^Name the owner of the key: --user/],
    [
      "the local database",
      ["--local"],
      {},
      /^--local is for the local database, but NEXT_PUBLIC_SUPABASE_URL/,
    ],
    ["an unknown address", ["--user", "no@example.test"], {}, /^There is no user no@example\.test/],
    ["an unknown id", ["--user", "0b8f1a5e-64a3-4f44-9e2c-9a9d9c3c9a11"], {}, /^There is no user 0b8f1a5e/],
    [
      "no service role",
      ["--user", "a@b.c"],
      { SUPABASE_SERVICE_ROLE_KEY: "" },
      /set SUPABASE_SERVICE_ROLE_KEY/,
    ],
    [
      "a database that is not there",
      ["--user", "0b8f1a5e-64a3-4f44-9e2c-9a9d9c3c9a11"],
      { NEXT_PUBLIC_SUPABASE_URL: "http://127.0.0.1:9" },
      /^The database does not answer/,
    ],
    [
      "half a project",
      ["--user", "a@b.c"],
      { NEXT_PUBLIC_SUPABASE_URL: "" },
      /NEXT_PUBLIC_SUPABASE_URL is not/,
    ],
  ])("%s is said in one line", async (_, args, changes, says) => {
    const { code, stdout, stderr } = await run(["--name", "ci", ...args], { ...settings, ...changes });
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: "", stderr: expect.stringMatching(says) });
    expect(stderr.trimEnd()).not.toContain("\n");
  });
});
