import type { ContentPart } from "#lib/chat/request.ts";
import { untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";
import type { WebResults } from "#lib/providers/chat/run.ts";
import type { EventQueue } from "#lib/services/chat/event-queue.ts";
import { historyOf, type PreparedTurn } from "#lib/services/chat/turn.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import { linkAbort } from "#lib/shared/abort.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
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

/** How the search ended. */
type Ending =
  | { status: "ok"; result: ToolResult }
  | { status: "failed"; error: unknown }
  | { status: "timeout" }
  /** The client disconnected. */
  | { status: "cancelled" };

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
      const startedAt = clock.now();
      const ending = await runWithin(tool, query, { signal, timeoutMs, clock });
      turn.onToolCall(recordOf(tool, ending, clock.now() - startedAt));
      for (const event of endEvents(tool, ending)) told.push(event);
      if (ending.status !== "ok") return [partBefore(NO_RESULTS)];
      return [partBefore(resultsText(ending.result, randomHex(NONCE_BYTES)))];
    } finally {
      told.close();
    }
  };
}

/** Runs the tool for at most `timeoutMs`. Does not reject. */
async function runWithin(
  tool: Tool,
  query: string,
  { signal, timeoutMs, clock }: { signal: AbortSignal; timeoutMs: number; clock: Clock },
): Promise<Ending> {
  const { controller, unlink } = linkAbort(signal);
  let isLate = false;
  const timer = clock.after(timeoutMs, () => {
    isLate = true;
    controller.abort(new GatewayError("engines_unavailable", "The search took too long."));
  });
  try {
    return { status: "ok", result: await tool.run({ query }, { signal: controller.signal }) };
  } catch (error) {
    if (signal.aborted) return { status: "cancelled" };
    return isLate ? { status: "timeout" } : { status: "failed", error };
  } finally {
    timer.cancel();
    unlink();
  }
}

/** What the client is told. Why a search failed is in the operator's log. */
function endEvents({ name }: Tool, ending: Ending): NativeEvent[] {
  switch (ending.status) {
    case "ok": {
      const { links = [] } = ending.result;
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

/** How it went and how much came; not what was asked, which may be private. */
function recordOf({ name }: Tool, ending: Ending, latencyMs: number): ToolCallRecord {
  const { status } = ending;
  switch (status) {
    case "ok": {
      const { text, source, links = [] } = ending.result;
      const meta = { tool: name, characters: text.length, links: links.length };
      return { backend: source.name, status, latencyMs, meta };
    }
    case "failed": {
      const reason = ending.error instanceof GatewayError ? ending.error.code : "bug";
      return { backend: name, status, latencyMs, meta: { tool: name, reason } };
    }
    case "timeout":
    case "cancelled":
      return { backend: name, status, latencyMs, meta: { tool: name } };
  }
}

function resultsText({ text, asOf }: ToolResult, nonce: string): string {
  const time = asOf === undefined ? "" : ` Time of the search: ${asOf}.`;
  return `${WITH_RESULTS}${time} ${untrustedNotice(nonce)}\n${wrapUntrusted(text, "web search", nonce)}`;
}

/** A part before the user's text, which hosts may join without a space. */
function partBefore(text: string): ContentPart {
  return { type: "text", text: `${text}\n\n` };
}
