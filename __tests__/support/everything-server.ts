import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";

export type EverythingServer = {
  /** Its endpoint. */
  url: string;
  /** Ends the process at once, its sessions with it. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  restart(): Promise<void>;
};

/** The reference server of the protocol, of the revision 2025-11-25, in a process of its own. */
export async function startEverythingServer(): Promise<EverythingServer> {
  const port = await freePort();
  let child = await start(port);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    kill,
    async restart() {
      await kill();
      child = await start(port);
    },
  };
}

async function start(port: number): Promise<ChildProcess> {
  const manifest = createRequire(import.meta.url).resolve(
    "@modelcontextprotocol/server-everything/package.json",
  );
  const child = spawn(process.execPath, [join(dirname(manifest), "dist/index.js"), "streamableHttp"], {
    env: { NODE_ENV: "test", PORT: String(port) },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on("data", (text: Buffer) => {
      said += text.toString();
      if (said.includes("listening")) resolve();
    });
    child.once("exit", () => reject(new Error(`The server did not start: ${said}`)));
  });
  return child;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("There is no free port.");
  return address.port;
}
