import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export type ServedGateway = {
  url: string;
  /** The local gateway key. */
  key: string;
  /** What it has printed so far. */
  readonly output: string;
  /** Ends it as an operator does; resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
};

/** What a shell has, and nothing of the test runner's. */
export function shellEnvironment(nodeEnv: "development" | "production"): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "", NODE_ENV: nodeEnv };
}

/** Free at the moment of asking. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("No free port.");
  return address.port;
}

/**
 * The gateway as `npm run dev` or `npm start` serve it: its own process, its own local Supabase, no
 * environment but `settings`.
 */
export async function serveGateway(
  command: "dev" | "start",
  settings: Readonly<Record<string, string>> = {},
): Promise<ServedGateway> {
  const dataDir = await mkdtemp(join(tmpdir(), "sarmalink-slow-"));
  const port = await freePort();
  const child = spawn(process.execPath, [`lib/server/cli/${command}.ts`], {
    env: {
      ...shellEnvironment(command === "dev" ? "development" : "production"),
      PORT: String(port),
      SARMALINK_DATA_DIR: dataDir,
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
  const url = `http://127.0.0.1:${port}`;
  await untilHealthy(url, child, () => output);
  // Where the folder cannot be traversed, the key is in another, which is printed.
  const keyFile = /also in (\S+)\)/.exec(output)?.[1] ?? join(dataDir, "dev-key");
  return {
    url,
    key: (await readFile(keyFile, "utf8")).trim(),
    get output() {
      return output;
    },
    async stop(signal = "SIGTERM") {
      const code = await ended(child, signal);
      await rm(dataDir, { recursive: true, force: true });
      return code;
    },
  };
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

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve(child.exitCode);
    child.once("exit", resolve);
    child.kill(signal);
  });
}
