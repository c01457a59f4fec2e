import { createMarkdownStream } from "#lib/browser/markdown/markdown-stream.ts";
import { parseMarkdown } from "#lib/browser/markdown/parse.ts";
import { PATHOLOGICAL } from "../browser/pathological-markdown.ts";

/*
 * Parses the texts that freeze parsers, whole and as they grow, at lengths below and above our limits, in a
 * process of its own. Reports the longest time that one call held the processor, milliseconds.
 */

const LENGTHS = [3_000, 15_000, 50_000, 200_000];
const STEPS = 12;

function processorMs(action: () => void): number {
  const before = process.cpuUsage();
  action();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function longestCall(text: string): number {
  const stream = createMarkdownStream();
  const calls = [processorMs(() => parseMarkdown(text)), processorMs(() => stream.finish(text))];
  for (let step = 1; step <= STEPS; step++) {
    const part = text.slice(0, Math.ceil((text.length * step) / STEPS));
    calls.push(processorMs(() => stream.update(part)));
  }
  return Math.max(...calls);
}

const longest = PATHOLOGICAL.map(([name, text]) => {
  const lengths = LENGTHS.filter((length) => length <= text.length);
  return [name, Math.max(...lengths.map((length) => longestCall(text.slice(0, length))), longestCall(text))];
});
process.stdout.write(JSON.stringify(Object.fromEntries(longest)));
