import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { adminStrings } from "../../../app/_strings/admin.ts";
import { agentStrings } from "../../../app/_strings/agent.ts";
import { completion, type Script } from "../../support/fake-upstream.ts";
import { AT_WORK, PLAN, SUMMED_UP, WORKED } from "./agent-scripts.ts";
import { startBrowser, type TestBrowser, type VisitOptions, type Visitor } from "./browser.ts";
import { chatOf } from "./chat-client.ts";
import { fillHistory } from "./demo-history.ts";
import { ownFonts } from "./fonts.ts";
import { apiOf, askOf } from "./gateway-client.ts";
import { busy, type ScriptedGateway, startScriptedGateway, writes } from "./scripted-gateway.ts";
import { startScriptedRoutes } from "./scripted-routes.ts";

/** `npm run pictures`: makes docs/images again. */
const FOLDER = "docs/images";
const MAX_BYTES = 200_000;
const SCALE = 1.4;

const CHAIN = [
  { provider: "groq", model: "llama-3.3-70b-versatile", label: "Groq Llama 3.3 70B" },
  { provider: "cerebras", model: "gpt-oss-120b", label: "Cerebras GPT-OSS 120B" },
  { provider: "groq", model: "openai/gpt-oss-120b", label: "Groq GPT-OSS 120B" },
];
const SMALL = [{ provider: "groq", model: "llama-3.1-8b-instant", label: "Groq Llama 3.1 8B" }];
const MODELS_CONFIG = JSON.stringify({
  extends: "default",
  modes: { smart: { failover: CHAIN }, coder: { failover: CHAIN }, fast: { failover: SMALL } },
});

const QUESTION = "Why does a retry need jitter?";
const BEGINNING =
  "When a service fails, all of its clients notice at the same moment. If each waits **exactly one second**, " +
  "they all come back together, and the load that broke the service ";
const REST = `arrives again as one wave. Jitter spreads that wave out: each client waits a random part of its pause.

\`\`\`ts
const pause = Math.min(MAX_MS, BASE_MS * 2 ** attempt);
await sleep(random() * pause); // "full jitter"
\`\`\`

| pause | clients that return in the same 10 ms |
|---|---:|
| fixed | all 1,000 |
| full jitter over 1 s | about 10 |
`;
/** The step that the picture of the agent shows open. */
const PLAN_TITLE = "Measure a retry with and without jitter";
const OLDER = [
  "Compare REST and GraphQL in a table",
  "What does this contract say about notice periods?",
  "Container MSKU 123456-5: where is it?",
  "Write a haiku about failover",
  "Weather in Bergen tomorrow?",
];

let gateway: ScriptedGateway;
let browser: TestBrowser;

beforeAll(async () => {
  await mkdir(FOLDER, { recursive: true });
  [gateway, browser] = await Promise.all([
    startScriptedGateway({ MODELS_CONFIG }),
    ownFonts().then(startBrowser),
  ]);
  await fillHistory(gateway.database.sql, gateway.user.userId);
  gateway.first.script = writes("Done.");
  for (const message of OLDER) await askOf(gateway, gateway.admin, { message, model: "smart" });
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

async function visit(options: Partial<VisitOptions> = {}): Promise<Visitor> {
  return browser.visit({
    url: gateway.url,
    as: gateway.admin,
    scale: SCALE,
    reducedMotion: true,
    ...options,
  });
}

async function take(visitor: Visitor, name: string): Promise<void> {
  await visitor.page.waitForLoadState("networkidle");
  // Colours of code and charts are drawn when there is time.
  await visitor.page.waitForTimeout(500);
  await visitor.page.mouse.move(0, 0);
  const path = join(FOLDER, `${name}.png`);
  await visitor.page.screenshot({ path });
  expect((await stat(path)).size, `bytes of ${path}`).toBeLessThan(MAX_BYTES);
  await visitor.close();
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The first engine is at its limit, the second breaks off in the middle of a sentence, the third goes on. */
function scriptTheFailover(): void {
  gateway.first.script = async (exchange) => {
    const { model } = (exchange.request.json ?? {}) as { model?: string };
    await pause(180);
    if (model === CHAIN[0]?.model) return busy(exchange);
    return writes(model === CHAIN[2]?.model ? REST : "[]")(exchange);
  };
  let isBroken = false;
  gateway.second.script = async (exchange) => {
    // It is asked to continue its own answer first.
    if (isBroken) return exchange.reset();
    isBroken = true;
    await pause(240);
    return writes(BEGINNING, { pauseMs: 12, cutAfter: Infinity })(exchange);
  };
}

test.each([
  ["chat-light", { theme: "light" }],
  ["chat-dark", { theme: "dark" }],
  ["phone", { theme: "light", size: "phone", scale: 2 }],
] as const)("%s", async (name, options) => {
  const as = name === "phone" ? gateway.user : gateway.admin;
  const visitor = await visit({ ...options, as });
  await visitor.open("/");
  const chat = chatOf(visitor);
  await chat.composer.waitFor();
  scriptTheFailover();
  await chat.send(QUESTION);
  await chat.ended();
  const session = new URL(visitor.page.url()).searchParams.get("session");
  await take(visitor, name);
  await apiOf(gateway, as, `/api/sessions/${session}`, "DELETE");
  // The benches that the failures made are over.
  await pause(3_000);
});

test("admin", async () => {
  const visitor = await visit({ theme: "light", scale: 1.3 });
  await visitor.page.setViewportSize({ width: 1280, height: 960 });
  await visitor.open("/admin");
  await visitor.page.getByText(adminStrings.figures.rescued, { exact: true }).waitFor();
  await visitor.page.locator("canvas").first().waitFor();
  await take(visitor, "admin");
});

/** An answer to a prompt as long as those of coding agents. */
const heavy: Script = (exchange) =>
  exchange.json(200, completion("Done.", { prompt_tokens: 610_000, completion_tokens: 4_000 }));

/** Makes a key, and uses it this many times. */
async function make(times: number, body: Record<string, unknown>): Promise<void> {
  const { key } = (await apiOf(gateway, gateway.admin, "/api/keys", "POST", body)) as { key: string };
  for (let time = 0; time < times; time++) {
    const response = await fetch(`${gateway.url}/api/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "fast", messages: [{ role: "user", content: "Hi" }] }),
    });
    await response.arrayBuffer();
  }
}

test("keys", async () => {
  gateway.first.script = heavy;
  await make(9, { name: "CI", requestsPerMinute: 60, modes: ["fast"], usdPerMonth: 1 });
  await make(31, { name: "Claude Code on my laptop", requestsAtOnce: 8, usdPerMonth: 3 });
  await make(48, { name: "Cursor, team licence", requestsPerMinute: 300, usdPerMonth: 2 });
  await make(2, {
    name: "Trial of a customer",
    requestsPerMinute: 20,
    expiresAt: new Date(Date.now() + 6 * 86_400_000).toISOString(),
  });
  const visitor = await visit({ theme: "light" });
  await pause(1_500);
  await visitor.page.setViewportSize({ width: 1280, height: 600 });
  await visitor.open("/keys");
  await visitor.page.getByText("Claude Code on my laptop").waitFor();
  await take(visitor, "keys");
});

test("agent", async () => {
  const scripted = await startScriptedRoutes(gateway.url);
  scripted.routes.set("POST /api/v1/agent", (_body, answer) => {
    answer.say(...PLAN, ...AT_WORK, ...WORKED, ...SUMMED_UP);
    answer.end();
  });
  const visitor = await visit({ url: scripted.url, theme: "light" });
  const { page } = visitor;
  await page.setViewportSize({ width: 1280, height: 1060 });
  await visitor.open("/agent");
  await page.getByLabel(agentStrings.goal).fill("Find out why retries need jitter, and how much it helps");
  await page.getByRole("button", { name: agentStrings.run, exact: true }).click();
  await page.getByRole("heading", { name: agentStrings.summary }).waitFor();
  await page.getByRole("button", { name: PLAN_TITLE }).click();
  await page.getByRole("table").waitFor();
  await take(visitor, "agent");
  await scripted.stop();
});

test("docs", async () => {
  const visitor = await visit({ theme: "light", scale: 1 });
  await visitor.open("/docs/FAILOVER");
  await take(visitor, "docs");
});
