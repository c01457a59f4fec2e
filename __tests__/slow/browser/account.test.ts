import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { authStrings } from "../../../app/_strings/auth.ts";
import { chatStrings } from "../../../app/_strings/chat.ts";
import { commonStrings } from "../../../app/_strings/common.ts";
import { keysStrings } from "../../../app/_strings/keys.ts";
import { memoryStrings } from "../../../app/_strings/memory.ts";
import { startBrowser, type TestBrowser, type VisitOptions, type Visitor } from "./browser.ts";
import { chatOf } from "./chat-client.ts";
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

test("somebody new makes an account, sees nothing of the others, signs out, and in again", async () => {
  const ada = await visitor({ as: gateway.admin });
  await ada.open("/");
  await chatOf(ada).send("A secret of Ada's");
  await chatOf(ada).ended();
  await ada.open("/memory");
  await ada.page.getByLabel(memoryStrings.addLabel).fill("Ada keeps bees.");
  await ada.page.getByRole("button", { name: memoryStrings.add }).click();
  await ada.page.getByText("Ada keeps bees.").waitFor();

  const { page, open: go, problems, forgive, context } = await visitor();
  await go("/keys");
  await page.getByRole("main").getByRole("link", { name: commonStrings.signIn }).click();
  await page.getByRole("link", { name: authStrings.signUp }).click();
  // The page before has fields of the same names.
  await page.waitForURL("**/sign-up?**");
  await page.getByLabel(authStrings.email).fill("grace@example.test");
  await page.getByLabel(authStrings.password).fill("a long enough secret");
  await page.getByRole("button", { name: authStrings.signUp }).click();
  // Back where she wanted to go.
  await page.waitForURL("**/keys");
  await page.getByText(keysStrings.emptyTitle).waitFor();
  await go("/");
  const { sidebar } = chatOf({ ...ada, page });
  await sidebar.getByText(chatStrings.sessions.empty).waitFor();
  await go("/memory");
  await page.getByText(memoryStrings.emptyTitle).waitFor();
  const [cookie] = (await context.cookies()).filter(({ name }) => name.startsWith("sb-"));
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Lax" });

  await page.getByRole("button", { name: /grace@example\.test/ }).click();
  await page.getByRole("menuitem", { name: commonStrings.signOut }).click();
  await page.waitForURL("**/sign-in");
  await page.getByLabel(authStrings.email).fill("grace@example.test");
  await page.getByLabel(authStrings.password).fill("not her secret");
  await page.getByRole("button", { name: authStrings.signIn, exact: true }).click();
  await page.getByRole("alert").first().waitFor();
  forgive(/status of 401/);
  await page.getByLabel(authStrings.password).fill("a long enough secret");
  await page.getByRole("button", { name: authStrings.signIn, exact: true }).click();
  await page.waitForURL(`${gateway.url}/`);
  await chatOf({ ...ada, page }).composer.waitFor();
  expect(await problems()).toEqual([]);
});

test.each(["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])(
  "after signing in, nobody is led to %s",
  async (next) => {
    const { page, open: go } = await visitor();
    await go(`/sign-in?next=${encodeURIComponent(next)}`);
    await page.getByLabel(authStrings.email).fill(gateway.user.email);
    await page.getByLabel(authStrings.password).fill(gateway.user.password);
    await page.getByRole("button", { name: authStrings.signIn, exact: true }).click();
    await page.waitForURL(`${gateway.url}/`);
  },
);

test("facts are added, changed and forgotten", async () => {
  const { page, open: go, problems } = await visitor({ as: await gateway.database.signUp() });
  await go("/memory");
  const add = async (fact: string): Promise<void> => {
    await page.getByLabel(memoryStrings.addLabel).fill(fact);
    await page.getByRole("button", { name: memoryStrings.add }).click();
    await page.getByText(fact, { exact: true }).waitFor();
  };
  await add("I live in Bergen.");
  await add("I eat no meat.");
  await page.getByRole("button", { name: memoryStrings.edit("I live in Bergen.") }).click();
  await page.getByLabel(memoryStrings.fact, { exact: true }).fill("I live in Oslo.");
  await page.getByRole("button", { name: commonStrings.save }).click();
  await page.getByText("I live in Oslo.", { exact: true }).waitFor();
  await page.getByRole("button", { name: memoryStrings.remove("I eat no meat.") }).click();
  await page.getByText("I eat no meat.", { exact: true }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: memoryStrings.all }).click();
  await page.getByRole("dialog").getByRole("button", { name: memoryStrings.all }).click();
  await page.getByText(memoryStrings.emptyTitle).waitFor();
  expect(await problems()).toEqual([]);
});
