import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  inTheme,
  overflowOf,
  SIZES,
  seriousFindings,
  startBrowser,
  type TestBrowser,
  type Visitor,
} from "./browser.ts";
import { type ScriptedGateway, startScriptedGateway } from "./scripted-gateway.ts";

let gateway: ScriptedGateway;
let browser: TestBrowser;
let visitor: Visitor;

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startScriptedGateway(), startBrowser()]);
  visitor = await browser.visit({ url: gateway.url, as: gateway.admin, reducedMotion: true });
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

const PAGES = ["/", "/keys"];

describe.each(PAGES)("%s", (path) => {
  test("is quiet, accessible in both themes, and fits a phone", async () => {
    await visitor.open(path);
    const { page } = visitor;
    for (const colorScheme of ["light", "dark"] as const) {
      await inTheme(visitor, colorScheme);
      expect(await seriousFindings(visitor), colorScheme).toEqual([]);
    }
    await page.setViewportSize(SIZES.phone);
    expect(await overflowOf(page)).toBe(0);
    expect(await visitor.problems()).toEqual([]);
    await page.setViewportSize(SIZES.desktop);
  });
});
