import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { shellEnvironment } from "./served-gateway.ts";

/** Vitest global setup: the production build that the tests of this folder serve. */
export default async function setup(): Promise<void> {
  await promisify(execFile)("npm", ["run", "build"], {
    env: shellEnvironment("production"),
    maxBuffer: 16 * 1024 * 1024,
  });
}
