import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import chromiumPackage from "@sparticuz/chromium";
import type axe from "axe-core";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type CDPSession,
  chromium,
  type Page,
} from "playwright-core";
import type { TestUser } from "../../support/test-database.ts";
import { sessionCookieOf } from "./session-cookie.ts";

/** Wide enough for the sidebar, and the narrowest phone that is still sold. */
export const SIZES = { desktop: { width: 1280, height: 800 }, phone: { width: 360, height: 740 } } as const;

export type VisitOptions = {
  /** The gateway's own origin. */
  url: string;
  /** Whose session the browser holds; a stranger without it. */
  as?: TestUser;
  theme?: "light" | "dark";
  size?: keyof typeof SIZES;
  reducedMotion?: boolean;
  /** How many times slower the processor is. */
  slowdown?: number;
  /** Device pixels per CSS pixel. */
  scale?: number;
};

export type Visitor = {
  page: Page;
  context: BrowserContext;
  cdp: CDPSession;
  /** Opens a path of the gateway and waits until React has taken the page over. */
  open(path: string): Promise<void>;
  /** Errors on the console and in the page, violations of the policy, and calls to other origins, until now. */
  problems(): Promise<string[]>;
  /** Forgets the problems that match: those that the test has caused on purpose. */
  forgive(pattern: RegExp): void;
  close(): Promise<void>;
};

export type TestBrowser = { visit(options: VisitOptions): Promise<Visitor>; close(): Promise<void> };

declare global {
  interface Window {
    /** Violations of the content security policy in this document. */
    cspViolations?: string[];
    axe?: typeof axe;
  }
}

/** Without the package's flags for clouds without processes and graphics: they switch the web's own security off. */
const ARGS = [
  ...["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none", "--hide-scrollbars"],
  // A microphone that beeps and that every page may use, and no sound out of the machine.
  ...["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--mute-audio"],
];

/** The Chromium that npm brings. @param environment of its process, beside ours. */
export async function startBrowser(environment: Readonly<Record<string, string>> = {}): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: await chromiumPackage.executablePath(),
    args: ARGS,
    env: { ...process.env, ...environment },
  });
  return { visit: (options) => visit(browser, options), close: () => browser.close() };
}

async function visit(browser: Browser, options: VisitOptions): Promise<Visitor> {
  const context = await browser.newContext(contextOptions(options));
  context.setDefaultTimeout(15_000);
  if (options.as !== undefined) await context.addCookies([sessionCookieOf(options.as, options.url)]);
  await context.addInitScript(() => {
    const violations: string[] = [];
    window.cspViolations = violations;
    addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile, sample }) => {
      violations.push(`${violatedDirective} blocked ${blockedURI} in ${sourceFile}: ${sample}`);
    });
  });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  if (options.slowdown !== undefined) {
    await cdp.send("Emulation.setCPUThrottlingRate", { rate: options.slowdown });
  }
  const noted = noteProblems(page, new URL(options.url).origin);
  let forgiven: RegExp[] = [];
  return {
    page,
    context,
    cdp,
    async open(path) {
      await page.goto(`${options.url}${path}`);
      await hydrated(page);
    },
    async problems() {
      const violations = await page.evaluate(() => window.cspViolations?.splice(0) ?? []);
      const all = [...noted.splice(0), ...violations.map((violation) => `policy: ${violation}`)];
      const left = all.filter((problem) => !forgiven.some((pattern) => pattern.test(problem)));
      forgiven = [];
      return left;
    },
    forgive: (pattern) => void forgiven.push(pattern),
    close: () => context.close(),
  };
}

function contextOptions({ theme, size, reducedMotion, scale }: VisitOptions): BrowserContextOptions {
  return {
    viewport: SIZES[size ?? "desktop"],
    colorScheme: theme ?? "light",
    reducedMotion: reducedMotion === true ? "reduce" : "no-preference",
    deviceScaleFactor: scale ?? 1,
    hasTouch: size === "phone",
    permissions: ["clipboard-read", "clipboard-write"],
    locale: "en-GB",
    timezoneId: "UTC",
  };
}

function noteProblems(page: Page, origin: string): string[] {
  const noted: string[] = [];
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    noted.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => noted.push(`page: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const { origin: to, protocol } = new URL(request.url());
    if (to !== origin && protocol !== "data:" && protocol !== "blob:") {
      noted.push(`request to another origin: ${request.url()}`);
    }
  });
  return noted;
}

/** React has taken over when its own property is on the body's elements: a click before that would be lost. */
async function hydrated(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const look = (): void => {
          const buttons = [...document.querySelectorAll("header button, main button, main a, header a")];
          const isReady = (element: Element): boolean =>
            Object.keys(element).some((key) => key.startsWith("__reactProps$"));
          if (buttons.some(isReady)) resolve();
          else setTimeout(look, 10);
        };
        look();
      }),
  );
}

let axeSource: Promise<string> | undefined;

/** Serious and critical findings of axe on the page as it is, each with where it is. */
export async function seriousFindings({ page, cdp }: Visitor): Promise<string[]> {
  axeSource ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // The policy refuses scripts of strangers, so the browser's own tools bring it in.
  await cdp.send("Runtime.evaluate", { expression: await axeSource });
  const { violations } = await page.evaluate(async () => {
    if (window.axe === undefined) throw new Error("axe has not been loaded.");
    return window.axe.run(document, { resultTypes: ["violations"] });
  });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary ?? ""}`),
    );
}

/** Draws the page in the other theme, as if the system had changed its own. */
export async function inTheme({ page }: Visitor, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme });
  // Two frames: colours are old until the first of them.
  await page.evaluate(
    () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))),
  );
}

/** By how many pixels the page is wider than the window. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}
