import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { commonStrings } from "../../../app/_strings/common.ts";
import { keysStrings } from "../../../app/_strings/keys.ts";
import { startBrowser, type TestBrowser, type VisitOptions, type Visitor } from "./browser.ts";
import { type ScriptedGateway, startScriptedGateway } from "./scripted-gateway.ts";

let gateway: ScriptedGateway;
let browser: TestBrowser;
const open: Visitor[] = [];

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startScriptedGateway(), startBrowser()]);
});
afterEach(async () => {
  for (const visitor of open.splice(0)) await visitor.close();
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

async function visitor(options: Partial<VisitOptions> = {}): Promise<Visitor> {
  const made = await browser.visit({ url: gateway.url, ...options });
  open.push(made);
  return made;
}

const run = promisify(execFile);

test("a key that is made on /keys works with the snippet beside it, until it is revoked", async () => {
  const { page, open: go, problems } = await visitor({ as: gateway.user });
  await go("/keys");
  await page.getByRole("button", { name: keysStrings.create }).first().click();
  await page.getByLabel(keysStrings.form.name, { exact: true }).fill("From the browser");
  await page.getByRole("button", { name: keysStrings.form.create }).click();
  const dialog = page.getByRole("dialog", { name: keysStrings.shown.title });
  await dialog.getByRole("button", { name: keysStrings.shown.copy }).click();
  const secret = await page.evaluate(() => navigator.clipboard.readText());
  expect(secret).toMatch(/^sk-sarmalink-/);
  await dialog.getByRole("button", { name: commonStrings.copy, exact: true }).click();
  const snippet = await page.evaluate(() => navigator.clipboard.readText());
  expect(snippet).toContain(secret);
  const { stdout } = await run("sh", ["-c", snippet]);
  expect(stdout).toContain('"type":"done"');
  await dialog.getByRole("button", { name: keysStrings.shown.done }).click();

  await page.reload();
  const row = page.getByRole("row", { name: /From the browser/ });
  await row.getByText(keysStrings.states.live).waitFor();
  expect(await page.content()).not.toContain(secret);
  await row.getByRole("button", { name: keysStrings.actions("From the browser") }).click();
  await page.getByRole("menuitem", { name: keysStrings.revoke }).click();
  await page.getByRole("dialog").getByRole("button", { name: keysStrings.revoke }).click();
  await row.getByText(keysStrings.states.revoked).waitFor();
  expect((await run("sh", ["-c", snippet])).stdout).toContain('"unauthorized"');
  expect(await problems()).toEqual([]);
});
