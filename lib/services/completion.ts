import type { ChatRequest } from "#lib/chat/request.ts";
import type { McpRequest } from "#lib/plugins/mcp-request.ts";
import type { Registry } from "#lib/providers/registry.ts";
import { requestCost } from "#lib/services/admission/cost-estimate.ts";
import { type KeyAdmission, whileAdmitted } from "#lib/services/admission/key-admission.ts";
import {
  type CompletionRounds,
  CompletionTools,
  type CompletionToolsDependencies,
} from "#lib/services/completion-tools.ts";
import { documentsToRead, type PartReader } from "#lib/services/documents/read-parts.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { Chain, CompletionInput } from "#lib/services/engines/resolve-chain.ts";
import { allowedChain, eligibleChain } from "#lib/services/engines/resolve-engines.ts";
import type { TurnLedger } from "#lib/services/ledger/releasing-ledger.ts";
import {
  type Completion,
  type CompletionContext,
  RunningCompletion,
} from "#lib/services/running-completion.ts";

/** A request, with the MCP servers whose tools the model may call. */
export type ToolCompletionInput = CompletionInput & { mcp?: McpRequest };

export type CompletionDependencies = EngineDependencies &
  CompletionToolsDependencies & {
    registry: Registry;
    admission: KeyAdmission;
    ledger: TurnLedger;
    /** Reads documents for engines that cannot. */
    documents: PartReader;
  };

/**
 * Answers a request of the OpenAI-compatible routes: nothing is added to it, but documents are read for engines that
 * cannot take them, and tools of MCP servers are listed and run if it names some. Resolves once an engine has
 * committed to an answer, so that no byte is sent before.
 *
 * Throws `model_not_found`, `forbidden`, `rate_limited`, `budget_exceeded`, `no_engine_configured`,
 * `engines_refused`, `invalid_request` (a document cannot be read, an MCP server is not known), `plugin_failed` (it
 * must call a tool of a server that cannot be reached) and whatever else a run throws before its first content.
 */
export async function startCompletion(
  input: ToolCompletionInput,
  context: CompletionContext,
  dependencies: CompletionDependencies,
): Promise<Completion> {
  const { caller, signal, requestId, waitUntil, onRateLimit } = context;
  const { admission, documents } = dependencies;
  const asked = await allowedChain({ ...input, caller }, dependencies);
  const toRead = documentsToRead(input.chat, asked.engines);
  const tools = input.mcp && new CompletionTools(input.mcp, context, dependencies);
  const admit = ({ engines }: Chain): Promise<void> => {
    const maxCostUsd = requestCost(engines, input.chat, dependencies);
    return admission.admit(caller, { requestId, maxCostUsd, onRateLimit });
  };
  const start = async (chat: ChatRequest, chain: Chain, rounds?: CompletionRounds): Promise<Completion> => {
    const completion = new RunningCompletion(chat, chain, context, dependencies, rounds);
    await completion.open();
    return completion;
  };
  const held = { admission, requestId, waitUntil };
  if (toRead.length === 0 && tools === undefined) {
    const chain = eligibleChain(asked, input);
    await admit(chain);
    return whileAdmitted(held, () => start(input.chat, chain));
  }
  // What no engine can take costs nothing. Engines that cannot take a document may be able to once it is read.
  if (toRead.length === 0 && tools !== undefined) {
    eligibleChain(asked, { ...input, chat: tools.likely(input.chat) });
  }
  // Reading takes time and memory, and servers are asked for their tools: it counts as a request, also if it fails.
  await admit(asked);
  return whileAdmitted(held, async () => {
    const owner = caller.kind === "open" ? undefined : caller.userId;
    const read =
      toRead.length === 0
        ? input.chat
        : await documents.read(input.chat, toRead, asked.engines, { owner, signal });
    const rounds = await tools?.rounds(read);
    const chat = rounds?.chat ?? read;
    return start(chat, eligibleChain(asked, { ...input, chat }), rounds);
  });
}
