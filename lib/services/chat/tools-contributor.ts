import { stripInvisible } from "#lib/prompts/sanitize.ts";
import type { Contribution, Contributor, ContributorContext } from "#lib/services/chat/contributor.ts";
import { toolsText } from "#lib/services/chat/tools-contributor-text.ts";
import { historyOf, type Turn } from "#lib/services/chat/turn.ts";
import type { Logger } from "#lib/services/ports.ts";
import { callTool, reasonOf, type ToolOutcome } from "#lib/services/tools/tool-call.ts";
import { failureReason, toolCallRecord } from "#lib/services/tools/tool-call-record.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";
import { detectTools, type ToolCall } from "#lib/tools/detect.ts";
import type { Tool } from "#lib/tools/tool.ts";

const NONCE_BYTES = 8;
/** Added to the longest time-out of a tool: a tool that hangs ends by its own, and the others' results are kept. */
const MARGIN_MS = 1_000;
const MAX_DETAIL = 200;
/** Links of one result that the client gets, and characters of their titles. */
const MAX_LINKS = 20;
const MAX_TITLE = 200;

export type ToolsContributorOptions = {
  tools: readonly Tool[];
  clock: Clock;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
  logger: Pick<Logger, "warn" | "error">;
};

/**
 * Live tools: calls those that the message needs, all at once, and puts what they found beside it. A message that
 * needs none waits for nothing.
 */
export function toolsContributor(options: ToolsContributorOptions): Contributor {
  const { tools, logger } = options;
  return {
    name: "tools",
    timeoutMs: MARGIN_MS + Math.max(0, ...tools.map(({ timeoutMs }) => timeoutMs)),
    // Who answers otherwise looks up what it needs.
    wants: ({ route }) => route.kind === "engines",
    run(turn, context) {
      const request = { message: turn.input.message, history: historyOf(turn) };
      const calls = detectTools(tools, request, ({ name }, error) => {
        const fields = { requestId: turn.requestId, tool: name };
        logger.error("A live tool could not read a message.", error, fields);
      });
      return calls.length === 0 ? {} : callAll(calls, turn, context, options);
    },
  };
}

async function callAll(
  calls: readonly ToolCall[],
  turn: Turn,
  context: ContributorContext,
  { clock, randomHex, logger }: ToolsContributorOptions,
): Promise<Contribution> {
  const { signal, emit, onToolCall } = context;
  for (const { tool } of calls) emit({ type: "tool", name: tool.name, status: "running" });
  const outcomes = await Promise.all(
    calls.map((call, index) =>
      callTool(call, {
        signal,
        clock,
        onEnd: (outcome) => {
          onToolCall(toolCallRecord(outcome, index + 1));
          for (const event of endEvents(outcome)) emit(event);
          logFailure(outcome, turn.requestId, logger);
        },
      }),
    ),
  );
  const text = toolsText(outcomes, { now: clock.wallNow(), nonce: randomHex(NONCE_BYTES) });
  return { beside: [{ type: "text", text }], isComplete: outcomes.every(({ status }) => status === "ok") };
}

/** What the client is told of a call that has ended. */
function endEvents(outcome: ToolOutcome): NativeEvent[] {
  const { name } = outcome.call.tool;
  if (outcome.status !== "ok") {
    return [{ type: "tool", name, status: "failed", detail: detailOf(reasonOf(outcome)) }];
  }
  const { source, asOf, links = [] } = outcome.result;
  const detail = detailOf(asOf === undefined ? source.name : `${source.name}, ${asOf}`);
  const done: NativeEvent = { type: "tool", name, status: "done", detail };
  const sources = links.filter(({ uri }) => isWebAddress(uri)).slice(0, MAX_LINKS);
  if (sources.length === 0) return [done];
  return [done, { type: "sources", sources: sources.map(withCleanTitle) }];
}

function detailOf(text: string): string {
  return truncate(stripInvisible(text), MAX_DETAIL);
}

/** A link is shown to people: no script, no file. */
function isWebAddress(uri: string): boolean {
  return /^https?:\/\//i.test(uri) && URL.canParse(uri);
}

function withCleanTitle({ title, uri }: { title?: string; uri: string }): { title?: string; uri: string } {
  return title === undefined ? { uri } : { title: truncate(stripInvisible(title), MAX_TITLE), uri };
}

/** What an operator can mend: not that a number is mistyped. Says nothing of what was asked. */
function logFailure(outcome: ToolOutcome, requestId: string, logger: Pick<Logger, "warn" | "error">): void {
  if (outcome.status === "ok" || outcome.status === "cancelled") return;
  const { status, call, latencyMs } = outcome;
  const fields = { requestId, tool: call.tool.name, status, latencyMs: Math.round(latencyMs) };
  const message = "A live tool failed; the answer goes on without its data.";
  if (status === "timeout") return logger.warn(message, fields);
  const { error } = outcome;
  if (!(error instanceof GatewayError)) return logger.error(message, error, fields);
  if (isOfInput(error)) return;
  logger.warn(message, { ...fields, ...failureReason(error) });
}

/** What was asked for is at fault, not its source. */
function isOfInput({ code }: GatewayError): boolean {
  return code === "invalid_request" || code === "not_found";
}
