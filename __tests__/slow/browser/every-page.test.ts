import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../../support/test-gateway.ts";
import {
  inTheme,
  overflowOf,
  SIZES,
  seriousFindings,
  startBrowser,
  type TestBrowser,
  type Visitor,
} from "./browser.ts";
import { apiOf, askOf } from "./gateway-client.ts";
import { busy, type ScriptedGateway, startScriptedGateway, writes } from "./scripted-gateway.ts";

let gateway: ScriptedGateway;
let browser: TestBrowser;
/** Somebody who has used everything, and somebody who has not signed in. */
let admin: Visitor;
let stranger: Visitor;
/** What the pages of single things are named after. */
let ids: { session: string; request: string };

const ANSWER = `## What it is

A **circuit breaker** stops calling what is broken; see [the docs](/docs) and \`breaker.ts\`.

| state | calls |
|---|---:|
| closed | 10 |

\`\`\`ts
const isOpen = failures > 5;
\`\`\`

1. one
2. two

> quoted
`;

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startScriptedGateway(), startBrowser()]);
  const options = { url: gateway.url, reducedMotion: true };
  admin = await browser.visit({ ...options, as: gateway.admin });
  stranger = await browser.visit(options);
  gateway.first.script = writes(ANSWER);
  const answer = await askOf(gateway, gateway.admin, { message: "What is it?", model: "smart" });
  const session = answer.events.find(({ type }) => type === "session");
  gateway.first.script = busy;
  await askOf(gateway, gateway.admin, { message: "And now?", model: "coder" });
  await apiOf(gateway, gateway.admin, "/api/keys", "POST", { name: "A key", requestsPerMinute: 60 });
  await apiOf(gateway, gateway.admin, "/api/memories", "PUT", { fact: "I live in Bergen." });
  await apiOf(gateway, gateway.admin, "/api/admin/overrides", "PUT", {
    kind: "off",
    engine: "cerebras/zai-glm-4.7",
    note: "It is gone.",
  });
  await eventually("both are stored", async () => (await requests()).length >= 2, 10_000);
  const rescued = (await requests()).find(({ attemptCount }) => attemptCount > 1);
  ids = { session: session?.type === "session" ? session.id : "", request: rescued?.id ?? "" };
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

async function requests(): Promise<{ id: string; attemptCount: number }[]> {
  const answer = await apiOf(gateway, gateway.admin, "/api/admin/requests");
  return (answer as { requests: { id: string; attemptCount: number }[] }).requests;
}

/** Waits until what the page loads by itself is there, and nothing moves any more. */
async function settled({ page }: Visitor): Promise<void> {
  await page.waitForLoadState("networkidle");
}

async function check(visitor: Visitor, path: string): Promise<void> {
  await visitor.open(path);
  await settled(visitor);
  await inTheme(visitor, "light");
  expect(await seriousFindings(visitor), "light, on a desk").toEqual([]);
  await visitor.page.setViewportSize(SIZES.phone);
  await inTheme(visitor, "dark");
  expect(await seriousFindings(visitor), "dark, on a phone").toEqual([]);
  expect(await overflowOf(visitor.page), "pixels wider than a phone").toBe(0);
  await visitor.page.setViewportSize(SIZES.desktop);
  expect(await visitor.problems()).toEqual([]);
}

const PAGES = [
  "/",
  "/?session={session}",
  "/agent",
  "/memory",
  "/keys",
  "/plugins",
  "/docs",
  "/docs/FAILOVER",
  "/admin",
  "/admin/providers",
  "/admin/requests",
  "/admin/requests/{request}",
  "/admin/keys",
  "/admin/overrides",
  "/admin/mcp",
];
test.each(PAGES)("%s is quiet, accessible in both themes, and fits a phone", async (path) => {
  await check(admin, path.replace("{session}", ids.session).replace("{request}", ids.request));
});

test.each(["/", "/sign-in", "/sign-up", "/reset-password", "/agent", "/keys", "/admin"])(
  "%s is so for a stranger, too",
  async (path) => {
    await check(stranger, path);
  },
);

test("a page that is not there says so", async () => {
  stranger.forgive(/status of 404/);
  await check(stranger, "/not-there");
});
