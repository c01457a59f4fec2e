import { execFileSync, spawnSync } from "node:child_process";
import { chmod, chown, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openDataFolder } from "#lib/local-supabase/data-folder.ts";

const isRoot = process.getuid?.() === 0;
const us = execFileSync("id", ["-un"], { encoding: "utf8" }).trim();
const NOBODY = 65_534;
const nobody = spawnSync("id", ["-un", String(NOBODY)], { encoding: "utf8" }).stdout.trim();

let parent: string;
const lines: string[] = [];
const log = (line: string) => void lines.push(line);
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), "sarmalink-folder-"));
  await chmod(parent, 0o755);
  lines.length = 0;
});
afterEach(() => rm(parent, { recursive: true, force: true }));

async function refusal(path: string, replaceUnder?: string): Promise<string> {
  const opened = await openDataFolder(path, { log, replaceUnder }).catch((error: unknown) => error);
  expect(opened).toMatchObject({ code: "not_configured" });
  const message = opened instanceof Error ? opened.message : "";
  expect(message).toContain("The data folder ");
  expect(message).toContain("SARMALINK_DATA_DIR");
  expect(message).not.toContain("\n");
  expect(lines).toEqual([]);
  return message;
}

test("a folder that is not there is made, for us alone, and is found again", async () => {
  const path = join(parent, "deep", "data");
  const first = await openDataFolder(path, { log });
  expect(first).toMatchObject({ path, cluster: join(path, "postgres") });
  expect((await stat(path)).mode & 0o777).toBe(isRoot ? 0o711 : 0o700);
  expect(await openDataFolder(path, { log })).toEqual(first);
});

test("a folder that others use as well keeps its mode", async () => {
  await writeFile(join(parent, "theirs.txt"), "");
  await openDataFolder(parent, { log });
  expect((await stat(parent)).mode & 0o777).toBe(0o755);
});

describe("a folder that cannot be used ends the start, with its name, its owner and a fix", () => {
  test("a file in its place, or on the way to it", async () => {
    const file = join(parent, "file");
    await writeFile(file, "");
    const says = `${file}, which belongs to ${us}, is not a folder. Move it away`;
    expect(await refusal(file)).toContain(says);
    expect(await refusal(join(file, "data"))).toContain(says);
  });

  test("a link that leads nowhere", async () => {
    await symlink(join(parent, "nothing"), join(parent, "link"));
    expect(await refusal(join(parent, "link", "data"))).toContain(join(parent, "link"));
  });

  test("the root of the file system", async () => {
    expect(await refusal("/")).toContain("it holds more than this gateway's data");
  });

  test.runIf(isRoot)("another user's", async () => {
    const path = join(parent, "data");
    await mkdir(path);
    await chown(path, NOBODY, NOBODY);
    expect(await refusal(path)).toContain(
      `${path} cannot be used: it belongs to ${nobody}, and this process runs as ${us}. ` +
        `Run as ${nobody}, or change the owner with \`sudo chown -R ${us} ${path}\``,
    );
    expect((await stat(path)).uid).toBe(NOBODY);
  });

  test.runIf(isRoot).each(["secrets.json", "dev-key", "supabase.log", "journal"])(
    "one in which %s is another user's",
    async (name) => {
      const path = join(parent, "data");
      await mkdir(path);
      await writeFile(join(path, name), "");
      await chown(join(path, name), NOBODY, NOBODY);
      expect(await refusal(path)).toContain(`${join(path, name)} belongs to ${nobody}`);
    },
  );

  test.runIf(isRoot)("one that Postgres cannot enter, in development too", async () => {
    await chmod(parent, 0o700);
    const says = new RegExp(`Postgres does not run as root but as \\w+, who may not enter ${parent}`);
    expect(await refusal(join(parent, "data"))).toMatch(says);
    expect(await refusal(join(parent, "data"), join(parent, "home"))).toMatch(says);
    expect(await refusal(join(parent, "data"), parent.slice(0, -1))).toMatch(says);
  });

  test.runIf(isRoot)(
    "as an ordinary user: root's, one in root's, and one whose cluster is root's",
    async () => {
      const [roots, ours] = [join(parent, "roots"), join(parent, "ours")];
      await mkdir(join(ours, "postgres"), { recursive: true });
      await mkdir(roots);
      await chown(ours, NOBODY, NOBODY);
      const script = `
      import { openDataFolder } from "#lib/local-supabase/data-folder.ts";
      for (const path of process.argv.slice(1))
        await openDataFolder(path, { log: console.log }).catch((error) => console.log(error.message));`;
      const { stdout } = spawnSync(
        process.execPath,
        ["--input-type=module", "-e", script, roots, join(roots, "data"), ours],
        { encoding: "utf8", uid: NOBODY, gid: NOBODY },
      );
      expect(stdout.trim().split("\n")).toEqual([
        expect.stringContaining(
          `${roots} cannot be used: it belongs to root, and this process runs as ${nobody}`,
        ),
        expect.stringContaining(`${nobody} may not write to ${roots}, which belongs to root`),
        expect.stringContaining(`${join(ours, "postgres")} belongs to root`),
      ]);
    },
  );
});

test.runIf(isRoot)("root's own home, in development, is the exception, and it is said", async () => {
  await chmod(parent, 0o700);
  const path = join(parent, "work", ".data");
  const { path: used, user } = await openDataFolder(path, { log, replaceUnder: parent });
  expect(used.startsWith(tmpdir())).toBe(true);
  expect(user?.uid).toBeGreaterThan(0);
  expect(lines).toEqual([expect.stringContaining(`Development uses ${used} instead of ${path}`)]);
  expect(lines[0]).toContain(`may not enter ${parent}, which belongs to root`);
  await rm(used, { recursive: true });
});
