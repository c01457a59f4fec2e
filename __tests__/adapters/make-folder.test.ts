import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeFolder } from "#lib/adapters/make-folder.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sarmalink-folder-"));
});
afterEach(() => rmSync(root, { recursive: true }));

describe("a folder is made", () => {
  test("with its parents, and stays as it is if it exists", () => {
    const path = join(root, "a", "b", "c");
    makeFolder(path, 0o700);
    makeFolder(path, 0o700);
    expect(statSync(path).isDirectory()).toBe(true);
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test("not in the place of a file, nor inside one", () => {
    writeFileSync(join(root, "file"), "");
    expect(() => makeFolder(join(root, "file"))).toThrow(/EEXIST/);
    expect(() => makeFolder(join(root, "file", "inside"))).toThrow(/ENOTDIR/);
  });

  test.runIf(process.platform === "linux")("not for ever where the system will not have it", () => {
    expect(() => makeFolder("/proc/sarmalink")).toThrow(/ENOENT|EACCES|EPERM/);
    expect(() => makeFolder("/proc/sarmalink/deeper")).toThrow(/ENOENT|EACCES|EPERM/);
  });
});
