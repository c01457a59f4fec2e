import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../support/test-gateway.ts";
import { freePort, shellEnvironment } from "./served-gateway.ts";

/**
 * The README's commands as npm runs them, in a copy of the tree as npm 10 leaves it: without
 * `node_modules/.bin/node`.
 */
const NOT_COPIED = new Set(["node_modules", ".git", ".data", "dev", "cache"]);
let copy: string;
const children: ChildProcess[] = [];

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "sarmalink-npm-"));
  // As root Postgres runs as another user, who has to get in.
  chmodSync(copy, 0o755);
  cpSync(".", copy, { recursive: true, filter: (path) => !NOT_COPIED.has(basename(path)) });
  // Hard links where the file system allows: half a gigabyte otherwise.
  try {
    execFileSync("cp", ["-al", "node_modules", copy], { stdio: "ignore" });
  } catch {
    cpSync("node_modules", join(copy, "node_modules"), { recursive: true, verbatimSymlinks: true });
  }
  rmSync(join(copy, "node_modules/.bin/node"), { force: true });
});
afterEach(async () => {
  for (const pid of ours()) process.kill(pid, "SIGKILL");
  children.length = 0;
  await eventually("the last one has ended", () => ours().length === 0, 10_000);
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

/** What a user's shell has: the Node that npm runs on, and nothing that this test's npm has put on the path. */
function userEnvironment(nodeEnv: "development" | "production" = "production"): NodeJS.ProcessEnv {
  const shell = shellEnvironment(nodeEnv);
  const path = (shell["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return { ...shell, PATH: path.join(delimiter) };
}

/** The processes that run in the copy, or were started from it. */
function ours(): number[] {
  return execFileSync("ps", ["-eo", "pid=,stat=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, state = "", ...args]) => !state.startsWith("Z") && args.join(" ").includes(copy))
    .map(([pid]) => Number(pid));
}

type Npm = { child: ChildProcess; url: string; readonly output: string };

async function npm(script: "dev" | "start"): Promise<Npm> {
  const port = String(await freePort());
  const command = script === "dev" ? ["run", "dev"] : ["start"];
  const child = spawn("npm", command, {
    cwd: copy,
    env: {
      ...userEnvironment(script === "dev" ? "development" : "production"),
      PORT: port,
      ENABLE_SANDBOX: "true",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const url = `http://127.0.0.1:${port}`;
  await eventually(
    "it answers",
    async () => {
      if (child.exitCode !== null) throw new Error(`npm ended with ${child.exitCode}:\n${output}`);
      return (await answers(url)) === true;
    },
    60_000,
  );
  return {
    child,
    url,
    get output() {
      return output;
    },
  };
}

async function answers(url: string): Promise<boolean> {
  return fetch(`${url}/api/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}

describe("without a node in node_modules/.bin", () => {
  test.each(["dev", "start"] as const)("npm %s answers, and ends with npm's pid", async (script) => {
    const { child, url, output } = await npm(script);
    expect(existsSync(join(copy, "node_modules/.bin/node"))).toBe(false);
    expect(output).not.toContain("EBADENGINE");
    child.kill("SIGTERM");
    await eventually("the port is free", async () => !(await answers(url)), 5_000);
    await eventually("nothing is left, the database neither", () => ours().length === 0, 20_000);
  });

  test.each(["dev", "start"] as const)("npm %s ends when npm itself is killed", async (script) => {
    const { child, url } = await npm(script);
    child.kill("SIGKILL");
    await eventually("the port is free", async () => !(await answers(url)), 5_000);
    await eventually("nothing is left, the database neither", () => ours().length === 0, 20_000);
  });

  test("the tests and the type check run", async () => {
    const run = promisify(execFile);
    const env = userEnvironment();
    const { stdout } = await run("npm", ["test", "--", "__tests__/shared/memo.test.ts"], { cwd: copy, env });
    expect(stdout).toMatch(/Test Files.*1 passed/);
    await run("npm", ["run", "typecheck"], { cwd: copy, env });
  }, 180_000);
});

describe.each(["10.8.2", "11.6.2"])("what npm %s installs", (version) => {
  test("runs TypeScript, without a page of warnings", async (context) => {
    const folder = mkdtempSync(join(tmpdir(), "sarmalink-install-"));
    for (const name of ["package.json", "package-lock.json", ".npmrc", "bin"])
      cpSync(name, join(folder, name), { recursive: true });
    writeFileSync(
      join(folder, "program.ts"),
      "const version: string = process.version; console.log(version);",
    );
    const run = promisify(execFile);
    const options = { cwd: folder, env: userEnvironment() };
    const npmOf = ["--yes", `npm@${version}`];
    try {
      await run("npx", [...npmOf, "--version"], options);
    } catch (error) {
      return context.skip(`npm ${version} cannot be had here: ${String(error).split("\n")[0]}`);
    }
    const { stdout, stderr } = await run("npx", [...npmOf, "ci", "--omit=dev", "--ignore-scripts"], options);
    expect(stdout + stderr).not.toContain("EBADENGINE");
    const ran = await run("node", ["bin/run.mjs", "program.ts"], options);
    expect(ran.stdout).toMatch(/^v2[4-9]\./);
    rmSync(folder, { recursive: true });
  }, 180_000);
});
