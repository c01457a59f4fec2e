import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export type ServedGateway = {
  url: string;
  /** The local gateway key; empty where the database is not the embedded one. */
  key: string;
  pid: number;
  /** What it has printed so far. */
  readonly output: string;
  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves with its exit code. */
  ended(): Promise<number | null>;
  /** Ends it as an operator does; resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

/** `dev` and `start` are ours; `next-start` is Next.js alone, as a platform would run it. */
export type HostName = "dev" | "start" | "next-start";

const PROGRAMS: Readonly<Record<HostName, readonly string[]>> = {
  dev: ["lib/server/cli/dev.ts"],
  start: ["lib/server/cli/start.ts"],
  "next-start": ["node_modules/next/dist/bin/next", "start"],
};

/** What a shell has, and nothing of the test runner's. */
export function shellEnvironment(nodeEnv: "development" | "production"): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", NODE_ENV: nodeEnv };
}

/**
 * A port that nobody listens on. It lies below the range that systems give to outgoing connections
 * (from 32768 on Linux, from 49152 elsewhere): a port of that range can be taken by a connection
 * between this moment and the one in which the gateway listens.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (await canListenOn(port)) return port;
  }
  throw new Error("No free port.");
}

function canListenOn(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    // All addresses, since the gateway listens on all of them.
    server.listen(port, () => server.close(() => resolve(true)));
  });
}

/**
 * The gateway in a process of its own, with no environment but `settings`. `dev` and `start` bring a
 * local Supabase, unless the settings name one.
 */
export async function serveGateway(
  host: HostName,
  settings: Readonly<Record<string, string>> = {},
): Promise<ServedGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-slow-"));
  const port = Number(settings["PORT"] ?? (await freePort()));
  const child = startProgram(host, { PORT: String(port), SARMALINK_DATA_DIR: dataDir, ...settings });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const url = `http://127.0.0.1:${port}`;
  await untilHealthy(url, child, () => output);
  return {
    url,
    key: settings["NEXT_PUBLIC_SUPABASE_URL"] === undefined ? await localKey(output, dataDir) : "",
    pid: child.pid ?? 0,
    get output() {
      return output;
    },
    signal: (signal) => void child.kill(signal),
    ended: () => endOf(child),
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      const code = await endOf(child);
      await rm(dataDir, { recursive: true, force: true });
      return code;
    },
  };
}

/** Runs a host that is expected to give up: resolves with its exit code and what it has said. */
export async function runToEnd(
  host: HostName,
  settings: Readonly<Record<string, string>>,
  cwd?: string,
): Promise<{ code: number | null; output: string }> {
  const child = startProgram(host, settings, cwd);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (bytes: Buffer) => (output += bytes.toString()));
  return { code: await endOf(child), output };
}

function startProgram(
  host: HostName,
  settings: Readonly<Record<string, string>>,
  cwd?: string,
): ChildProcess {
  const [program = "", ...args] = PROGRAMS[host];
  return spawn(process.execPath, [join(process.cwd(), program), ...args], {
    env: { ...shellEnvironment(host === "dev" ? "development" : "production"), ...settings },
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
}

/** Where the folder cannot be traversed, the key is in another, which is printed. */
async function localKey(output: string, dataDir: string): Promise<string> {
  const keyFile = /gateway key is in (\S+)/.exec(output)?.[1] ?? join(dataDir, "dev-key");
  return (await readFile(keyFile, "utf8")).trim();
}

async function untilHealthy(url: string, child: ChildProcess, output: () => string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode}:\n${output()}`);
    const response = await fetch(`${url}/api/health`).catch(() => undefined);
    if (response?.ok) return;
    await pause(200);
  }
  throw new Error(`It did not get healthy:\n${output()}`);
}

function endOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
    child.once("exit", resolve);
  });
}
