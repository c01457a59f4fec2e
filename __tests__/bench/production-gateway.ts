import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../slow/served-gateway.ts";
import { type Child, startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";

export type ProductionGateway = {
  url: string;
  child: Child;
  /** Where its journal lives, and the database if it is the gateway's own. */
  dataDir: string;
};

/** What `npm start` runs, in a process of its own, with the OpenAI-compatible routes switched on. */
export async function startProduction(options: {
  /** Undefined for the one that `npm start` brings, in a thread of the gateway's process. */
  database: BenchDatabase | undefined;
  /** Where its journal lives, in a folder of its own. */
  dataDir: string;
  modelsConfig: string;
  execArgv?: readonly string[];
  /** Further variables. */
  env?: Readonly<Record<string, string>>;
}): Promise<ProductionGateway> {
  const { database, dataDir, modelsConfig, execArgv = [], env = {} } = options;
  const port = await freePort();
  // The user of Postgres must be able to enter its folder.
  const ownDir = await mkdtemp(join(database === undefined ? tmpdir() : dataDir, "sarmalink-gateway-"));
  const child = startChild("lib/server/cli/start.ts", {
    isQuiet: true,
    execArgv,
    env: {
      ...database?.settings,
      SARMALINK_DATA_DIR: ownDir,
      NODE_ENV: "production",
      HOST: "127.0.0.1",
      PORT: String(port),
      ENABLE_OPENAI_PROXY: "1",
      // The lines would drown the figures.
      ACCESS_LOG: process.env["ACCESS_LOG"] ?? "off",
      LOG_TURNS: process.env["LOG_TURNS"] ?? "off",
      MODELS_CONFIG: modelsConfig,
      ...env,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilUp(url);
  return { url, child, dataDir: ownDir };
}

async function untilUp(url: string): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const response = await fetch(`${url}/api/health`).catch(() => undefined);
    if (response?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("The gateway did not start; has `npm run build` been run?");
}
