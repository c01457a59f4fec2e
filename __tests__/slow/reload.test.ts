import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answers, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { readNative } from "../support/native-client.ts";
import { startTestSupabase, type TestSupabase } from "../support/test-database.ts";
import { createKey, databaseSettings, eventually, modelsConfig } from "../support/test-gateway.ts";
import { type HostName, type ServedGateway, serveGateway } from "./served-gateway.ts";

/** The configuration is read again in real processes. */
let database: TestSupabase;
let first: FakeUpstream;
let second: FakeUpstream;
let key: string;
let folder: string;
let file: string;
const open: ServedGateway[] = [];

beforeAll(async () => {
  database = await startTestSupabase();
  key = await createKey(database, (await database.signUp()).userId);
});
afterAll(() => database.stop());
beforeEach(async () => {
  first = await startFakeUpstream(answers("First."));
  second = await startFakeUpstream(answers("Second."));
  folder = await mkdtemp(join(tmpdir(), "sarmalink-sighup-"));
  file = join(folder, "models.json");
  await writeFile(file, modelsConfig({ own: `${first.origin}/v1` }));
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((gateway) => gateway.stop("SIGKILL")));
  await Promise.all([first.stop(), second.stop(), rm(folder, { recursive: true })]);
});

async function start(
  host: HostName,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServedGateway> {
  const own = { ...databaseSettings(database), MODELS_CONFIG: file };
  const gateway = await serveGateway(host, { ...own, ...settings });
  open.push(gateway);
  return gateway;
}

async function say(gateway: ServedGateway): Promise<string> {
  const response = await fetch(`${gateway.url}/api/ai-chat`, {
    method: "POST",
    // Another connection each time, for which the primary chooses a worker.
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json", connection: "close" },
    body: JSON.stringify({ message: "Hi", model: "smart" }),
  });
  return (await readNative(response)).text;
}

const change = () => writeFile(file, modelsConfig({ other: `${second.origin}/v1` }));
const timesRead = (gateway: ServedGateway): number =>
  gateway.output.split("MODELS_CONFIG was read again.").length - 1;
const childrenOf = (pid: number): number[] =>
  execFileSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" })
    .trim()
    .split(/\s+/)
    .map(Number);

describe("SIGHUP", () => {
  test("reads the configuration again, and stops nothing", async () => {
    const gateway = await start("start");
    expect(await say(gateway)).toBe("First.");
    gateway.signal("SIGHUP");
    await eventually("it is read", () => gateway.output.includes("MODELS_CONFIG is as before."));
    await writeFile(file, "{");
    gateway.signal("SIGHUP");
    await eventually("the mistake is told", () => /cannot be used as it is now.*line 1/.test(gateway.output));
    expect(await say(gateway)).toBe("First.");
    await change();
    gateway.signal("SIGHUP");
    await eventually("it is read", () => timesRead(gateway) === 1);
    expect(await say(gateway)).toBe("Second.");
    expect(await gateway.stop()).toBe(0);
  });

  test("to the primary process reaches all workers; to a worker nothing", async () => {
    const gateway = await start("start", { WORKERS: "2" });
    await eventually("both are there", () => gateway.output.includes(", 2 workers"));
    await change();
    gateway.signal("SIGHUP");
    await eventually("both have read it", () => timesRead(gateway) === 2, 20_000);
    expect(await Promise.all([1, 2, 3, 4].map(() => say(gateway)))).toEqual(Array(4).fill("Second."));
    const workers = childrenOf(gateway.pid);
    for (const pid of workers) process.kill(pid, "SIGHUP");
    expect(await say(gateway)).toBe("Second.");
    expect(childrenOf(gateway.pid)).toEqual(workers);
    expect(await gateway.stop()).toBe(0);
  });

  test("of a terminal that closes still stops", async (context) => {
    const command = `${process.execPath} lib/server/cli/start.ts`;
    const settings = { ...databaseSettings(database), MODELS_CONFIG: file };
    const terminal = await serveOnTerminal(command, settings);
    if (terminal === undefined) return context.skip("there is no script(1) that makes a terminal");
    process.kill(terminal.pid, "SIGHUP");
    await eventually("it has ended", () => !isRunning(terminal.pid), 10_000);
    expect(terminal.output()).toContain("Stopping.");
  });
});

describe("a change of the file", () => {
  test.each<[HostName, Record<string, string>, number]>([
    ["start", { WORKERS: "2" }, 2],
    ["next-start", {}, 1],
  ])("is noticed under %s %j", async (host, settings, processes) => {
    const gateway = await start(host, settings);
    // A worker that starts later has the new file from the beginning, and notices no change.
    if (processes > 1) {
      await eventually("all are there", () => gateway.output.includes(`, ${processes} workers`), 20_000);
    }
    expect(await say(gateway)).toBe("First.");
    await change();
    await eventually("all have read it", () => timesRead(gateway) === processes, 20_000);
    expect(await Promise.all([1, 2, 3, 4].map(() => say(gateway)))).toEqual(Array(4).fill("Second."));
  });
});

type OnTerminal = { pid: number; output(): string };

/** The server on a terminal of its own; undefined where no command can make one. */
async function serveOnTerminal(
  command: string,
  settings: Readonly<Record<string, string>>,
): Promise<OnTerminal | undefined> {
  const { spawn } = await import("node:child_process");
  const { freePort, shellEnvironment } = await import("./served-gateway.ts");
  const port = await freePort();
  const child = spawn("script", ["--quiet", "--command", `exec ${command}`, "/dev/null"], {
    env: {
      ...shellEnvironment("production"),
      ...settings,
      PORT: String(port),
      SARMALINK_DATA_DIR: folder,
      TERM: "dumb",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let isMissing = false;
  child.once("error", () => {
    isMissing = true;
  });
  let output = "";
  child.stdout.on("data", (bytes: Buffer) => (output += bytes.toString()));
  await eventually("it listens", () => isMissing || output.includes("Listening on"), 30_000);
  if (isMissing) return undefined;
  const [pid = 0] = childrenOf(child.pid ?? 0);
  return { pid, output: () => output };
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
