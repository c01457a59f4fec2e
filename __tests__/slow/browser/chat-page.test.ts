import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { extname, join, normalize } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { apiRouter } from "#lib/server/routes/api-routes.ts";
import { startTestSupabase, type TestSupabase } from "../../support/test-database.ts";
import {
  createKey,
  type HttpHost,
  listen,
  startTestGateway,
  type TestGateway,
} from "../../support/test-gateway.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";

/** The static page of examples/chat-page, on an origin of its own, with the sandbox behind the gateway. */
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};

let files: Server;
let origin: string;
let database: TestSupabase;
let gateway: TestGateway;
let host: HttpHost;
let browser: TestBrowser;
let key: string;

beforeAll(async () => {
  [{ server: files, origin }, database, browser] = await Promise.all([
    servePage(),
    startTestSupabase(),
    startBrowser(),
  ]);
  gateway = await startTestGateway({
    database,
    settings: { ENABLE_SANDBOX: "true", CORS_ALLOWED_ORIGINS: origin },
  });
  const route = apiRouter(async () => gateway.gateway);
  host = await listen((request, own) => route(new URL(request.url).pathname)(request, own));
  key = await createKey(database, (await database.signUp()).userId);
});
afterAll(async () => {
  await browser.close();
  await host.stop();
  await gateway.stop();
  await database.stop();
  files.close();
});

async function servePage(): Promise<{ server: Server; origin: string }> {
  const server = createServer(({ url = "/" }, response) => {
    const path = normalize(url === "/" ? "/index.html" : url);
    readFile(join("examples/chat-page", path)).then(
      (bytes) => response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/plain" }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port.");
  return { server, origin: `http://127.0.0.1:${address.port}` };
}

test("asks, shows both engines of a continued answer as text, stops, and keeps the key for this tab only", async () => {
  const { page, close } = await browser.visit({ url: origin });
  await page.goto(origin);
  await page.getByLabel("Address").fill(host.url);
  await page.getByLabel("Key or access token").fill(key);
  await page.getByLabel("Message").fill("/fail cut <b>hello</b>");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("Sandbox engine (second) answers").waitFor();
  await page.getByText("to watch failover at work.").waitFor();
  expect(await page.locator("b").count()).toBe(0);
  expect(await page.getByText("sandbox/first: reset").count()).toBe(2);
  await page.getByLabel("Message").fill("A second question");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped.").waitFor();
  expect(await page.evaluate(() => [localStorage.length, sessionStorage.getItem("key")])).toEqual([0, key]);
  await close();
});

test("shows the gateway's own words if it refuses", async () => {
  const { page, close } = await browser.visit({ url: origin });
  await page.goto(origin);
  await page.getByLabel("Address").fill(host.url);
  await page.getByLabel("Key or access token").fill("sk-sarmalink-wrong");
  await page.getByLabel("Message").fill("Hi");
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator(".assistant .note").waitFor();
  expect(await page.locator(".assistant .note").textContent()).toMatch(/key/i);
  await close();
});
