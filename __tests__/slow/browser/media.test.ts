import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Download } from "playwright-core";
import { extractText } from "unpdf";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { chatStrings } from "../../../app/_strings/chat.ts";
import { commonStrings } from "../../../app/_strings/common.ts";
import { mediaStrings } from "../../../app/_strings/media.ts";
import { PNG } from "../../support/documents.ts";
import { type FakeUpstream, type Script, startFakeUpstream } from "../../support/fake-upstream.ts";
import { utterance, wav } from "../../support/sound.ts";
import {
  inTheme,
  overflowOf,
  SIZES,
  seriousFindings,
  startBrowser,
  type TestBrowser,
  type VisitOptions,
  type Visitor,
} from "./browser.ts";
import { chatOf } from "./chat-client.ts";
import { type ScriptedGateway, startScriptedGateway, writes } from "./scripted-gateway.ts";
import { type ScriptedAnswer, type ScriptedRoutes, startScriptedRoutes } from "./scripted-routes.ts";

const BUCKET = "pictures";
let storage: Server;
let storageUrl: string;
let gateway: ScriptedGateway;
let cloudflare: FakeUpstream;
let scripted: ScriptedRoutes;
let browser: TestBrowser;
const open: Visitor[] = [];

/** As much of S3 as one bucket needs: it keeps what is put there, and gives it to everybody who has the address. */
const objects = new Map([["/pictures/there.png", PNG]]);
async function store(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { pathname } = new URL(incoming.url ?? "/", storageUrl);
  if (incoming.method === "PUT") {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    objects.set(pathname, Buffer.concat(chunks));
    outgoing.writeHead(200, { etag: '"etag"' }).end();
    return;
  }
  const object = objects.get(pathname);
  outgoing.writeHead(object === undefined ? 403 : 200, { "content-type": "image/png" }).end(object);
}

beforeAll(async () => {
  storage = createServer((incoming, outgoing) => void store(incoming, outgoing));
  await new Promise<void>((resolve) => storage.listen(0, "127.0.0.1", resolve));
  storageUrl = `http://127.0.0.1:${(storage.address() as AddressInfo).port}`;
  cloudflare = await startFakeUpstream(says(1));
  [gateway, browser] = await Promise.all([
    startScriptedGateway({
      CLOUDFLARE_BASE_URL: `${cloudflare.origin}/client/v4`,
      CLOUDFLARE_ACCOUNT_ID: "an-account",
      CLOUDFLARE_API_TOKEN: "a-token",
      R2_ENDPOINT: storageUrl,
      R2_BUCKET_NAME: BUCKET,
      R2_ACCESS_KEY_ID: "key",
      R2_SECRET_ACCESS_KEY: "secret",
    }),
    startBrowser(),
  ]);
  scripted = await startScriptedRoutes(gateway.url);
});
afterEach(async () => {
  scripted.routes.clear();
  for (const visitor of open.splice(0)) {
    expect(await visitor.problems()).toEqual([]);
    await visitor.close();
  }
});
afterAll(async () => {
  await browser.close();
  await scripted.stop();
  await Promise.all([gateway.stop(), cloudflare.stop()]);
  storage.close();
});

async function aChat(options: Partial<VisitOptions> = {}) {
  const visitor = await browser.visit({
    ...{ url: scripted.url, as: await gateway.database.signUp(), reducedMotion: true },
    ...options,
  });
  open.push(visitor);
  await visitor.open("/");
  const chat = chatOf(visitor);
  await chat.composer.waitFor();
  return { ...chat, visitor, page: visitor.page };
}

async function isWellMade(visitor: Visitor): Promise<void> {
  expect(await seriousFindings(visitor), "light, on a desk").toEqual([]);
  await visitor.page.setViewportSize(SIZES.phone);
  await inTheme(visitor, "dark");
  expect(await seriousFindings(visitor), "dark, on a phone").toEqual([]);
  expect(await overflowOf(visitor.page), "pixels wider than a phone").toBe(0);
  await visitor.page.setViewportSize(SIZES.desktop);
  await inTheme(visitor, "light");
}

/** MeloTTS at Cloudflare, whose voice says the same for so many seconds. */
const says =
  (seconds: number): Script =>
  (exchange) => {
    const audio = wav(utterance(seconds, 16_000), { rate: 16_000 });
    const result = { audio: Buffer.from(audio).toString("base64") };
    return exchange.json(200, { result, success: true, errors: [], messages: [] });
  };

/** FLUX at Cloudflare. */
const draws: Script = (exchange) =>
  exchange.json(200, {
    ...{ result: { image: PNG.toString("base64") }, success: true, errors: [], messages: [] },
  });

/** Whisper at Groq. */
const hears =
  (text: string): Script =>
  (exchange) =>
    exchange.json(200, { task: "transcribe", language: "English", duration: 1, text, segments: [] });

const noEngine = (answer: ScriptedAnswer): void =>
  answer.json({ error: { code: "no_engine_configured", message: "No engine." } }, 404);

async function bytesOf(download: Download): Promise<Buffer> {
  return readFile(await download.path());
}

async function wordsOf(download: Download): Promise<string> {
  const { text } = await extractText(new Uint8Array(await bytesOf(download)), { mergePages: true });
  return text.replaceAll(/\s+/g, " ");
}

describe("dictation", () => {
  const texts = mediaStrings.dictation;

  test("what is said comes into the message, and is not sent", async () => {
    const { page, visitor, composer, turns } = await aChat();
    gateway.first.requests.length = 0;
    gateway.first.script = hears("and this was said");
    await composer.fill("Typed");
    await page.getByRole("button", { name: texts.start }).focus();
    await page.keyboard.press("Enter");
    const strip = page.getByRole("group", { name: texts.label });
    await strip.getByText(texts.elapsed("0:01", "5:00")).waitFor();
    const level = strip.getByRole("meter", { name: texts.level });
    const loudness = () => level.evaluate((meter) => (meter as HTMLMeterElement).value);
    await expect.poll(loudness, { timeout: 15_000 }).toBeGreaterThan(0);
    await isWellMade(visitor);
    await page.keyboard.press("Enter");
    await strip.waitFor({ state: "detached" });
    expect(await composer.inputValue()).toBe("Typed and this was said");
    expect(await composer.evaluate((field) => field === document.activeElement)).toBe(true);
    expect(await turns.count()).toBe(0);
    // By its bytes the gateway has seen that it is WebM.
    const [sent] = gateway.first.requests;
    expect(sent?.path).toContain("/audio/transcriptions");
    expect(sent?.text).toMatch(/filename="[^"]+\.webm"/);
  });

  test("a page that may not listen says what to do", async () => {
    const { page, visitor } = await aChat();
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = async () => {
        throw new DOMException("Permission denied", "NotAllowedError");
      };
    });
    await page.getByRole("button", { name: texts.start }).click();
    await page.getByRole("alert").getByText(texts.denied).waitFor();
    await isWellMade(visitor);
    await page.keyboard.press("Escape");
    await page.getByText(texts.denied).waitFor({ state: "detached" });
  });

  test("a recording that fails is sent again; nothing said is told; Escape discards", async () => {
    const { page, visitor, composer } = await aChat();
    const answers: ((answer: ScriptedAnswer) => void)[] = [
      (answer) => answer.json({ error: { code: "engines_unavailable", message: "All are busy." } }, 503),
      (answer) => answer.json({ ok: true, text: "", provider: "groq" }),
    ];
    scripted.routes.set("POST /api/v1/stt", (_body, answer) => answers.shift()?.(answer));
    await page.getByRole("button", { name: texts.start }).click();
    await page.getByRole("button", { name: texts.stop }).click();
    await page.getByRole("alert").getByText("All are busy.").waitFor();
    visitor.forgive(/status of 503/);
    await page.getByRole("button", { name: texts.again }).click();
    await page.getByRole("alert").getByText(texts.nothing).waitFor();
    await page.getByRole("button", { name: texts.record }).click();
    await page.getByRole("button", { name: texts.stop }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("group", { name: texts.label }).waitFor({ state: "detached" });
    expect(await composer.inputValue()).toBe("");
  });

  test("a gateway without an engine for it says what its operator can set", async () => {
    const { page, visitor } = await aChat();
    scripted.routes.set("POST /api/v1/stt", (_body, answer) => noEngine(answer));
    await page.getByRole("button", { name: texts.start }).click();
    await page.getByRole("button", { name: texts.stop }).click();
    await page.getByRole("alert").getByText(texts.off).waitFor();
    visitor.forgive(/status of 404/);
    await isWellMade(visitor);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: texts.offShort }).click();
    await page.getByRole("alert").getByText(texts.off).waitFor();
  });
});

describe("reading aloud", () => {
  const texts = mediaStrings.reading;
  const LONG = `**First** sentence.\n\n${"This sentence is here to be long. ".repeat(15)}`;

  test("an answer is read piece by piece, paused, and ends by itself", async () => {
    const { page, visitor, send, ended, turn } = await aChat();
    gateway.first.script = writes(LONG);
    cloudflare.script = says(2);
    cloudflare.requests.length = 0;
    await send("Say something");
    await ended();
    await turn(0).getByRole("button", { name: texts.start }).click();
    await turn(0).getByText(texts.playing(1, 2)).waitFor();
    await turn(0).getByRole("button", { name: texts.pause }).click();
    await turn(0).getByText(texts.paused(1, 2)).waitFor();
    await isWellMade(visitor);
    await turn(0).getByRole("button", { name: texts.resume }).focus();
    await page.keyboard.press("Enter");
    await turn(0).getByText(texts.playing(2, 2)).waitFor();
    await turn(0).getByRole("button", { name: texts.start }).waitFor();
    const prompts = cloudflare.requests.map(({ json }) => JSON.stringify(json)).join("\n");
    expect(prompts).toContain("First sentence.");
    expect(prompts).toContain("This sentence is here to be long.");
    expect(prompts).not.toContain("**");
  });

  test("one answer is read at a time; stopping one is heard at once", async () => {
    const { send, ended, turn } = await aChat();
    gateway.first.script = writes("Short.");
    cloudflare.script = says(8);
    await send("One");
    await ended();
    await send("Two");
    await turn(1).getByText("Short.").waitFor();
    await ended();
    await turn(0).getByRole("button", { name: texts.start }).click();
    await turn(0).getByText(texts.playing(1, 1)).waitFor();
    await turn(1).getByRole("button", { name: texts.start }).click();
    await turn(1).getByText(texts.playing(1, 1)).waitFor();
    await turn(0).getByRole("button", { name: texts.start }).waitFor();
    await turn(1).getByRole("button", { name: texts.stop }).click();
    await turn(1).getByText(texts.playing(1, 1)).waitFor({ state: "detached" });
  });

  test.each([
    ["no engine for it", noEngine, texts.off, /status of 404/],
    [
      "a sound that is none",
      (answer: ScriptedAnswer) => answer.file(PNG, "audio/wav"),
      texts.unplayable,
      / /,
    ],
  ])("%s is told", async (_name, respond, words, forgiven) => {
    const { send, ended, turn, visitor } = await aChat();
    gateway.first.script = writes("Short.");
    scripted.routes.set("POST /api/v1/tts", (_body, answer) => respond(answer));
    await send("One");
    await ended();
    await turn(0).getByRole("button", { name: texts.start }).click();
    await turn(0).getByRole("alert").getByText(words).waitFor();
    visitor.forgive(forgiven);
  });
});

describe("pictures", () => {
  const texts = mediaStrings.picture;
  const data = `data:image/png;base64,${PNG.toString("base64")}`;

  test("the chat draws, and shows the picture again when the conversation is opened", async () => {
    const { page, visitor, send, ended, turn } = await aChat();
    cloudflare.script = draws;
    await send("Draw a red fox in the snow");
    await ended();
    const picture = turn(0).getByRole("img", { name: /fox/ });
    const width = () => picture.first().evaluate((image) => (image as HTMLImageElement).naturalWidth);
    await expect.poll(width, { timeout: 15_000 }).toBe(1);
    await page.reload();
    await expect.poll(width, { timeout: 15_000 }).toBe(1);
    expect(await picture.first().getAttribute("src")).toMatch(/^\/api\/attachments\//);
    visitor.forgive(/request to another origin: http:..127[^ ]*.pictures/);
    await isWellMade(visitor);
  });

  test("a picture that was drawn is shown, downloaded and changed", async () => {
    const { page, visitor, send, turn, composer } = await aChat();
    scripted.routes.set("POST /api/ai-chat", (_body, answer) => {
      answer.say(
        { type: "image", url: data },
        { type: "image", url: `${storageUrl}/${BUCKET}/there.png?signature=x` },
        { type: "token", text: "Here it is." },
        { type: "done", usage: 1, model: "smart", tokensOut: 0 },
      );
      answer.end();
    });
    await send("Draw a fox");
    const pictures = turn(0).getByRole("img", { name: "Draw a fox" });
    await expect.poll(() => pictures.count(), { timeout: 15_000 }).toBe(2);
    for (const index of [0, 1]) {
      const width = () => pictures.nth(index).evaluate((image) => (image as HTMLImageElement).naturalWidth);
      await expect.poll(width, { timeout: 15_000 }).toBeGreaterThan(0);
    }
    visitor.forgive(/request to another origin: http:..127/);
    await isWellMade(visitor);
    const download = page.waitForEvent("download");
    await turn(0).getByRole("link", { name: texts.download }).click();
    expect((await download).suggestedFilename()).toBe("Draw a fox.png");
    expect(await bytesOf(await download)).toEqual(PNG);
    await turn(0).getByRole("button", { name: texts.edit }).first().click();
    expect(await composer.inputValue()).toBe(texts.editDraft);
    expect(await composer.evaluate((field) => field === document.activeElement)).toBe(true);
  });

  test("a saved picture of the storage is shown again; a stranger's is a link; one that is gone says so", async () => {
    const { page, visitor, send, ended, turn } = await aChat();
    const there = `${storageUrl}/${BUCKET}/there.png?signature=x`;
    const gone = `${storageUrl}/${BUCKET}/gone.png`;
    gateway.first.script = writes(
      `![A fox](${there})\n\n![A bear](${gone})\n\n![Spy](https://example.com/x.png)\n\n![Other](${storageUrl}/other/y.png)`,
    );
    await send("Show them");
    await ended();
    await page.reload();
    const width = () =>
      turn(0)
        .getByRole("img", { name: "A fox" })
        .evaluate((image) => (image as HTMLImageElement).naturalWidth);
    await expect.poll(width, { timeout: 15_000 }).toBeGreaterThan(0);
    await turn(0).getByText(texts.gone("A bear")).waitFor();
    expect(await turn(0).getByRole("link", { name: /^Spy/ }).getAttribute("href")).toBe(
      "https://example.com/x.png",
    );
    await turn(0)
      .getByRole("link", { name: /^Other/ })
      .waitFor();
    visitor.forgive(/request to another origin: http:..127[^ ]*.pictures/);
    visitor.forgive(/status of 403/);
    await isWellMade(visitor);
  });
});

describe("exports", () => {
  const TABLE = "| city | people |\n|---|--:|\n| Bergen | 291940 |\n| =1+1 | 2 |\n";

  test("a table is downloaded as Excel, and copied", async () => {
    const { page, visitor, send, ended, turn } = await aChat();
    gateway.first.script = writes(`# Cities\n\n${TABLE}`);
    await send("A table");
    await ended();
    await turn(0).getByText(mediaStrings.table.size(2, 2)).waitFor();
    const choose = async (entry: string): Promise<void> => {
      await turn(0).getByRole("button", { name: mediaStrings.table.menu }).click();
      await page.getByRole("menuitem", { name: entry }).click();
    };
    await choose(mediaStrings.table.copyCsv);
    await turn(0).getByText(mediaStrings.table.copied).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(
      "city,people\r\nBergen,291940\r\n'=1+1,2\r\n",
    );
    const download = page.waitForEvent("download");
    await choose(mediaStrings.table.excel);
    const file = await download;
    expect(file.suggestedFilename()).toBe("Table.xlsx");
    expect((await bytesOf(file)).subarray(0, 2).toString()).toBe("PK");
    await turn(0).getByText(mediaStrings.table.saved).waitFor();
    await isWellMade(visitor);
  });

  test("one answer, and a whole conversation, as PDF", async () => {
    const { page, visitor, send, ended, turn, sidebar } = await aChat();
    const bodies: unknown[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/api/v1/export/pdf")) bodies.push(request.postDataJSON());
    });
    gateway.first.script = writes("# Cities\n\nBergen.");
    await send("Name *a* city");
    await ended();
    const first = page.waitForEvent("download");
    await turn(0).getByRole("button", { name: mediaStrings.pdf.download }).click();
    expect((await first).suggestedFilename()).toBe("Name a city.pdf");
    expect((await bytesOf(await first)).subarray(0, 5).toString()).toBe("%PDF-");
    const second = page.waitForEvent("download");
    const title = "Name *a* city";
    await sidebar.getByRole("button", { name: chatStrings.sessions.actions(title) }).click();
    await page.getByRole("menuitem", { name: mediaStrings.pdf.download }).click();
    expect((await second).suggestedFilename()).toBe("Name a city.pdf");
    expect(await wordsOf(await second)).toMatch(
      /Name \*a\* city.*You.*Name \*a\* city.*Answer.*Cities.*Bergen\./,
    );
    await page.getByRole("dialog").waitFor({ state: "detached" });
    expect(bodies).toEqual([
      { title: "Name a city", filename: "Name a city.pdf", content: "# Cities\n\nBergen." },
      {
        title,
        filename: "Name a city.pdf",
        content: "# Name \\*a\\* city\n\n## You\n\nName \\*a\\* city\n\n## Answer\n\n### Cities\n\nBergen.\n",
      },
    ]);
    await isWellMade(visitor);
  });

  test("a PDF that fails says why, and is tried again", async () => {
    const { page, visitor, send, ended, sidebar } = await aChat();
    gateway.first.script = writes("Bergen.");
    await send("Name a city");
    await ended();
    scripted.routes.set("POST /api/v1/export/pdf", (_body, answer) =>
      answer.json({ error: { code: "overloaded", message: "Too many at once." } }, 503),
    );
    await sidebar.getByRole("button", { name: chatStrings.sessions.actions("Name a city") }).click();
    await page.getByRole("menuitem", { name: mediaStrings.pdf.download }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Too many at once.").waitFor();
    visitor.forgive(/status of 503/);
    await isWellMade(visitor);
    scripted.routes.set("POST /api/v1/export/pdf", (_body, answer) =>
      answer.file(Buffer.from("%PDF-1.7"), "application/pdf"),
    );
    const download = page.waitForEvent("download");
    await dialog.getByRole("button", { name: commonStrings.retry }).click();
    await download;
  });
});
