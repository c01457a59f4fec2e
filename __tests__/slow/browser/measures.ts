import { gzipSync } from "node:zlib";
import type { TestBrowser, VisitOptions, Visitor } from "./browser.ts";

/** A file of the build that a page loads. */
export type Chunk = { path: string; bytes: number; gzipBytes: number };

/** The JavaScript that a first visit loads before anything is done, the largest file first. */
export async function firstLoad(browser: TestBrowser, options: VisitOptions, path: string): Promise<Chunk[]> {
  const visitor = await browser.visit(options);
  const loads: Promise<Chunk>[] = [];
  visitor.page.on("response", (response) => {
    if (response.request().resourceType() !== "script") return;
    loads.push(
      response.body().then((body) => ({
        path: new URL(response.url()).pathname,
        bytes: body.length,
        gzipBytes: gzipSync(body).length,
      })),
    );
  });
  await visitor.open(path);
  await visitor.page.waitForLoadState("networkidle");
  const chunks = await Promise.all(loads);
  await visitor.close();
  return chunks.sort((a, b) => b.gzipBytes - a.gzipBytes);
}

export const gzipTotal = (chunks: readonly Chunk[]): number =>
  chunks.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);

/**
 * How long after the beginning of a first visit the page's text field takes what is typed, milliseconds: it is
 * there, React has taken it over, and it is not disabled.
 */
export async function interactiveMs(
  browser: TestBrowser,
  options: VisitOptions,
  path: string,
): Promise<number> {
  const visitor = await browser.visit(options);
  await visitor.page.goto(`${options.url}${path}`, { waitUntil: "commit" });
  const taken = await visitor.page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const look = (): void => {
          const field = document.querySelector("main textarea");
          const isReady =
            field instanceof HTMLTextAreaElement &&
            !field.disabled &&
            Object.keys(field).some((key) => key.startsWith("__reactProps$"));
          if (isReady) resolve(performance.now());
          else setTimeout(look, 5);
        };
        look();
      }),
  );
  await visitor.page.locator("main textarea").fill("Typed");
  await visitor.close();
  return taken;
}

declare global {
  interface Window {
    longTasks?: number[];
  }
}

/** From now on, the page notes its tasks of more than 50 ms. */
export async function noteLongTasks({ page }: Visitor): Promise<void> {
  await page.evaluate(() => {
    const noted: number[] = [];
    window.longTasks = noted;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) noted.push(Math.round(duration));
    }).observe({ type: "longtask" });
  });
}

/** Their durations since the last call, milliseconds, the longest first. */
export async function longTasks({ page }: Visitor): Promise<number[]> {
  const noted = await page.evaluate(() => window.longTasks?.splice(0) ?? []);
  return noted.sort((a, b) => b - a);
}

/** A text poured into the chat of a fresh page, and the long tasks while it was read and drawn. */
export async function longTasksWhile(visitor: Visitor, work: () => Promise<void>): Promise<number[]> {
  await noteLongTasks(visitor);
  await work();
  // What is drawn after the last event, for example colours of code.
  await visitor.page.waitForTimeout(500);
  return longTasks(visitor);
}
