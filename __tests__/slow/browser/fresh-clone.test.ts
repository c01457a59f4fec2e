import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminStrings } from "../../../app/_strings/admin.ts";
import { chatStrings } from "../../../app/_strings/chat.ts";
import { eventually } from "../../support/test-gateway.ts";
import { freePort, shellEnvironment } from "../served-gateway.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { chatOf } from "./chat-client.ts";

const run = promisify(execFile);

let folder: string;
let browser: TestBrowser;
let npm: ChildProcess | undefined;

beforeAll(async () => {
  // As root Postgres runs as another user, who has to get in.
  folder = await mkdtemp(join(tmpdir(), "sarmalink-clone-"));
  await chmod(folder, 0o755);
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  npm?.kill("SIGTERM");
  await new Promise((resolve) => (npm?.exitCode === null ? npm.once("exit", resolve) : resolve(undefined)));
  // What npm has started may write into the folder for a moment after npm itself has ended.
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});

test("one command after the clone there is an answer in the browser, from whom nobody has signed in", async () => {
  const clone = join(folder, "clone");
  await run("git", ["clone", "--quiet", "--no-hardlinks", ".", clone]);
  // Instead of `npm ci`, which installs the same: hard links where the file system allows.
  await run("cp", ["-al", "node_modules", clone]).catch(() => run("cp", ["-a", "node_modules", clone]));

  const url = `http://localhost:${await freePort()}`;
  let output = "";
  const child = spawn("npm", ["run", "dev"], {
    cwd: clone,
    env: { ...shellEnvironment("development"), PORT: new URL(url).port },
    stdio: ["ignore", "pipe", "pipe"],
  });
  npm = child;
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (bytes: Buffer) => (output += bytes.toString()));
  await eventually(
    "it listens",
    () => {
      if (child.exitCode !== null) throw new Error(`npm ended with ${child.exitCode}:\n${output}`);
      return fetch(`${url}/api/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    },
    60_000,
  );

  const visitor = await browser.visit({ url });
  visitor.context.setDefaultTimeout(60_000);
  await visitor.open("/");
  const chat = chatOf(visitor);
  const [, cut = ""] = chatStrings.empty.sandboxExamples;
  // The page offers it: a failover for somebody who has no provider's key.
  await visitor.page.getByRole("button", { name: cut }).click();
  await chat.ended();
  await chat
    .turn(0)
    .getByText(/built-in sandbox engine/)
    .waitFor();
  await chat.steps(0).getByText(chatStrings.midAnswer).first().waitFor();
  // The demo user of a local run is its administrator.
  await visitor.open("/admin");
  await visitor.page.getByRole("navigation", { name: adminStrings.pages }).waitFor();
  expect(await visitor.problems()).toEqual([]);
}, 240_000);
