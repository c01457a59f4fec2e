import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Child, startChild } from "./child.ts";
import type { BenchDatabase } from "./database.ts";
import type { ExportReport } from "./export-host.ts";
import { monotonicMs, percentile } from "./statistics.ts";

/**
 * What exports cost: how long one takes over a socket, what the gateway's main thread does for it, and for how long the
 * event loop was kept from other requests. On a busy machine that is mostly waiting for a core; the CPU says how much of
 * it is our own. Each is asked for once before it is measured, so that its thread and its libraries are there.
 */
const ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? 7);
const MEGABYTE = 1024 * 1024;

type Subject = { what: string; path: string; status: number; body: () => string };

const XLSX = "/api/v1/export/xlsx";
const PDF = "/api/v1/export/pdf";

const SUBJECTS: readonly Subject[] = [
  {
    what: "Excel: 10 cells",
    path: XLSX,
    status: 200,
    body: () => JSON.stringify({ headers: ["A", "B"], rows: [1, 2, 3, 4].map((n) => ["text", n]) }),
  },
  {
    what: "Excel: 50,000 cells of text, numbers and dates, 1.1 MB",
    path: XLSX,
    status: 200,
    body: largeTable,
  },
  {
    what: "Excel: 50,000 cells of long text, 2 MB",
    path: XLSX,
    status: 200,
    body: () => tableOf(() => "漢字 & <b> and some more text"),
  },
  {
    what: "Excel: 50,000 rows without cells",
    path: XLSX,
    status: 200,
    body: () => JSON.stringify({ headers: [], rows: Array.from({ length: 50_000 }, () => []) }),
  },
  {
    what: "Excel: 350,000 cells: 400",
    path: XLSX,
    status: 400,
    body: () =>
      JSON.stringify({ headers: [], rows: Array.from({ length: 35_000 }, () => Array(10).fill(7)) }),
  },
  { what: "Excel: a body of 44 MB: 413", path: XLSX, status: 413, body: () => "x".repeat(44 * MEGABYTE) },
  {
    what: "PDF: one page",
    path: PDF,
    status: 200,
    body: () => JSON.stringify({ content: "# A page\n\nText." }),
  },
  { what: "PDF: 200 pages of text, tables and code", path: PDF, status: 200, body: longReport },
  {
    what: "PDF: one line of 200,000 characters",
    path: PDF,
    status: 200,
    body: () => JSON.stringify({ content: "x".repeat(200_000) }),
  },
  { what: "PDF: a body of 44 MB: 413", path: PDF, status: 413, body: () => "x".repeat(44 * MEGABYTE) },
];

/** 163 chapters of text, a table, code and a list: 200 pages. */
function longReport(): string {
  const words = "The gateway answers, and another engine goes on where one has broken off. ".repeat(2);
  const table = `| Engine | Requests |\n|---|---:|\n${"| provider/model | 12345 |\n".repeat(8)}`;
  const code = `\`\`\`js\n${'const answer = await ask("engine"); // and wait\n'.repeat(5)}\`\`\`\n`;
  const chapter = `${words}\n\n${table}\n${code}\n${"- item\n".repeat(24)}`;
  const chapters = Array.from({ length: 163 }, (_, at) => `# Chapter ${at}\n\n${chapter}`);
  return JSON.stringify({ content: chapters.join("\n") });
}

function tableOf(cell: (row: number, column: number) => unknown): string {
  const row = (at: number): unknown[] => Array.from({ length: 10 }, (_, column) => cell(at, column));
  return JSON.stringify({
    headers: row(0).map(String),
    rows: Array.from({ length: 4_999 }, (_, at) => row(at)),
  });
}

function largeTable(): string {
  return tableOf((row, column) => {
    if (column % 5 === 0) return row * column + 0.5;
    if (column % 5 === 1) return `2026-11-${String((row % 28) + 1).padStart(2, "0")}T10:30:00Z`;
    return `Text ${row} of ${column}, with more`;
  });
}

type Sample = { ms: number; threadMs: number; delayMs: number; bytes: number };
type Host = { child: Child; url: string; key: string };

async function sample({ child, url, key }: Host, subject: Subject, body: string): Promise<Sample> {
  await child.ask<ExportReport>("report");
  const before = await child.cpuReport();
  const from = monotonicMs();
  const response = await fetch(`${url}${subject.path}`, {
    method: "POST",
    body,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  });
  const { length } = await response.bytes();
  const ms = monotonicMs() - from;
  if (response.status !== subject.status) throw new Error(`${subject.what}: ${response.status}`);
  const { thread } = await child.cpuReport();
  const { delayMs } = await child.ask<ExportReport>("report");
  return { ms, threadMs: (thread - before.thread) / 1e3, delayMs, bytes: length };
}

async function row(host: Host, subject: Subject): Promise<string> {
  const body = subject.body();
  await sample(host, subject, body);
  const samples: Sample[] = [];
  for (let round = 0; round < ROUNDS; round += 1) samples.push(await sample(host, subject, body));
  const times = samples.map(({ ms }) => ms);
  const longest = (values: readonly number[]): string => `${Math.max(...values).toFixed(0)} ms`;
  const cells = [
    `${percentile(times, 0.5).toFixed(0)} ms`,
    longest(times),
    longest(samples.map(({ threadMs }) => threadMs)),
    longest(samples.map(({ delayMs }) => delayMs)),
    `${((samples[0]?.bytes ?? 0) / 1024).toFixed(0)} KB`,
  ];
  return `| ${subject.what} | ${cells.join(" | ")} |\n`;
}

const here = (file: string): string => new URL(`./${file}`, import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), "sarmalink-bench-"));
// The user of Postgres must be able to enter it.
await chmod(folder, 0o711);
const supabase = startChild(here("database.ts"));
const { settings, key } = await supabase.ask<BenchDatabase>(join(folder, "database"));
const child = startChild(here("export-host.ts"));
const url = await child.ask<string>({ ...settings, SARMALINK_DATA_DIR: join(folder, "gateway") });
const head = ["", "median", "longest", "CPU of the main thread", "delay of its event loop", "answer"];
process.stdout.write(`| ${head.join(" | ")} |\n|---|---:|---:|---:|---:|---:|\n`);
for (const subject of SUBJECTS) process.stdout.write(await row({ child, url, key }, subject));
const { rss } = await child.ask<ExportReport>("report");
process.stdout.write(`\nThe gateway's process holds ${(rss / MEGABYTE).toFixed(0)} MB afterwards.\n`);
await Promise.all([child.stop(), supabase.stop()]);
await rm(folder, { recursive: true, force: true });
