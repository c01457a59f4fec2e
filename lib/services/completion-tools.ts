import type { AnswerEvent } from "#lib/chat/events.ts";
import type { ChatRequest, Tool } from "#lib/chat/request.ts";
import type { McpRequest } from "#lib/plugins/mcp-request.ts";
import type { ChatRun, RunEffects, RunOptions } from "#lib/providers/chat/run.ts";
import { runToolRounds } from "#lib/providers/chat/tool-rounds.ts";
import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { McpDirectory } from "#lib/services/mcp/mcp-directory.ts";
import { requestWithTools } from "#lib/services/mcp/request-with-tools.ts";
import { type RequestedServer, requestedServers } from "#lib/services/mcp/requested-servers.ts";
import { requestedTools } from "#lib/services/mcp/requested-tools.ts";
import type { Logger } from "#lib/services/ports.ts";
import { offeredRounds, TOOL_ROUND_LIMITS } from "#lib/services/tools/offered-rounds.ts";
import type { Lazy } from "#lib/shared/lazy.ts";

const NONCE_BYTES = 8;
/** Stands for tools that are not known yet. */
const ANY_TOOL: Tool = { type: "function", name: "any" };

export type CompletionToolsDependencies = {
  /** Made with the first request that names a server. */
  mcp: Lazy<McpDirectory>;
  effects: RunEffects;
  logger: Logger;
  randomHex(bytes: number): string;
};

export type CompletionToolsContext = { requestId: string; caller: ProxyCaller; signal: AbortSignal };

/** An answer in rounds between which the gateway runs tools. */
export type CompletionRounds = {
  /** The request with its tools. */
  chat: ChatRequest;
  /** What the client is told before the answer. */
  opening: readonly AnswerEvent[];
  start(options: RunOptions, onToolCall: (call: ToolCallRecord) => void): ChatRun;
};

/** The MCP tools of one request, before anything has been asked. */
export class CompletionTools {
  readonly #request: McpRequest;
  readonly #servers: readonly RequestedServer[];
  readonly #context: CompletionToolsContext;
  readonly #dependencies: CompletionToolsDependencies;

  /** Throws `forbidden`, and `invalid_request` for a server that the operator has not set up. */
  constructor(
    request: McpRequest,
    context: CompletionToolsContext,
    dependencies: CompletionToolsDependencies,
  ) {
    this.#servers = requestedServers(request, dependencies.mcp.value, context.caller);
    this.#request = request;
    this.#context = context;
    this.#dependencies = dependencies;
  }

  /** The request as far as it is known: engines that cannot call tools cannot take it. */
  likely(chat: ChatRequest): ChatRequest {
    return this.#servers.length === 0 ? chat : { ...chat, tools: [...(chat.tools ?? []), ANY_TOOL] };
  }

  /** Asks the servers for their tools. Throws what `requestWithTools` does, and why the signal has aborted. */
  async rounds(chat: ChatRequest): Promise<CompletionRounds> {
    const { mcp, effects, logger, randomHex } = this.#dependencies;
    const { signal, requestId } = this.#context;
    const { clock } = effects;
    const wanted = { servers: this.#servers, nameOf: this.#request.nameOf };
    const { offered, lists } = await requestedTools(wanted, mcp.value, { signal, clock });
    let onToolCall: (call: ToolCallRecord) => void = () => undefined;
    const { functions, ...tools } = offeredRounds(offered, {
      clock,
      logger,
      logFields: { requestId },
      nonce: randomHex(NONCE_BYTES),
      onToolCall: (call) => onToolCall(call),
    });
    const { listed, decisions } = this.#request;
    return {
      chat: requestWithTools(chat, this.#request, { offered, lists, functions, forModel: tools.forModel }),
      opening: lists.flatMap((list) => (listed.has(list.label) ? [] : [{ type: "tool_list", list }])),
      start(options, note) {
        onToolCall = note;
        return runToolRounds(
          { ...options, ...tools, decisions, limits: TOOL_ROUND_LIMITS, randomHex },
          effects,
        );
      },
    };
  }
}
