import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import {
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings } from "../support/test-gateway.ts";
import { shellEnvironment } from "./served-gateway.ts";

/**
 * What Vercel makes of this project: its own CLI packs the build of this folder's global setup, and the function is
 * started as the platform starts it. Skipped where the CLI cannot be installed. It is not among the project's packages,
 * because it has 156 MB.
 */
const MB = 1_000_000;
/**
 * By the lock file, but not `npm ci`, which refuses: this version's binaries for other systems were never published.
 * They are optional. It takes 20 s on an idle machine.
 */
const INSTALL = ["install", "--no-save", "--omit=optional", "--ignore-scripts"];
const INSTALL_MS = 120_000;
/** Vercel's limit of a function, unzipped. */
const MAX_FUNCTION = 250 * MB;
const NOT_COPIED = new Set([
  "node_modules",
  ".git",
  ".data",
  ".vercel",
  ".next/dev",
  ".next/cache",
  "__tests__",
  "training",
]);
const PROJECT = {
  projectId: "prj_local",
  orgId: "team_local",
  // Installed and built already.
  settings: { framework: "nextjs", nodeVersion: "24.x", installCommand: "true", buildCommand: "true" },
};
const run = promisify(execFile);

type FunctionConfig = {
  handler: string;
  runtime: string;
  maxDuration?: number;
  supportsCancellation?: boolean;
  filePathMap: Record<string, string>;
};

let folder: string;
let problem: string | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "sarmalink-vercel-"));
  const cli = join(folder, "cli");
  cpSync("__tests__/slow/vercel", cli, { recursive: true });
  try {
    // With the whole environment: this machine's proxy and certificates may be there.
    await run("npm", INSTALL, { cwd: cli, timeout: INSTALL_MS });
  } catch (error) {
    problem = String(error).slice(0, 1_000);
    return;
  }
  const project = join(folder, "project");
  const filter = (path: string): boolean => !NOT_COPIED.has(path);
  cpSync(".", project, { recursive: true, verbatimSymlinks: true, filter });
  // Hard links where the file system allows.
  try {
    execFileSync("cp", ["-al", "node_modules", project], { stdio: "ignore" });
  } catch {
    cpSync("node_modules", join(project, "node_modules"), { recursive: true, verbatimSymlinks: true });
  }
  // The build names the folder that it was made in.
  for (const path of globSync(join(project, ".next/*.json"))) {
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replaceAll(JSON.stringify(process.cwd()).slice(1, -1), project));
  }
  mkdirSync(join(project, ".vercel"));
  writeFileSync(join(project, ".vercel/project.json"), JSON.stringify(PROJECT));
  const env = { ...shellEnvironment("production"), VERCEL_TELEMETRY_DISABLED: "1", CI: "1" };
  const program = join(cli, "node_modules/vercel/dist/index.js");
  await run(process.execPath, [program, "build", "--yes", "--token", "none"], { cwd: project, env });
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Links stay links: those of the build lead to packages, by relative paths. */
function copyOne(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  if (lstatSync(from).isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else copyFileSync(from, to);
}

const output = (): string => join(folder, "project/.vercel/output");
/** The functions, each once: most of their names are links to others. */
function functions(): { name: string; config: FunctionConfig }[] {
  return globSync("functions/**/*.func", { cwd: output() })
    .filter((name) => !lstatSync(join(output(), name)).isSymbolicLink())
    .map((name) => ({
      name,
      config: JSON.parse(readFileSync(join(output(), name, ".vc-config.json"), "utf8")) as FunctionConfig,
    }));
}
const api = () => {
  const found = functions().find(({ name }) => name.startsWith("functions/api/"));
  if (found === undefined) throw new Error("There is no function for /api.");
  return found;
};

describe("vercel build", () => {
  test("makes functions for the API and the pages, none over the platform's size", (context) => {
    if (problem !== undefined) return context.skip(`The CLI cannot be had here: ${problem}`);
    const sizes = Object.fromEntries(
      functions().map(({ name, config }) => [
        name,
        Object.values(config.filePathMap).reduce(
          (sum, path) => sum + statSync(join(folder, "project", path)).size,
          0,
        ),
      ]),
    );
    expect(Object.keys(sizes).length).toBeGreaterThan(2);
    expect(Object.entries(sizes).filter(([, size]) => size > MAX_FUNCTION)).toEqual([]);
    // Something that no function needs has been traced if they grow: today the largest has about 65 MB, of which the
    // fonts of PDF documents are 22 MB, and what scales images is 19 MB.
    expect(Math.max(...Object.values(sizes))).toBeLessThan(90 * MB);
    for (const path of ["index", "api/ai-chat", "api/v1/chat/completions", "api/health"])
      expect(existsSync(join(output(), "functions", `${path}.func`)), path).toBe(true);
    // The pages of the docs read these files when they are asked for.
    const traced = new Set(functions().flatMap(({ config }) => Object.keys(config.filePathMap)));
    expect(traced).toContain("docs/FAILOVER.md");
  });

  test("gives the API time for streams, and tells it when a client has gone", (context) => {
    if (problem !== undefined) return context.skip(problem);
    const { functions: limits } = JSON.parse(readFileSync("vercel.json", "utf8")) as {
      functions: Record<string, { maxDuration: number }>;
    };
    expect(api().config).toMatchObject({
      runtime: "nodejs24.x",
      maxDuration: limits["app/api/**/*"]?.maxDuration,
      supportsCancellation: true,
    });
  });
});

describe("the function of the API, started as the platform starts it", () => {
  let database: TestSupabase;
  let upstream: FakeUpstream;
  let child: ChildProcess | undefined;
  let url = "";
  let output = "";
  let key: string;

  beforeAll(async () => {
    if (problem !== undefined) return;
    [database, upstream] = await Promise.all([startTestSupabase(), startFakeUpstream(answers("Seen."))]);
    key = await createKey(database, (await database.signUp()).userId);
    const { name, config } = api();
    const place = join(folder, "function");
    cpSync(join(folder, "project/.vercel/output", name), place, { recursive: true });
    // Nothing but what the function has: a file that was not traced is missing here, as on the platform.
    for (const [path, source] of Object.entries(config.filePathMap))
      copyOne(join(folder, "project", source), join(place, path));
    child = spawn(
      process.execPath,
      [join(import.meta.dirname, "vercel/serve-function.mjs"), place, config.handler],
      {
        cwd: place,
        env: {
          ...shellEnvironment("production"),
          ...databaseSettings(database),
          VERCEL: "1",
          ENABLE_OPENAI_PROXY: "1",
          GROQ_API_KEY: "gsk-test",
          GROQ_BASE_URL: `${upstream.origin}/openai/v1`,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const port = await new Promise<string>((resolve, reject) => {
      for (const stream of [child?.stdout, child?.stderr])
        stream?.on("data", (bytes: Buffer) => {
          output += bytes.toString();
          const [, found] = /^port (\d+)$/m.exec(output) ?? [];
          if (found !== undefined) resolve(found);
        });
      child?.once("exit", (code) => reject(new Error(`It ended with ${code}:\n${output}`)));
    });
    url = `http://127.0.0.1:${port}`;
  }, 120_000);
  afterAll(async () => {
    child?.kill("SIGKILL");
    await Promise.all([database?.stop(), upstream?.stop()]);
  });

  test("answers /api/health", async (context) => {
    if (problem !== undefined) return context.skip(problem);
    const response = await fetch(`${url}/api/health`);
    expect(await response.json(), output).toMatchObject({ status: "ok", engines: "providers" });
  });

  test("reads a PDF in its worker thread, and answers about it", async (context) => {
    if (problem !== undefined) return context.skip(problem);
    const file = readFileSync(join(import.meta.dirname, "../fixtures/documents/report.pdf"));
    const part = { type: "file", file: { filename: "report.pdf", file_data: file.toString("base64") } };
    const response = await fetch(`${url}/api/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({
        model: "groq/llama-3.3-70b-versatile",
        messages: [{ role: "user", content: [{ type: "text", text: "What does it say?" }, part] }],
      }),
    });
    expect(response.status, (await response.clone().text()) + output).toBe(200);
    expect(JSON.stringify(upstream.requests.at(-1)?.json)).toContain("Profit will be 4.2 million euros.");
  });
});
