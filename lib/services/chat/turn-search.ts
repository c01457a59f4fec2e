import type { ContentPart } from "#lib/chat/request.ts";
import { untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";
import type { WebResults } from "#lib/providers/chat/run.ts";
import type { EventQueue } from "#lib/services/chat/event-queue.ts";
import { historyOf, type PreparedTurn } from "#lib/services/chat/turn.ts";
import { callTool, type ToolOutcome } from "#lib/services/tools/tool-call.ts";
import { toolCallRecord } from "#lib/services/tools/tool-call-record.ts";
import type { Clock } from "#lib/shared/clock.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";
import type { Tool, ToolResult } from "#lib/tools/tool.ts";
import { searchQuery } from "#lib/tools/web-search/search-query.ts";

const NONCE_BYTES = 8;
const NO_RESULTS =
  "No live results from the web are available for this message. Do not guess what may have changed since you " +
  "were trained: say that you could not check it.";
const WITH_RESULTS =
  "The web was searched for this message, and the pages found follow. Base on them whatever may have changed, " +
  "name the pages that you use, and say so if they do not answer the message.";

export type TurnSearchOptions = {
  /** The tool that searches the web; undefined if no search service is configured. */
  tool: Tool | undefined;
  clock: Clock;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
  /** What the client is told while the search is under way. Closed when it is over. */
  told: EventQueue<NativeEvent>;
};

/** The search of a turn: tells the client of it, and the engine, in place of results, that there are none. */
export function turnSearch(turn: PreparedTurn, options: TurnSearchOptions): WebResults {
  const { tool, clock, randomHex, told } = options;
  return async ({ signal, timeoutMs }) => {
    const query = searchQuery({ message: turn.input.message, history: historyOf(turn) });
    try {
      if (tool === undefined) return [partBefore(NO_RESULTS)];
      // Nothing can be searched for where there are no words, and nothing is missing.
      if (query === "") return [];
      told.push({ type: "tool", name: tool.name, status: "running" });
      const call = { tool: { ...tool, timeoutMs }, input: { query } };
      const onEnd = (outcome: ToolOutcome): void => turn.onToolCall(toolCallRecord(outcome));
      const outcome = await callTool(call, { signal, clock, onEnd });
      for (const event of endEvents(outcome)) told.push(event);
      if (outcome.status !== "ok") return [partBefore(NO_RESULTS)];
      return [partBefore(resultsText(outcome.result, randomHex(NONCE_BYTES)))];
    } finally {
      told.close();
    }
  };
}

/** What the client is told. Why a search failed is in the operator's log. */
function endEvents(outcome: ToolOutcome): NativeEvent[] {
  const { name } = outcome.call.tool;
  switch (outcome.status) {
    case "ok": {
      const { links = [] } = outcome.result;
      const done: NativeEvent = { type: "tool", name, status: "done", detail: pages(links.length) };
      return links.length === 0 ? [done] : [done, { type: "sources", sources: [...links] }];
    }
    case "failed":
      return [{ type: "tool", name, status: "failed", detail: "The web search failed." }];
    case "timeout":
      return [{ type: "tool", name, status: "failed", detail: "The web search did not answer in time." }];
    case "cancelled":
      return [];
  }
}

function pages(count: number): string {
  return count === 1 ? "1 page" : `${count} pages`;
}

function resultsText({ text, asOf }: ToolResult, nonce: string): string {
  const time = asOf === undefined ? "" : ` Time of the search: ${asOf}.`;
  return `${WITH_RESULTS}${time} ${untrustedNotice(nonce)}\n${wrapUntrusted(text, "web search", nonce)}`;
}

/** A part before the user's text, which hosts may join without a space. */
function partBefore(text: string): ContentPart {
  return { type: "text", text: `${text}\n\n` };
}
