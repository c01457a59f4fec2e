import { type ChildProcess, execFile, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, normalize } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings, eventually } from "../support/test-gateway.ts";
import { only, readStages, type Stage } from "./dockerfile.ts";
import { freePort, shellEnvironment } from "./served-gateway.ts";

/** What the Dockerfile says, done without Docker: its copies, its `npm ci`, its command and its health check. */
const [build, packages, image] = readStages("Dockerfile") as [Stage, Stage, Stage];
const run = promisify(execFile);
const NOT_OF_A_BUILD = new Set(["cache", "dev"]);
/** It takes 30 s on an idle machine. */
const INSTALL_MS = 170_000;

/** What `.dockerignore` keeps out: its patterns are plain names, but for two. */
function isIgnored(path: string): boolean {
  return readFileSync(".dockerignore", "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .some((pattern) => {
      const name = pattern.replace("**/", "");
      const matches = new RegExp(`^${name.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
      return pattern.startsWith("**/")
        ? matches.test(basename(path))
        : matches.test(path.split("/")[0] ?? "");
    });
}
const words = (rest: string): string[] => rest.split(/\s+/);
const jsonOf = (rest: string): string[] => JSON.parse(rest.replace(/^CMD\s+/, "")) as string[];

describe("the Dockerfile", () => {
  test("copies what is there and not kept out, and runs as a user", () => {
    const copied = [build, packages, image].flatMap(({ instructions }) =>
      instructions
        .filter(({ name, flags }) => name === "COPY" && flags["from"] === undefined)
        .flatMap(({ rest }) => words(rest).slice(0, -1)),
    );
    for (const path of copied.map((one) => normalize(one)).filter((one) => one !== ".")) {
      expect(existsSync(path), path).toBe(true);
      expect(isIgnored(path), path).toBe(false);
    }
    expect(only(image, "USER").rest).toBe("node");
    expect(new Set([build, packages, image].map((stage) => stage.image))).toEqual(
      new Set(["node:24-bookworm-slim"]),
    );
  });

  test("builds with all that the build needs, and with no secret", () => {
    for (const path of [
      "app",
      "lib",
      "bin",
      "docs",
      "public",
      "proxy.ts",
      "instrumentation.ts",
      "tsconfig.json",
    ])
      expect(isIgnored(path), path).toBe(false);
    for (const path of [
      ".env",
      ".env.local",
      ".env.production.local",
      ".data",
      ".git",
      "node_modules",
      ".next",
    ])
      expect(isIgnored(path), path).toBe(true);
  });

  test("gives the container the time that the server takes to stop", () => {
    const compose = readFileSync("compose.yaml", "utf8");
    expect(compose).toMatch(/^ {4}stop_grace_period: 45s$/m);
    expect(compose).toContain(`- data:${only(image, "VOLUME").rest}`);
    expect(compose).toContain(`:${only(image, "EXPOSE").rest}"`);
  });
});

describe("what the image holds", () => {
  let tree: string;
  let problem: string | undefined;
  let database: TestSupabase;
  let upstream: FakeUpstream;
  let child: ChildProcess | undefined;
  let settings: Record<string, string>;
  let output = "";
  /** Seconds since the epoch. */
  let startedAt = 0;

  const environment = (more: Record<string, string>): NodeJS.ProcessEnv => {
    const own = words(only(image, "ENV").rest).map((pair) => pair.split("=") as [string, string]);
    return { ...shellEnvironment("production"), ...Object.fromEntries(own), ...more };
  };
  const start = (more: Record<string, string>): ChildProcess => {
    const [, ...args] = jsonOf(only(image, "CMD").rest);
    const started = spawn(process.execPath, args, { cwd: tree, env: environment(more) });
    output = "";
    for (const stream of [started.stdout, started.stderr])
      stream?.on("data", (bytes: Buffer) => (output += bytes.toString()));
    return started;
  };
  const exitCode = (one: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => {
      if (one.exitCode === null) one.once("exit", resolve);
      else resolve(one.exitCode);
    });

  beforeAll(async () => {
    tree = mkdtempSync(join(tmpdir(), "sarmalink-image-"));
    chmodSync(tree, 0o755);
    const installed = join(tree, "..", `${basename(tree)}-packages`);
    mkdirSync(installed);
    for (const { rest } of packages.instructions.filter(({ name }) => name === "COPY"))
      for (const path of words(rest).slice(0, -1)) cpSync(path, join(installed, path));
    const [npm = "", ...args] = words(only(packages, "RUN").rest);
    try {
      await run(npm, args, { cwd: installed, timeout: INSTALL_MS });
    } catch (error) {
      problem = String(error).slice(0, 1_000);
      return;
    }
    const sources: Record<string, string> = { packages: installed, build: "." };
    for (const { rest, flags } of image.instructions.filter(({ name }) => name === "COPY")) {
      const [target = "", ...paths] = words(rest).reverse();
      for (const path of paths) {
        const from = join(sources[flags["from"] ?? ""] ?? ".", path.replace(/^\/app\//, ""));
        const to = target.endsWith("./") ? join(tree, basename(path)) : join(tree, target);
        const filter = (one: string): boolean =>
          flags["from"] !== "build" || !NOT_OF_A_BUILD.has(basename(one)) || !/\.next\/[^/]+$/.test(one);
        cpSync(from, to, { recursive: true, verbatimSymlinks: true, filter });
      }
    }
    rmSync(installed, { recursive: true });
    [database, upstream] = await Promise.all([startTestSupabase(), startFakeUpstream(answers("Hello."))]);
    settings = {
      ...databaseSettings(database),
      ENABLE_OPENAI_PROXY: "1",
      HOST: "127.0.0.1",
      PORT: String(await freePort()),
      SARMALINK_DATA_DIR: join(tree, "..", `${basename(tree)}-data`),
      GROQ_API_KEY: "gsk-test",
      GROQ_BASE_URL: `${upstream.origin}/openai/v1`,
    };
    startedAt = Date.now() / 1_000;
    child = start(settings);
    await eventually("it listens", () => output.includes("Listening on"), 30_000);
  }, 300_000);
  afterAll(async () => {
    child?.kill("SIGKILL");
    await Promise.all([database?.stop(), upstream?.stop()]);
    for (const path of [tree, settings?.["SARMALINK_DATA_DIR"] ?? ""])
      rmSync(path, { recursive: true, force: true });
  });

  test("has no dev dependency, no database and no second Node", (context) => {
    if (problem !== undefined) return context.skip(problem);
    const { devDependencies, optionalDependencies } = JSON.parse(
      readFileSync("package.json", "utf8"),
    ) as Record<string, Record<string, string>>;
    const surplus = Object.keys({ ...devDependencies, ...optionalDependencies }).filter((name) =>
      existsSync(join(tree, "node_modules", name)),
    );
    // Some are the dependencies of dependencies, too.
    expect(surplus.filter((name) => !name.startsWith("@types/"))).toEqual([]);
    expect(globSync("*", { cwd: join(tree, "lib") })).toContain("server");
  });

  test("answers its health check, a question and pages, the docs among them", async (context) => {
    if (problem !== undefined) return context.skip(problem);
    const [, ...check] = jsonOf(only(image, "HEALTHCHECK").rest);
    await run(process.execPath, check, { env: environment(settings) });
    const url = `http://127.0.0.1:${settings["PORT"]}`;
    const key = await createKey(database, (await database.signUp()).userId);
    const answer = await fetch(`${url}/api/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "groq/llama-3.3-70b-versatile",
        messages: [{ role: "user", content: "Hi" }],
      }),
    });
    expect(answer.status, output).toBe(200);
    for (const path of ["/", "/docs/deploy", "/favicon.svg"]) {
      const page = await fetch(url + path);
      expect(page.status, `${path} ${output}`).toBe(200);
      await page.arrayBuffer();
    }
  });

  test("writes nothing beside its data folder, and ends by SIGTERM", async (context) => {
    if (problem !== undefined || child === undefined) return context.skip(problem);
    const { stdout } = await run("find", [tree, "-newermt", `@${startedAt}`, "-not", "-path", tree]);
    expect(stdout).toBe("");
    child.kill("SIGTERM");
    expect(await exitCode(child)).toBe(0);
  });

  test("says that it needs a Supabase project, and that nobody answers its health check", async (context) => {
    if (problem !== undefined) return context.skip(problem);
    const { HOST = "", PORT = "", SARMALINK_DATA_DIR = "" } = settings;
    const bare = { HOST, PORT, SARMALINK_DATA_DIR };
    expect(await exitCode(start(bare))).toBe(1);
    expect(output).toMatch(/No Supabase is configured and the embedded one cannot run/);
    const [, ...check] = jsonOf(only(image, "HEALTHCHECK").rest);
    await expect(run(process.execPath, check, { env: environment(bare) })).rejects.toMatchObject({ code: 1 });
  });
});
