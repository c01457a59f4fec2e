import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../slow/served-gateway.ts";
import { type Child, startChild } from "./child.ts";

const PACKAGE = "@portkey-ai/gateway";
const VERSION = "1.15.2";
/** Kept between runs, and no part of the project: `npm ci` removes it. */
const CACHE = join("node_modules", ".cache", "bench", `portkey-${VERSION}`);

/** Portkey's gateway, as its package starts it, in a process of its own. The first run installs it. */
export async function startPortkey(): Promise<{ url: string; child: Child }> {
  const program = join(CACHE, "node_modules", PACKAGE, "build", "start-server.js");
  if (!existsSync(program)) await install();
  const port = await freePort();
  const child = startChild(program, {
    args: ["--headless", `--port=${port}`],
    isQuiet: true,
    env: { NODE_ENV: "production" },
  });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    const response = await fetch(url).catch(() => undefined);
    if (response !== undefined) return { url, child };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("Portkey's gateway did not start.");
}

async function install(): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const manifest = {
    private: true,
    dependencies: { [PACKAGE]: VERSION },
    // With later ones its streams fail: they hand it headers of an answer that it cannot add to.
    overrides: { "@hono/node-server": "1.13.8" },
  };
  await writeFile(join(CACHE, "package.json"), JSON.stringify(manifest));
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--legacy-peer-deps"];
  await promisify(execFile)("npm", args, { cwd: CACHE });
}
