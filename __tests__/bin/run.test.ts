import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually } from "../support/test-gateway.ts";

/** `bin/run.mjs`, copied into folders of its own, with and without what npm installs there. */
const PACKAGED = join("node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
const PROGRAM = `const told: string = process.argv.slice(2).join(",");
console.log(told, process.argv[1], process.execPath);`;

const ENVIRONMENT: NodeJS.ProcessEnv = { PATH: process.env["PATH"] ?? "", NODE_ENV: "production" };

let root: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sarmalink-run-"));
  cpSync("bin", join(root, "bin"), { recursive: true });
  writeFileSync(join(root, "package.json"), '{"type":"module"}');
  writeFileSync(join(root, "program.ts"), PROGRAM);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

/** A packaged Node that is not the running one, though it is the same. */
function installPackagedNode(): string {
  const path = join(root, PACKAGED);
  mkdirSync(dirname(path), { recursive: true });
  cpSync(process.execPath, path);
  return path;
}

/** Runs the launcher on this Node, which says that it is of another version when one is given. */
function launch(args: readonly string[], options: { version?: string } = {}) {
  const pretend = `Object.defineProperty(process.versions, "node", { value: "${options.version}" })`;
  const flags = options.version === undefined ? [] : ["--import", `data:text/javascript,${pretend}`];
  const child = spawn(process.execPath, [...flags, join(root, "bin/run.mjs"), ...args], {
    cwd: root,
    env: ENVIRONMENT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, output }));
  return {
    child,
    ended,
    get output() {
      return output;
    },
  };
}

describe("a Node for the program", () => {
  test.each(["22.19.0", "23.6.0", "24.0.0", "25.1.0"])(
    "is the running one if that is %s and none is packaged",
    async (version) => {
      const { code, output } = await launch(["program.ts", "a", "b c"], { version }).ended;
      expect(output).toBe(`a,b c ${join(root, "program.ts")} ${process.execPath}\n`);
      expect(code).toBe(0);
    },
  );

  test.each(["18.20.0", "20.20.2", "22.18.0", "23.5.0"])("is not %s: it says what to do", async (version) => {
    const bare = await launch(["program.ts"], { version }).ended;
    expect(bare.code).toBe(1);
    expect(bare.output).toMatch(new RegExp(`^This machine's Node is ${version}, .*Run \`npm ci\`\\.\n$`));
    mkdirSync(join(root, "node_modules"));
    const without = await launch(["program.ts"], { version }).ended;
    expect(without.code).toBe(1);
    expect(without.output).toMatch(
      /^This machine's Node is [\d.]+, and .*install Node 22\.19 or later.*\n$/i,
    );
  });

  test("is the packaged one, without any link in node_modules/.bin", async () => {
    const node = installPackagedNode();
    const { code, output } = await launch(["program.ts", "x"], { version: "20.20.2" }).ended;
    expect(output).toBe(`x ${join(root, "program.ts")} ${node}\n`);
    expect(code).toBe(0);
  });

  test("is found in spite of a packaged one that cannot run here", async () => {
    const node = installPackagedNode();
    writeFileSync(node, "#!/there/is/no/such/loader\n");
    const able = await launch(["program.ts", "x"], { version: "24.1.0" }).ended;
    expect(able).toMatchObject({ code: 0, output: expect.stringMatching(/^x /) });
    const old = await launch(["program.ts"], { version: "20.20.2" }).ended;
    expect(old).toMatchObject({ code: 1, output: expect.stringContaining("cannot run here") });
  });
});

describe("the program", () => {
  test("may be the command of a package, with one or several", async () => {
    for (const [name, bin] of [
      ["one", '"./cli.js"'],
      ["two", '{"other":"./x.js","two":"cli.js"}'],
    ] as const) {
      mkdirSync(join(root, "node_modules", name), { recursive: true });
      writeFileSync(join(root, "node_modules", name, "package.json"), `{"bin":${bin}}`);
      writeFileSync(join(root, "node_modules", name, "cli.js"), `console.log("I am ${name}")`);
      expect((await launch([name]).ended).output).toBe(`I am ${name}\n`);
    }
  });

  test.each([
    [["nothing.ts"], /^There is no .*nothing\.ts\.\n$/],
    [["missing"], /^The package missing is not installed\. Run `npm ci`\.\n$/],
    [[], /^Usage: /],
  ])("%j is told in one line when it is not there", async (args, says) => {
    expect(await launch(args).ended).toMatchObject({ code: 1, output: expect.stringMatching(says) });
  });

  test.each([{ version: "20.20.2" }, { version: "24.0.0" }])(
    "gives its exit code, on $version",
    async ({ version }) => {
      installPackagedNode();
      writeFileSync(join(root, "program.ts"), "process.exit(7)");
      expect((await launch(["program.ts"], { version }).ended).code).toBe(7);
      writeFileSync(join(root, "program.ts"), 'throw new Error("broken")');
      expect(await launch(["program.ts"], { version }).ended).toMatchObject({
        code: 1,
        output: expect.stringContaining("Error: broken"),
      });
    },
  );
});

const SERVER = `
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(signal, () => { console.log("got", signal); setTimeout(() => process.exit(3), 100); });
setInterval(() => undefined, 1_000);
console.log("up", process.pid);`;

describe("signals", () => {
  // A Node that is not the packaged one has to start another process; one that is new enough becomes it.
  const pairs = ["20.20.2", "24.0.0"].flatMap((version) =>
    (["SIGINT", "SIGTERM", "SIGHUP"] as const).map((signal) => ({ version, signal })),
  );
  test.each(pairs)("$signal reaches the program on $version, which may end in peace", async (pair) => {
    if (pair.version.startsWith("20")) installPackagedNode();
    writeFileSync(join(root, "program.ts"), SERVER);
    const run = launch(["program.ts"], { version: pair.version });
    await eventually("it is up", () => run.output.includes("up"), 5_000);
    run.child.kill(pair.signal);
    expect(await run.ended).toMatchObject({ code: 3, output: expect.stringContaining(`got ${pair.signal}`) });
  });

  test("a program that died of a signal is seen to have died of it", async () => {
    installPackagedNode();
    writeFileSync(join(root, "program.ts"), 'process.kill(process.pid, "SIGKILL")');
    expect((await launch(["program.ts"], { version: "20.20.2" }).ended).signal).toBe("SIGKILL");
  });

  test.each([
    { between: "the shell of npm", env: { npm_lifecycle_event: "start" }, kill: "parent" as const },
    { between: "the launcher", env: {}, kill: "launcher" as const },
  ])("a program whose parent, $between, is killed ends as well", async ({ env, kill }) => {
    installPackagedNode();
    writeFileSync(join(root, "program.ts"), SERVER);
    // The shell waits: it has another command to run.
    const shell = spawn("sh", ["-c", `"${process.execPath}" bin/run.mjs program.ts; true`], {
      cwd: root,
      env: { ...ENVIRONMENT, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(shell);
    let output = "";
    shell.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
    await eventually("it is up", () => output.includes("up"), 5_000);
    const pid = Number(/up (\d+)/.exec(output)?.[1]);
    const victim = kill === "parent" ? shell.pid : parentOf(pid);
    expect(victim).not.toBe(pid);
    if (victim !== undefined) process.kill(victim, "SIGKILL");
    await eventually("it was told", () => output.includes("got SIGTERM"), 5_000);
    await eventually("it has ended", () => !isAlive(pid), 5_000);
  });
});

/** Uses every file descriptor that it may have, for longer than the launcher's check of its parent. */
const GREEDY = `
import { closeSync, openSync } from "node:fs";
process.on("SIGTERM", () => { console.log("got SIGTERM"); process.exit(3); });
console.log("up", process.pid);
const open: number[] = [];
let reason = "";
try {
  for (;;) open.push(openSync("program.ts"));
} catch (error) {
  reason = (error as { code: string }).code;
}
setTimeout(() => {
  for (const fd of open) closeSync(fd);
  console.log("freed after", reason);
  setInterval(() => undefined, 1_000);
}, 1_500);`;

test.runIf(process.platform === "linux")(
  "a program that has run out of file descriptors is left running, and still ends with npm",
  async () => {
    writeFileSync(join(root, "program.ts"), GREEDY);
    const script = `"${process.execPath}" bin/run.mjs program.ts; true`;
    // As npm starts it: a shell with the script, whose parent is npm.
    const npm = spawn("sh", ["-c", 'ulimit -n 64; sh -c "$npm_lifecycle_script" & wait'], {
      cwd: root,
      env: { ...ENVIRONMENT, npm_lifecycle_event: "start", npm_lifecycle_script: script },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(npm);
    let output = "";
    npm.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
    await eventually("it has had none left", () => /freed|got/.test(output), 10_000);
    expect(output).toContain("freed after EMFILE");
    // The check goes on: what it could not know for a while, it knows again.
    npm.kill("SIGKILL");
    await eventually("it was told", () => output.includes("got SIGTERM"), 5_000);
  },
);

function parentOf(pid: number): number {
  return Number(execFileSync("ps", ["-o", "ppid=", "-p", String(pid)], { encoding: "utf8" }));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: it has ended.
    return false;
  }
}
