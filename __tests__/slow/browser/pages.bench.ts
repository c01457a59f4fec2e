import { afterAll, beforeAll, test } from "vitest";
import { PATHOLOGICAL } from "../../browser/pathological-markdown.ts";
import { startBrowser, type TestBrowser, type VisitOptions } from "./browser.ts";
import { chatOf } from "./chat-client.ts";
import { longAnswer, pours } from "./long-answer.ts";
import { firstLoad, gzipTotal, interactiveMs, longTasksWhile } from "./measures.ts";
import { type ScriptedGateway, startScriptedGateway } from "./scripted-gateway.ts";

/** `npm run bench:pages`: prints the section "Pages" of docs/BENCHMARKS.md. */
const ROUNDS = 7;
const SLOWDOWNS = [1, 4] as const;

let gateway: ScriptedGateway;
let browser: TestBrowser;
let visit: VisitOptions;

beforeAll(async () => {
  [gateway, browser] = await Promise.all([startScriptedGateway(), startBrowser()]);
  visit = { url: gateway.url, as: gateway.admin };
});
afterAll(async () => {
  await browser.close();
  await gateway.stop();
});

const print = (line = ""): void => void process.stdout.write(`${line}\n`);
const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} KB`;
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

test("JavaScript of a first visit", async () => {
  print("\n| page | files | JavaScript | after gzip |\n|---|---:|---:|---:|");
  for (const path of ["/", "/agent", "/keys", "/memory", "/docs", "/admin", "/sign-in"]) {
    const chunks = await firstLoad(browser, visit, path);
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
    print(`| \`${path}\` | ${chunks.length} | ${kilobytes(bytes)} | ${kilobytes(gzipTotal(chunks))} |`);
  }
  print("\nThe files of `/`:\n\n| file | JavaScript | after gzip |\n|---|---:|---:|");
  for (const { path, bytes, gzipBytes } of await firstLoad(browser, visit, "/")) {
    print(`| \`${path.split("/").at(-1)}\` | ${kilobytes(bytes)} | ${kilobytes(gzipBytes)} |`);
  }
});

test("until the field takes what is typed", async () => {
  print("\n| processor | until the field can be used, median | slowest |\n|---|---:|---:|");
  for (const slowdown of SLOWDOWNS) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      times.push(await interactiveMs(browser, { ...visit, slowdown }, "/"));
    }
    print(
      `| ${slowdown === 1 ? "as it is" : `${slowdown} times slower`} | ${median(times).toFixed(0)} ms | ` +
        `${Math.max(...times).toFixed(0)} ms |`,
    );
  }
}, 120_000);

async function tasksOf(text: string, size: number, slowdown: number): Promise<number[]> {
  const visitor = await browser.visit({ ...visit, as: gateway.user, slowdown });
  await visitor.open("/");
  const chat = chatOf(visitor);
  await chat.composer.waitFor();
  gateway.first.script = pours(text, { size, pauseMs: 2 });
  visitor.page.setDefaultTimeout(90_000);
  const tasks = await longTasksWhile(visitor, async () => {
    await chat.send("Go on");
    await chat.ended();
  });
  await visitor.close();
  return tasks;
}

test("a long answer", async () => {
  print("\n| 200 KB of Markdown | tasks over 50 ms | over 100 ms | longest |\n|---|---:|---:|---:|");
  for (const slowdown of SLOWDOWNS) {
    const tasks = await tasksOf(longAnswer(200_000), 200, slowdown);
    const over = tasks.filter((task) => task > 100).length;
    print(
      `| ${slowdown === 1 ? "as it is" : `${slowdown} times slower`} | ${tasks.length} | ${over} | ` +
        `${tasks[0] ?? "under 50"} ms |`,
    );
  }
}, 240_000);

test("pathological Markdown", async () => {
  print("\n| Markdown | characters | longest task |\n|---|---:|---:|");
  for (const [name, text] of PATHOLOGICAL) {
    const [longest = 50] = await tasksOf(text, 4_000, 1);
    print(`| ${name} | ${text.length} | ${longest <= 50 ? "at most 50" : longest} ms |`);
  }
}, 600_000);
