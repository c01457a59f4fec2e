import { afterAll, beforeAll, expect, test } from "vitest";
import { adminStrings } from "../../../app/_strings/admin.ts";
import { commonStrings } from "../../../app/_strings/common.ts";
import { count, usd } from "../../../app/_ui/format.ts";
import { answers } from "../../support/fake-upstream.ts";
import { eventually } from "../../support/test-gateway.ts";
import { startBrowser, type TestBrowser, type Visitor } from "./browser.ts";
import { apiOf, askOf } from "./gateway-client.ts";
import { broken, busy, ENGINES, type ScriptedGateway, startScriptedGateway } from "./scripted-gateway.ts";

let gateway: ScriptedGateway;
let browser: TestBrowser;
let visitor: Visitor;

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startScriptedGateway(), startBrowser()]);
  // Three that are answered, one that the second engine rescues, and one that nobody answers.
  for (let turn = 0; turn < 3; turn++) await askOf(gateway, gateway.user, { message: "Hi", model: "smart" });
  gateway.first.script = busy;
  await askOf(gateway, gateway.user, { message: "Hi", model: "coder" });
  gateway.first.script = broken;
  gateway.second.script = broken;
  await askOf(gateway, gateway.user, { message: "Hi", model: "reasoner" });
  gateway.first.script = answers("Hello from the first engine.");
  gateway.second.script = answers("Hello from the second engine.");
  await eventually("all are stored", async () => (await turnsOf()).ended === 5, 10_000);
  visitor = await browser.visit({ url: gateway.url, as: gateway.admin });
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

type Turns = { answered: number; rescued: number; failed: number; cancelled: number; interrupted: number };

/** What the API says of native chat and its own small questions, summed up over the window. */
async function turnsOf(): Promise<Turns & { ended: number }> {
  const series = await apiOf(gateway, gateway.admin, "/api/admin/series?window=24h");
  const { buckets } = series as { buckets: { turns: Turns }[] };
  const sum = (of: keyof Turns): number => buckets.reduce((total, { turns }) => total + turns[of], 0);
  const turns = {
    answered: sum("answered"),
    rescued: sum("rescued"),
    failed: sum("failed"),
    cancelled: sum("cancelled"),
    interrupted: sum("interrupted"),
  };
  return { ...turns, ended: Object.values(turns).reduce((total, one) => total + one, 0) };
}

/** The number under a name. */
const figure = (label: string): Promise<string | null> =>
  visitor.page
    .locator("dl > div")
    .filter({ has: visitor.page.getByText(label, { exact: true }) })
    .locator("dd")
    .first()
    .textContent();

test("the dashboard's numbers are those of the API", async () => {
  await visitor.open("/admin");
  const { page } = visitor;
  await page.getByText(adminStrings.figures.rescued, { exact: true }).waitFor();
  await page.getByText(adminStrings.figures.today, { exact: true }).waitFor();
  const turns = await turnsOf();
  expect(turns).toMatchObject({ answered: 3, rescued: 1, failed: 1 });
  expect(await figure(adminStrings.figures.answered)).toBe(count(turns.answered + turns.rescued));
  expect(await figure(adminStrings.figures.rescued)).toBe(count(turns.rescued));
  expect(await figure(adminStrings.figures.failed)).toBe(count(turns.failed));
  const health = await apiOf(gateway, gateway.admin, "/api/admin/health?window=24h");
  const { cost } = health as { cost: { today: { total: number } } };
  expect(cost.today.total).toBeGreaterThan(0);
  expect(await figure(adminStrings.figures.today)).toBe(usd(cost.today.total));
  // Charts are drawn, each with its figures for those who cannot see it.
  await page.locator("canvas").first().waitFor();
  expect(await page.locator("canvas").count()).toBe(4);
  expect(await visitor.problems()).toEqual([]);
});

test("the log leads to one request and its attempts", async () => {
  const { page } = visitor;
  const [first, second] = ENGINES.coder;
  await visitor.open("/admin/requests");
  const row = page.getByRole("row").filter({ hasText: `${second.provider}/${second.model}` });
  await row.getByRole("link").click();
  await page.waitForURL("**/admin/requests/*");
  const attempts = page.getByRole("table", { name: adminStrings.attemptsCaption });
  await attempts
    .getByRole("row")
    .filter({ hasText: first.model })
    .getByText(/HTTP 429/)
    .waitFor();
  await attempts.getByRole("row").filter({ hasText: second.model }).waitFor();
  expect(await visitor.problems()).toEqual([]);
});

test("an engine is switched off on the page, and the next one answers", async () => {
  const { page } = visitor;
  const [first, second] = ENGINES.smart;
  await visitor.open("/admin/providers");
  await page
    .getByRole("button", { name: adminStrings.switchOffName(`${first.provider}/${first.model}`) })
    .click();
  await page.getByRole("dialog").getByRole("button", { name: adminStrings.switchOff }).click();
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  const answer = await askOf(gateway, gateway.user, { message: "Hi", model: "smart" });
  expect(answer.text).toBe("Hello from the second engine.");
  await visitor.open("/admin/overrides");
  await page.getByRole("button", { name: new RegExp(first.model) }).click();
  await page.getByRole("dialog").getByRole("button", { name: commonStrings.delete }).click();
  await page.getByText(adminStrings.noOverridesTitle).waitFor();
  expect(second.provider).not.toBe(first.provider);
  expect(await visitor.problems()).toEqual([]);
});

test.each(["", "/providers", "/requests", "/keys", "/overrides", "/mcp"])(
  "others than administrators are refused /admin%s, by the page and by the API",
  async (path) => {
    const other = await browser.visit({ url: gateway.url, as: gateway.user });
    await other.open(`/admin${path}`);
    await other.page.getByText(adminStrings.forbiddenTitle).waitFor();
    const status = await other.page.evaluate(async () => (await fetch("/api/admin/series")).status);
    expect(status).toBe(403);
    other.forgive(/status of 403/);
    expect(await other.problems()).toEqual([]);
    await other.close();
  },
);
