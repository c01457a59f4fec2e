import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { chatStrings } from "../../../app/_strings/chat.ts";
import { commonStrings } from "../../../app/_strings/common.ts";
import { markdownStrings } from "../../../app/_strings/markdown.ts";
import { aPdf, PNG } from "../../support/documents.ts";
import { answers, type Script, textChunk } from "../../support/fake-upstream.ts";
import { inTurn, saysThenWaits } from "../../support/scripted-answers.ts";
import { eventually } from "../../support/test-gateway.ts";
import { startBrowser, type TestBrowser, type VisitOptions, type Visitor } from "./browser.ts";
import { type ChatClient, chatOf } from "./chat-client.ts";
import {
  broken,
  busy,
  ENGINES,
  lastMessageOf,
  type ScriptedGateway,
  startScriptedGateway,
  writes,
} from "./scripted-gateway.ts";

let gateway: ScriptedGateway;
let browser: TestBrowser;
const open: Visitor[] = [];

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startScriptedGateway(), startBrowser()]);
});
beforeEach(() => {
  gateway.first.script = answers("Hello from ", "the first engine.");
  gateway.second.script = answers("Hello from ", "the second engine.");
});
afterEach(async () => {
  for (const visitor of open.splice(0)) {
    expect(await visitor.problems()).toEqual([]);
    await visitor.close();
  }
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

/** A new user's own chat, so that no test sees the conversations of another. */
async function aChat(
  options: Partial<VisitOptions> = {},
): Promise<ChatClient & { visitor: Visitor; page: Visitor["page"] }> {
  const visitor = await browser.visit({
    url: gateway.url,
    as: await gateway.database.signUp(),
    ...options,
  });
  open.push(visitor);
  await visitor.open("/");
  const chat = chatOf(visitor);
  await chat.composer.waitFor();
  return { ...chat, visitor, page: visitor.page };
}

/** A script that goes on when it is told to. */
function gated(first: string, rest: string): { script: Script; release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return {
    release: resolve,
    script: async (exchange) => {
      await exchange.startStream();
      if (first !== "") await exchange.event(textChunk(first));
      await promise;
      await exchange.event(textChunk(rest, "stop"));
      await exchange.event("[DONE]");
      await exchange.endStream();
    },
  };
}

test("an answer is read while it is written, and found again after a reload", async () => {
  const { page, send, turn, ended, sidebar } = await aChat();
  const { script, release } = gated("The first **half** ", "and the second.");
  gateway.first.script = script;
  await send("Tell me both halves");
  await turn(0).getByText("The first half").waitFor();
  expect(await turn(0).textContent()).not.toContain("second");
  release();
  await ended();
  await turn(0).getByText("The first half and the second.").waitFor();
  expect(new URL(page.url()).searchParams.get("session")).toMatch(/^[0-9a-f-]{36}$/);
  await sidebar.getByRole("button", { name: "Tell me both halves", exact: true }).waitFor();

  await page.reload();
  await turn(0).getByText("The first half and the second.").waitFor();
  await turn(0).getByText("Tell me both halves").waitFor();
});

test("a conversation is renamed, found by its name, and deleted", async () => {
  const { page, send, ended, sidebar, turns } = await aChat();
  await send("About to be renamed");
  await ended();
  const actions = (title: string) =>
    sidebar.getByRole("button", { name: chatStrings.sessions.actions(title) }).click();
  await actions("About to be renamed");
  await page.getByRole("menuitem", { name: chatStrings.sessions.rename }).click();
  await page.getByLabel(chatStrings.sessions.name, { exact: true }).fill("Better name");
  await page.getByRole("button", { name: commonStrings.save }).click();
  await sidebar.getByRole("button", { name: "Better name", exact: true }).waitFor();
  await sidebar.getByRole("searchbox", { name: chatStrings.sessions.search }).fill("nothing like it");
  await sidebar.getByText(chatStrings.sessions.noMatch).waitFor();
  await sidebar.getByRole("searchbox").fill("better");
  await actions("Better name");
  await page.getByRole("menuitem", { name: commonStrings.delete }).click();
  await page.getByRole("dialog").getByRole("button", { name: commonStrings.delete }).click();
  await sidebar.getByText(chatStrings.sessions.noMatch).waitFor();
  expect(await turns.count()).toBe(0);
  expect(new URL(page.url()).search).toBe("");
});

test("on a phone, Escape closes the list of conversations and gives the focus back", async () => {
  const { page, sidebar } = await aChat({ size: "phone" });
  const toggle = page.getByRole("button", { name: chatStrings.openSessions });
  await toggle.click();
  await sidebar.getByRole("searchbox").focus();
  await page.keyboard.press("Escape");
  await sidebar.waitFor({ state: "hidden" });
  expect(await toggle.evaluate((button) => button === document.activeElement)).toBe(true);
});

test("a failover is shown as it happens: who failed, how, after how long, and who answers", async () => {
  const { send, steps, turn, ended, choose } = await aChat();
  const [first, second] = ENGINES.coder;
  const { script, release } = gated("", "Written by the second.");
  gateway.first.script = busy;
  gateway.second.script = script;
  await choose("coder");
  await send("Who answers?");
  // The second engine has said nothing yet.
  const attempt = steps(0).getByRole("listitem").first();
  await attempt.getByText(chatStrings.outcomes["rate_limited"] ?? "").waitFor();
  expect(await attempt.textContent()).toMatch(/\d+ ms/);
  expect(await attempt.textContent()).toContain(first.model);
  release();
  await ended();
  await steps(0).getByText(chatStrings.answers(second.label)).waitFor();
  await turn(0).getByText("Written by the second.").waitFor();
});

test("an answer that is cut off is finished by another engine, and the joint is visible", async () => {
  const { page, send, steps, turn, ended, choose } = await aChat();
  const [, second] = ENGINES.smart;
  const answer = "A circuit breaker stops calling what is broken, so it can recover.";
  gateway.first.script = inTurn(writes(answer, { cutAfter: 6 }), broken);
  gateway.second.script = writes("is broken, so it can recover.");
  await choose("smart");
  await send("What is a circuit breaker?");
  await ended();
  await turn(0).getByText(answer).waitFor();
  await steps(0).getByText(chatStrings.midAnswer).waitFor();
  await steps(0).getByText(chatStrings.continues(second.label)).waitFor();
  const joint = page.getByTitle(markdownStrings.joint);
  await joint.waitFor();
  expect(await joint.evaluate((mark) => mark.previousSibling?.textContent)).toMatch(/calling what\s*$/);
});

test("when nobody answers, the page says why, and asking again helps", async () => {
  const { send, turn, ended, choose, visitor } = await aChat();
  gateway.first.script = broken;
  gateway.second.script = broken;
  await choose("reasoner");
  await send("Is anybody there?");
  await ended("failed");
  const alert = turn(0).getByRole("alert");
  await alert.getByText(chatStrings.failedTitle).waitFor();
  gateway.first.script = answers("I am here.");
  await alert.getByRole("button", { name: commonStrings.retry }).click();
  await ended();
  await turn(0).getByText("I am here.").waitFor();
  visitor.forgive(/status of 50\d/);
});

test.each([["the button"], ["Escape"]])(
  "an answer is stopped with %s, and its engine with it",
  async (how) => {
    const { page, send, turn, ended } = await aChat();
    gateway.first.script = saysThenWaits("This will ", "never end");
    gateway.first.requests.length = 0;
    await send("Talk forever");
    await turn(0).getByText("This will never end").waitFor();
    if (how === "Escape") await page.keyboard.press("Escape");
    else await page.getByRole("button", { name: chatStrings.composer.stop }).click();
    await ended("stopped");
    await eventually("the engine is left", () => gateway.first.requests[0]?.closedAt !== undefined);
    gateway.first.script = answers("Back.");
    await send("And again");
    await turn(1).getByText("Back.").waitFor();
  },
);

test("a question is edited and asked again in a conversation of its own", async () => {
  const { page, send, turn, turns, ended, sidebar } = await aChat();
  gateway.first.script = async (exchange) => answers(`You said: ${lastMessageOf(exchange)}`)(exchange);
  for (const question of ["First question", "Second question", "Third question"]) {
    await send(question);
    await page.getByText(`You said: ${question}`).waitFor();
    await ended();
  }
  gateway.first.requests.length = 0;
  await turn(1).hover();
  await turn(1).getByRole("button", { name: chatStrings.edit }).click();
  await page.getByLabel(chatStrings.editLabel, { exact: true }).fill("Another question");
  await turn(1).getByRole("button", { name: chatStrings.resend, exact: true }).click();
  await page.getByText("You said: Another question").waitFor();
  await ended();
  expect(await turns.count()).toBe(2);
  const { text } = gateway.first.requests[0] ?? { text: "" };
  expect(text).toContain("First question");
  expect(text).not.toContain("Second question");
  expect(text).not.toContain("Third question");
  await expect
    .poll(() => sidebar.getByRole("button", { name: "First question", exact: true }).count())
    .toBe(2);

  await turn(1).getByRole("button", { name: chatStrings.retry }).click();
  await ended();
  expect(await turns.count()).toBe(2);
});

test("a PDF that is dropped on the page is read, and an image that is pasted is seen", async () => {
  const { page, send, turn, ended, drop, paste } = await aChat();
  const files = page.getByRole("list", { name: chatStrings.composer.files });
  gateway.first.requests.length = 0;
  await drop({ name: "report.pdf", type: "application/pdf", bytes: aPdf("The secret word is walrus.") });
  await files.getByText(chatStrings.composer.attached("report.pdf")).waitFor({ state: "attached" });
  await send("What is the secret word?");
  await ended();
  await turn(0).getByText("report.pdf").first().waitFor();
  expect(gateway.first.requests.map(({ text }) => text).join()).toContain("The secret word is walrus.");

  await paste({ name: "picture.png", type: "image/png", bytes: PNG });
  await files.getByText(chatStrings.composer.attached("picture.png")).waitFor({ state: "attached" });
  await send("And what is in the picture?");
  await turn(1).getByText("Hello from the first engine.").waitFor();
  expect(gateway.first.requests.map(({ text }) => text).join()).toContain("data:image/png;base64,");
});

test("a message is sent by keyboard alone", async () => {
  const { page, turn, ended, composer } = await aChat();
  await page.keyboard.press("Tab");
  expect(await page.locator(":focus").textContent()).toBe(commonStrings.skip);
  await page.keyboard.press("/");
  await page.keyboard.type("One line");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("and another");
  expect(await composer.inputValue()).toBe("One line\nand another");
  await page.keyboard.press("Enter");
  await ended();
  await turn(0).getByText("Hello from the first engine.").waitFor();
  expect(await composer.evaluate((field) => field === document.activeElement)).toBe(true);
});

test("on a phone, conversations lie in a drawer", async () => {
  const { page, send, ended, sidebar, turns, turn } = await aChat({ size: "phone", reducedMotion: true });
  await send("From my phone");
  await ended();
  expect(await sidebar.isVisible()).toBe(false);
  await page.getByRole("button", { name: chatStrings.openSessions }).click();
  await sidebar.getByRole("button", { name: chatStrings.newChat }).click();
  expect(await turns.count()).toBe(0);
  await page.getByRole("button", { name: chatStrings.openSessions }).click();
  await sidebar.getByRole("button", { name: "From my phone", exact: true }).click();
  await turn(0).getByText("Hello from the first engine.").waitFor();
  expect(await sidebar.isVisible()).toBe(false);
});
