import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { adminStrings } from "../../../app/_strings/admin.ts";
import { agentStrings } from "../../../app/_strings/agent.ts";
import { chatStrings } from "../../../app/_strings/chat.ts";
import { commonStrings } from "../../../app/_strings/common.ts";
import { tasksStrings } from "../../../app/_strings/tasks.ts";
import { toolsStrings } from "../../../app/_strings/tools.ts";
import {
  AT_WORK,
  goesOn,
  HOSTILE_RESULT,
  listsServers,
  listsStates,
  NOTE,
  PLAN,
  SUMMARY,
  SUMMED_UP,
  searchesThenAsks,
  TASK_RESULT,
  TASKS,
  WORKED,
} from "./agent-scripts.ts";
import {
  inTheme,
  overflowOf,
  SIZES,
  seriousFindings,
  startBrowser,
  type TestBrowser,
  type Visitor,
} from "./browser.ts";
import { chatOf } from "./chat-client.ts";
import { type ScriptedGateway, startScriptedGateway } from "./scripted-gateway.ts";
import { type ScriptedAnswer, type ScriptedRoutes, startScriptedRoutes } from "./scripted-routes.ts";

let gateway: ScriptedGateway;
let browser: TestBrowser;
let scripted: ScriptedRoutes;
const open: Visitor[] = [];

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startScriptedGateway(), startBrowser()]);
  scripted = await startScriptedRoutes(gateway.url);
});
beforeEach(() => {
  scripted.routes.clear();
  scripted.routes.set("GET /api/v1/mcp", listsServers);
  scripted.routes.set("GET /api/admin/mcp", listsStates);
});
afterEach(async () => {
  for (const visitor of open.splice(0)) {
    expect(await visitor.problems()).toEqual([]);
    await visitor.close();
  }
});
afterAll(async () => {
  await browser.close();
  await scripted.stop();
  await gateway.stop();
});

async function visit(path: string): Promise<Visitor> {
  const visitor = await browser.visit({ url: scripted.url, as: gateway.admin, reducedMotion: true });
  open.push(visitor);
  await visitor.open(path);
  return visitor;
}

/** In both themes, on a desk and on a phone. */
async function isWellMade(visitor: Visitor): Promise<void> {
  expect(await seriousFindings(visitor), "light, on a desk").toEqual([]);
  await visitor.page.setViewportSize(SIZES.phone);
  await inTheme(visitor, "dark");
  expect(await seriousFindings(visitor), "dark, on a phone").toEqual([]);
  expect(await overflowOf(visitor.page), "pixels wider than a phone").toBe(0);
  await visitor.page.setViewportSize(SIZES.desktop);
  await inTheme(visitor, "light");
}

/** A route whose answers a test writes while the page is looked at. */
function answeredByHand(route: string): { bodies: unknown[]; next(): Promise<ScriptedAnswer> } {
  const bodies: unknown[] = [];
  const answers: ScriptedAnswer[] = [];
  scripted.routes.set(route, (body, answer) => {
    bodies.push(body);
    answers.push(answer);
  });
  return {
    bodies,
    async next() {
      await expect.poll(() => answers.length, { timeout: 10_000 }).toBeGreaterThan(0);
      return answers.shift() ?? expect.fail("There is no answer to write.");
    },
  };
}

describe("tools in the chat", () => {
  async function aChat() {
    const visitor = await visit("/");
    const chat = chatOf(visitor);
    await chat.composer.waitFor();
    return { ...chat, visitor, page: visitor.page };
  }

  test("servers are chosen for a conversation, by keyboard too", async () => {
    const { page, send, visitor } = await aChat();
    const { bodies, next } = answeredByHand("POST /api/ai-chat");
    await page.getByRole("button", { name: toolsStrings.mcp.none }).focus();
    await page.keyboard.press("Enter");
    const entries = page.getByRole("menuitemcheckbox");
    await entries.first().waitFor();
    await page.keyboard.press("Enter");
    // The list stays open, so that several can be chosen.
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    expect(await entries.evaluateAll((all) => all.map((one) => one.ariaChecked))).toEqual(["true", "true"]);
    await isWellMade(visitor);
    await entries.last().click();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: toolsStrings.mcp.chosen("Team notes") }).waitFor();
    await send("When is the launch?");
    (await next()).end();
    await page.getByRole("alert").getByText(chatStrings.failedTitle).waitFor();
    expect(bodies).toEqual([{ message: "When is the launch?", model: "auto", mcp: ["notes"] }]);
  });

  test("calls are shown as they happen, and what they answer is text", async () => {
    const { page, send, turn, visitor } = await aChat();
    const { next } = answeredByHand("POST /api/ai-chat");
    await send("When is the launch?");
    const answer = await next();
    answer.say(...searchesThenAsks.slice(0, 3));
    const call = turn(0).getByRole("listitem").filter({ hasText: "search_notes" });
    await call.getByText(toolsStrings.states.running).waitFor();
    await page.getByRole("status").getByText(chatStrings.calls.calling("search_notes")).waitFor({
      state: "attached",
    });
    answer.say(...searchesThenAsks.slice(3, 4));
    await call.getByText(toolsStrings.states.done).waitFor();
    await turn(0).getByText(chatStrings.calls.reading).waitFor();
    await call.locator("summary").click();
    const result = call.getByRole("region", { name: toolsStrings.result });
    expect(await result.textContent()).toBe(HOSTILE_RESULT.replace("\u202e", "\\u202e"));
    expect(await result.locator("img, strong").count()).toBe(0);
    expect(await call.getByRole("region", { name: toolsStrings.arguments }).textContent()).toContain(
      '"query": "launch"',
    );
    await isWellMade(visitor);
    answer.end();
    await page.getByRole("alert").getByText(chatStrings.failedTitle).waitFor();
  });

  test.each([
    ["allowed", true, "Written: Launch.", toolsStrings.states.done],
    ["refused", false, "I have not written it.", toolsStrings.states.declined],
  ])(
    "a call that needs consent is %s, by keyboard, and the answer goes on",
    async (_, approve, text, state) => {
      const { page, send, turn, turns, ended, visitor } = await aChat();
      const { bodies, next } = answeredByHand("POST /api/ai-chat");
      await send("When is the launch? Write it down.");
      const asking = await next();
      asking.say(...searchesThenAsks);
      asking.end();
      const question = turn(0).getByRole("group", { name: chatStrings.calls.question("write_note") });
      await question.waitFor();
      await page.getByRole("status").getByText(chatStrings.calls.asking("write_note")).waitFor({
        state: "attached",
      });
      expect(JSON.parse((await question.getByRole("region").textContent()) ?? "")).toEqual(NOTE);
      // The words for other clients are not.
      expect(await turn(0).textContent()).not.toContain("This needs your consent");
      await isWellMade(visitor);
      // The focus is on the question, where Enter decides nothing.
      expect(await question.evaluate((element) => element === document.activeElement)).toBe(true);
      await page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      if (!approve) await page.keyboard.press("Tab");
      expect(bodies).toHaveLength(1);
      await page.keyboard.press("Enter");
      const rest = await next();
      expect(bodies[1]).toMatchObject({
        message: "",
        approvals: [
          { id: "call_2", plugin: "notes", tool: "write_note", arguments: JSON.stringify(NOTE), approve },
        ],
      });
      rest.say(...goesOn(approve));
      rest.end();
      await ended();
      await turn(0).getByText(text).waitFor();
      await turn(0)
        .getByRole("listitem")
        .filter({ hasText: "write_note" })
        .getByText(state, { exact: true })
        .waitFor();
      expect(await turns.count()).toBe(1);
      expect(await question.count()).toBe(0);
    },
  );

  test("an unanswered question is no question any more when the conversation goes on", async () => {
    const { page, send, turn, ended } = await aChat();
    const { next } = answeredByHand("POST /api/ai-chat");
    await send("Write it down.");
    (await next()).say(...searchesThenAsks);
    await turn(0).getByRole("button", { name: chatStrings.calls.allow, exact: true }).waitFor();
    await send("Never mind");
    (await next()).say(...goesOn(false));
    await ended();
    await turn(0).getByText(chatStrings.calls.unanswered).waitFor();
    expect(await page.getByRole("button", { name: chatStrings.calls.allow, exact: true }).count()).toBe(0);
  });
});

describe("the agent", () => {
  async function aRun() {
    const visitor = await visit("/agent");
    const { bodies, next } = answeredByHand("POST /api/v1/agent");
    const { page } = visitor;
    await page.getByLabel(agentStrings.goal).fill("Find out why retries need jitter");
    await page.keyboard.press("Control+Enter");
    const step = (index: number) => page.getByRole("main").locator("ol > li").nth(index);
    return { visitor, page, bodies, answer: await next(), step };
  }

  test("shows a run as it happens: the plan, steps side by side, one that fails, and the summary", async () => {
    const { visitor, page, bodies, answer, step } = await aRun();
    expect(bodies).toEqual([{ goal: "Find out why retries need jitter" }]);
    await page.getByText(agentStrings.states.planning).last().waitFor();
    await isWellMade(visitor);
    answer.say(...PLAN);
    await step(2).getByText(agentStrings.stepStates.waiting).waitFor();
    answer.say(...AT_WORK);
    await step(0).getByText(agentStrings.stepStates.running).waitFor();
    await step(1).getByRole("cell", { name: "full jitter" }).waitFor();
    await step(0)
      .getByText(toolsStrings.names["web_search"] ?? "")
      .waitFor();
    await isWellMade(visitor);
    answer.say(...WORKED);
    await step(2).getByText("It took more than 60 s.").waitFor();
    await page.getByText(agentStrings.progress(3, 3)).first().waitFor();
    answer.say(...SUMMED_UP);
    answer.end();
    await page.getByRole("status").getByText(agentStrings.states.done).waitFor({ state: "attached" });
    // The steps have made room; they can be opened again.
    expect(await step(1).getByRole("table").count()).toBe(0);
    await step(1).getByRole("button").first().click();
    await step(1).getByRole("table").waitFor();
    await page.getByText("$0.0031").waitFor();
    await page.getByRole("button", { name: agentStrings.copySummary }).click();
    await page.getByRole("button", { name: commonStrings.copied }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(SUMMARY);
    await isWellMade(visitor);
  });

  test("is stopped by its button, and what came stays", async () => {
    const { page, answer, step } = await aRun();
    answer.say(...PLAN, ...AT_WORK);
    await step(0).getByText(agentStrings.stepStates.running).waitFor();
    await page.getByRole("button", { name: agentStrings.stop }).click();
    await page.getByText(agentStrings.stoppedText).waitFor();
    await step(0).getByText(agentStrings.stepStates.stopped).waitFor();
    await expect.poll(() => answer.isLeft).toBe(true);
  });

  test("is stopped when its page is left", async () => {
    const { page, answer, step } = await aRun();
    answer.say(...PLAN);
    await step(0).waitFor();
    await page.getByRole("navigation").getByRole("link", { name: commonStrings.pages.keys }).click();
    await page.waitForURL("**/keys");
    await expect.poll(() => answer.isLeft).toBe(true);
  });

  test("says why there is no run, and runs again", async () => {
    const { visitor, page, answer } = await aRun();
    const error = { code: "no_engine_configured", message: "No engine is configured." };
    answer.json({ error }, 503);
    await page.getByRole("alert").getByText("No engine is configured.").waitFor();
    visitor.forgive(/status of 503/);
    const { next } = answeredByHand("POST /api/v1/agent");
    await page.getByRole("alert").getByRole("button", { name: commonStrings.retry }).click();
    (await next()).say(...PLAN, ...SUMMED_UP);
    await page.getByRole("heading", { name: agentStrings.summary }).waitFor();
  });
});

describe("/tasks", () => {
  test("shows tasks with their state, and what came of one; others' addresses are opened only if they are the web's", async () => {
    let tasks = [...TASKS];
    scripted.routes.set("GET /api/v1/manus", (_body, answer) => answer.json({ tasks }));
    scripted.routes.set(`GET /api/v1/manus/tasks/${TASK_RESULT.id}`, (_body, answer) =>
      answer.json(TASK_RESULT),
    );
    scripted.routes.set("DELETE /api/v1/manus", (_body, answer) => {
      tasks = tasks.slice(1);
      answer.json({});
    });
    const visitor = await visit("/tasks");
    const { page } = visitor;
    const [first, second] = [page.getByRole("article").first(), page.getByRole("article").last()];
    await first.getByText(tasksStrings.statuses.running).waitFor();
    await second.getByRole("button", { name: tasksStrings.showResult("Who makes tram bells?") }).click();
    await second.getByText("foundries").waitFor();
    expect(await second.getByRole("link", { name: "report.pdf" }).getAttribute("rel")).toContain("noopener");
    expect(await second.getByRole("link", { name: "trap" }).count()).toBe(0);
    await second.getByText("trap").waitFor();
    await isWellMade(visitor);
    await first
      .getByRole("button", { name: tasksStrings.remove("Compare heat pumps for old houses") })
      .click();
    await page.getByRole("dialog").getByRole("button", { name: tasksStrings.removeAction }).click();
    await expect.poll(() => page.getByRole("article").count()).toBe(1);
  });

  test("says how to get tasks where Manus is not set up", async () => {
    const error = { code: "not_configured", message: "MANUS_API_KEY is not set." };
    scripted.routes.set("GET /api/v1/manus", (_body, answer) => answer.json({ error }, 503));
    const visitor = await visit("/tasks");
    await visitor.page.getByText(tasksStrings.offTitle).waitFor();
    await isWellMade(visitor);
    visitor.forgive(/status of 503/);
  });
});

describe("/admin/mcp", () => {
  test("shows servers with their state, and which of their tools ask first", async () => {
    const visitor = await visit("/admin/mcp");
    const { page } = visitor;
    const texts = adminStrings.mcpServers;
    await page.getByText(texts.states["connected"] ?? "").waitFor();
    const row = (name: string) => page.getByRole("row").filter({ hasText: name });
    await row("write_note").getByText(texts.asks).waitFor();
    await row("search_notes").getByText(texts.runs).waitFor();
    await page.getByText("broken_tool: its input schema is no object.").waitFor();
    await page.getByText("It cannot be reached.").waitFor();
    await isWellMade(visitor);
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).search));
    await page.getByRole("button", { name: texts.askAgain }).click();
    await expect.poll(() => asked).toContain("?refresh=1");
  });

  test("says how to set one up where there is none", async () => {
    scripted.routes.set("GET /api/admin/mcp", (_body, answer) => answer.json({ servers: [] }));
    const visitor = await visit("/admin/mcp");
    await visitor.page.getByText(adminStrings.mcpServers.emptyTitle).waitFor();
    await isWellMade(visitor);
  });
});
