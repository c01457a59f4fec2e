import { execFile } from "node:child_process";
import { promisify } from "node:util";
import chromium from "@sparticuz/chromium";
import { shellEnvironment } from "./served-gateway.ts";

/** Vitest global setup: the production build that the tests of this folder serve, and the browser that visits it. */
export default async function setup(): Promise<void> {
  await Promise.all([
    promisify(execFile)("npm", ["run", "build"], {
      env: shellEnvironment("production"),
      maxBuffer: 16 * 1024 * 1024,
    }),
    // Unpacked here, because two test files that unpack it at once would read each other's half of it.
    chromium.executablePath(),
  ]);
}
