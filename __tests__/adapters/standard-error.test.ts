import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

const WRITES = `
  import { createLogger } from "#lib/adapters/logger.ts";
  const logger = createLogger([]);
  for (let count = 0; count < 3; count++) {
    logger.info("line " + count);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  console.log("alive");`;

/** Runs a script whose standard error is this; resolves with what it says on standard output. */
async function run(script: string, stderr: number | "pipe"): Promise<{ code: unknown; stdout: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", stderr],
  });
  child.stderr?.destroy();
  let stdout = "";
  child.stdout?.on("data", (bytes: Buffer) => (stdout += bytes.toString()));
  const [code] = await once(child, "close");
  return { code, stdout };
}

describe("a log that cannot be written costs lines, not the process", () => {
  test.runIf(existsSync("/dev/full"))("when the disk is full", async () => {
    const full = openSync("/dev/full", "w");
    expect(await run(WRITES, full)).toEqual({ code: 0, stdout: "alive\n" });
    closeSync(full);
  });

  test("when nobody reads it any more", async () => {
    expect(await run(WRITES, "pipe")).toEqual({ code: 0, stdout: "alive\n" });
  });
});

test("what is missing is said when there is room again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sarmalink-stderr-"));
  const script = `
    import fs from "node:fs";
    import { writeToStandardError } from "#lib/adapters/standard-error.ts";
    const lines = [];
    let isFull = true;
    process.stderr._write = (chunk, _encoding, done) => {
      if (isFull) return done(Object.assign(new Error("ENOSPC"), { code: "ENOSPC" }));
      lines.push(String(chunk));
      done();
    };
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    for (const text of ["a\\n", "b\\n"]) { writeToStandardError(text); await pause(); }
    isFull = false;
    writeToStandardError("c\\n");
    await pause();
    writeToStandardError("d\\n");
    await pause();
    console.log(JSON.stringify(lines));`;
  const { stdout } = await run(script, openSync(join(folder, "log"), "w"));
  expect(JSON.parse(stdout)).toEqual([
    "c\n",
    expect.stringContaining("2 writes to this log failed before this one."),
    "d\n",
  ]);
  rmSync(folder, { recursive: true });
});
