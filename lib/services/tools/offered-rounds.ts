import type { FunctionTool } from "#lib/chat/request.ts";
import { untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";
import type {
  RoundReply,
  RoundTool,
  ToolRoundLimits,
  ToolRoundsOptions,
} from "#lib/providers/chat/tool-rounds-types.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { LogFields, Logger } from "#lib/services/ports.ts";
import { callTool, reasonOf, type ToolOutcome } from "#lib/services/tools/tool-call.ts";
import { toolCallRecord } from "#lib/services/tools/tool-call-record.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { OfferedTool } from "#lib/tools/offered-tool.ts";

/** For an answer to a client. */
export const TOOL_ROUND_LIMITS: ToolRoundLimits = {
  rounds: 12,
  timeMs: 5 * 60_000,
  resultCharacters: 50_000,
  allCharacters: 200_000,
};

export type OfferedRoundsContext = {
  clock: Clock;
  logger: Pick<Logger, "error">;
  logFields: LogFields;
  /** Random per request, for the marks around what tools say. */
  nonce: string;
  /** Records a call with the turn. */
  onToolCall(call: ToolCallRecord): void;
};

export type OfferedRounds = Pick<ToolRoundsOptions, "tools" | "run" | "forModel"> & {
  /** The tools as a request has them. */
  functions: FunctionTool[];
};

/** Tools for the rounds of an answer: as the engines are told of them, and how they are run. */
export function offeredRounds(offered: readonly OfferedTool[], context: OfferedRoundsContext): OfferedRounds {
  const byName = new Map(offered.map((one) => [one.tool.name, one]));
  let calls = 0;
  return {
    functions: offered.map(({ tool }) => ({
      type: "function",
      name: tool.name,
      description: tool.description,
      parameters: tool.inputSchema(),
    })),
    tools: new Map(Array.from(byName, ([name, one]) => [name, roundTool(one)])),
    async run({ name, input }, signal) {
      const tool = byName.get(name)?.tool;
      if (tool === undefined) throw new Error(`There is no tool ${name}.`);
      calls += 1;
      const number = calls;
      const outcome = await callTool(
        { tool, input },
        {
          signal,
          clock: context.clock,
          onEnd: (ended) => {
            context.onToolCall(toolCallRecord(ended, number));
            logBug(ended, context);
          },
        },
      );
      return replyOf(outcome);
    },
    forModel: (text, { name }) =>
      `${untrustedNotice(context.nonce)}\n${wrapUntrusted(text, name, context.nonce)}`,
  };
}

function roundTool({ tool, origin, needsApproval }: OfferedTool): RoundTool {
  return { name: tool.name, origin, needsApproval };
}

function replyOf(outcome: ToolOutcome): RoundReply {
  if (outcome.status !== "ok") return { text: reasonOf(outcome), isError: true };
  const { text, isError = false } = outcome.result;
  return { text: text.trim() === "" ? "(The tool returned nothing.)" : text, isError };
}

/** What is no error of ours is a bug, which the model is only told of as a failure. */
function logBug(outcome: ToolOutcome, { logger, logFields }: OfferedRoundsContext): void {
  if (outcome.status !== "failed" || outcome.error instanceof GatewayError) return;
  logger.error("A tool failed.", outcome.error, { ...logFields, tool: outcome.call.tool.name });
}
