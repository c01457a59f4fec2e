import type { ContentPart } from "#lib/chat/request.ts";
import { untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";
import type { WebResults } from "#lib/providers/chat/run.ts";
import { conversationOf } from "#lib/services/chat/build-request.ts";
import type { EventQueue } from "#lib/services/chat/event-queue.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
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

/** The search of a turn: tells the client of it, and says in its place when there are no results. */
export function turnSearch(turn: Turn, { tool, clock, randomHex, told }: TurnSearchOptions): WebResults {
  return async ({ signal, timeoutMs }) => {
    const query = searchQuery({ message: turn.input.message, history: conversationOf(turn) });
    try {
      if (tool === undefined) return [toldTo(NO_RESULTS)];
      // Nothing can be searched for where there are no words; nothing is missing either.
      if (query === "") return [];
      told.push({ type: "tool", name: tool.name, status: "running" });
      const found = await runWithin(tool, query, { signal, timeoutMs, clock });
      if (found instanceof GatewayError) {
        told.push({ type: "tool", name: tool.name, status: "failed", detail: found.message });
        return [toldTo(NO_RESULTS)];
      }
      const { links = [] } = found;
      told.push({ type: "tool", name: tool.name, status: "done", detail: `${links.length} pages` });
      if (links.length > 0) told.push({ type: "sources", sources: [...links] });
      return [resultsPart(found, randomHex(NONCE_BYTES))];
    } finally {
      told.close();
    }
  };
}

/** The tool's result, or the error that the client may see. */
async function runWithin(
  tool: Tool,
  query: string,
  { signal, timeoutMs, clock }: { signal: AbortSignal; timeoutMs: number; clock: Clock },
): Promise<ToolResult | GatewayError> {
  const { controller, unlink } = linkAbort(signal);
  const late = new GatewayError("engines_unavailable", "The web search did not answer in time.");
  const timer = clock.after(timeoutMs, () => controller.abort(late));
  try {
    return await tool.run({ query }, { signal: controller.signal });
  } catch {
    // Why it failed is in the operator's log; the client hears no more than that it did.
    return controller.signal.reason === late
      ? late
      : new GatewayError("engines_unavailable", "The web search failed.");
  } finally {
    timer.cancel();
    unlink();
  }
}

function resultsPart({ text, asOf }: ToolResult, nonce: string): ContentPart {
  const time = asOf === undefined ? "" : ` Time of the search: ${asOf}.`;
  return toldTo(
    `${WITH_RESULTS}${time} ${untrustedNotice(nonce)}\n${wrapUntrusted(text, "web search", nonce)}`,
  );
}

/** A part before the user's text, which hosts may join without a space. */
function toldTo(text: string): ContentPart {
  return { type: "text", text: `${text}\n\n` };
}
