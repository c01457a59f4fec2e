import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("development does not start with half of an object storage, and names what is missing", () => {
  const { status, stderr, stdout } = spawnSync(process.execPath, ["bin/run.mjs", "lib/server/cli/dev.ts"], {
    // PATH for the Node that runs TypeScript. A start that is not refused is ended.
    env: {
      PATH: process.env["PATH"],
      NODE_ENV: "development",
      R2_BUCKET_NAME: "files",
      R2_ENDPOINT: "http://127.0.0.1:9",
    },
    encoding: "utf8",
    timeout: 20_000,
  });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  expect(stderr).toContain("not R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY");
}, 30_000);
