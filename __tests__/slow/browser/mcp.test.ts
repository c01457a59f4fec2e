import { afterAll, beforeAll, expect, test } from "vitest";
import { adminStrings } from "../../../app/_strings/admin.ts";
import { agentStrings } from "../../../app/_strings/agent.ts";
import { chatStrings } from "../../../app/_strings/chat.ts";
import { toolsStrings } from "../../../app/_strings/tools.ts";
import type { Script } from "../../support/fake-upstream.ts";
import { startMcpServer, type TestMcpServer } from "../../support/mcp-server.ts";
import { says } from "../../support/scripted-answers.ts";
import { startBrowser, type TestBrowser, type Visitor } from "./browser.ts";
import { chatOf } from "./chat-client.ts";
import { broken, ENGINES, type ScriptedGateway, startScriptedGateway } from "./scripted-gateway.ts";

/** The playground with tools of a real MCP server, in front of the gateway as it is served. */
let notes: TestMcpServer;
let gateway: ScriptedGateway;
let browser: TestBrowser;
let visitor: Visitor;

beforeAll(async () => {
  notes = await startMcpServer();
  const servers = { notes: { url: notes.url, name: "Team notes", requireApproval: "writes" } };
  [gateway, browser] = await Promise.all([
    startScriptedGateway({ MCP_CONFIG: JSON.stringify({ servers }) }),
    startBrowser(),
  ]);
  visitor = await browser.visit({ url: gateway.url, as: gateway.admin });
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
  await notes.stop();
});

type Asked = { model: string; messages: { role: string; content: unknown }[] };

/** Reads the note, then wants to write one, then says what came of it. */
const reader: Script = (exchange) => {
  const { model, messages } = exchange.request.json as Asked;
  // What the gateway asks for itself.
  if (model === ENGINES.fast[0].model) return says({ text: ["[]"] })(exchange);
  const last = messages.at(-1);
  if (last?.role !== "tool") {
    const call = { id: "call_read", name: "notes__read_note", pieces: ["{}"] };
    return says({ text: ["I read **the note**."], calls: [call], finish: "tool_calls" })(exchange);
  }
  const result = JSON.stringify(last.content);
  if (!result.includes("The note: ")) {
    const text = result.includes("Written: ") ? "It is written." : "I have left it as it was.";
    return says({ text: [text] })(exchange);
  }
  const call = { id: "call_write", name: "notes__write_note", pieces: ['{"text":', '"buy milk"}'] };
  return says({ text: ["I would change it."], calls: [call], finish: "tool_calls" })(exchange);
};

async function ask(): Promise<ReturnType<typeof chatOf>> {
  await visitor.open("/");
  const chat = chatOf(visitor);
  await visitor.page.getByRole("button", { name: toolsStrings.mcp.none }).click();
  await visitor.page.getByRole("menuitemcheckbox", { name: "Team notes" }).click();
  await visitor.page.keyboard.press("Escape");
  await chat.choose("smart");
  gateway.first.script = reader;
  await chat.send("Change the note");
  await chat
    .turn(0)
    .getByRole("group", { name: chatStrings.calls.question("write_note") })
    .waitFor();
  return chat;
}

test("a call that is allowed is made, once, and the conversation is found again after a reload", async () => {
  const { page } = visitor;
  const { turn, turns } = await ask();
  expect(notes.written).toEqual([]);
  const question = turn(0).getByRole("group", { name: chatStrings.calls.question("write_note") });
  await question.getByText('"text": "buy milk"').waitFor();
  await question.getByRole("button", { name: chatStrings.calls.allow, exact: true }).click();
  await turn(0).getByText("It is written.").waitFor();
  expect(notes.written).toEqual(["buy milk"]);
  for (const name of ["read_note", "write_note"]) {
    const call = turn(0).getByRole("listitem").filter({ hasText: name });
    await call.getByText(toolsStrings.states.done).waitFor();
  }
  expect(await turns.count()).toBe(1);
  expect(await turn(0).textContent()).not.toContain("needs your consent");
  await page.reload();
  await page.getByText("It is written.").waitFor();
  expect(await visitor.problems()).toEqual([]);
});

test("a call that is refused is not made, and the model is told", async () => {
  notes.written.length = 0;
  const { turn } = await ask();
  await turn(0).getByRole("button", { name: chatStrings.calls.refuse }).click();
  await turn(0).getByText("I have left it as it was.").waitFor();
  expect(notes.written).toEqual([]);
  expect(await visitor.problems()).toEqual([]);
});

test("a question that is edited afterwards is asked in a branch without what came of it", async () => {
  const { page } = visitor;
  const { turn, turns, send, ended } = await ask();
  await turn(0).getByRole("button", { name: chatStrings.calls.allow, exact: true }).click();
  await turn(0).getByText("It is written.").waitFor();
  gateway.first.script = says({ text: ["One answer."] });
  await send("Second question");
  await turn(1).getByText("One answer.").waitFor();
  await ended();
  gateway.first.script = says({ text: ["Another answer."] });
  await turn(1).getByRole("button", { name: chatStrings.retry }).click();
  await turn(1).getByText("Another answer.").waitFor();
  await ended();
  expect(await turns.count()).toBe(2);
  // Both halves of the first answer are in the branch.
  await page.reload();
  await page.getByText("It is written.").waitFor();
  expect(await page.getByText("One answer.").count()).toBe(0);
  expect(await visitor.problems()).toEqual([]);
});

/** Plans three steps: one reads the note, one is simple, and one breaks off everywhere. Then it sums up. */
const planner: Script = (exchange) => {
  const { messages } = exchange.request.json as Asked;
  const all = JSON.stringify(messages);
  const last = messages.at(-1);
  if (all.includes("You plan how to reach a goal")) {
    const plan = [{ title: "Read the note" }, { title: "Think about it" }, { title: "Ask the oracle" }];
    return says({ text: [JSON.stringify(plan)] })(exchange);
  }
  if (all.includes("You write the final answer")) return says({ text: ["Buy ", "**bread**."] })(exchange);
  if (all.includes("Your step: Ask the oracle")) return broken(exchange);
  if (all.includes("Your step: Think about it")) return says({ text: ["Nothing to add."] })(exchange);
  if (last?.role === "tool") return says({ text: ["The note says what to buy."] })(exchange);
  const call = { id: "call_read", name: "notes__read_note", pieces: ["{}"] };
  return says({ calls: [call], finish: "tool_calls" })(exchange);
};

test("an agent's run: a step with a tool, one that fails at every engine, and what came of it all", async () => {
  const { page } = visitor;
  gateway.first.script = planner;
  gateway.second.script = planner;
  await visitor.open("/agent");
  await page.getByRole("button", { name: toolsStrings.mcp.none }).click();
  await page.getByRole("menuitemcheckbox", { name: "Team notes" }).click();
  await page.keyboard.press("Escape");
  await page.getByLabel(agentStrings.goal).fill("What should I buy?");
  await page.getByRole("button", { name: agentStrings.run, exact: true }).click();
  await page.getByRole("status").getByText(agentStrings.states.done).waitFor({ state: "attached" });
  const step = (index: number) => page.getByRole("main").locator("ol > li").nth(index);
  await step(2).getByText(agentStrings.stepFailed).waitFor();
  await step(0).getByRole("button").first().click();
  const call = step(0).getByRole("listitem").filter({ hasText: "read_note" });
  await call.getByText(toolsStrings.states.done).waitFor();
  await call.getByText("notes", { exact: true }).waitFor();
  await step(0).getByText("The note says what to buy.").waitFor();
  await page.getByRole("region", { name: agentStrings.result }).getByText("Buy bread.").waitFor();
  expect(await page.getByText(/tokens in, \d+ out/).textContent()).toMatch(/\$0\.0/);
  expect(await visitor.problems()).toEqual([]);
});

test("/admin/mcp asks the server by itself, and shows its tools", async () => {
  const { page } = visitor;
  await visitor.open("/admin/mcp");
  const texts = adminStrings.mcpServers;
  await page.getByText(texts.states.connected).waitFor();
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  await row("write_note").getByText(texts.asks).waitFor();
  await row("read_note").getByText(texts.runs).waitFor();
  await page.getByText("notes 1.2.3").waitFor();
  expect(await visitor.problems()).toEqual([]);
});
