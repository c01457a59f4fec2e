import type { ListedTool, ToolList } from "#lib/chat/events.ts";
import { type McpRequest, passesFilter, wantsConsent } from "#lib/plugins/mcp-request.ts";
import { abortError } from "#lib/providers/failures/run-errors.ts";
import type { McpDirectory } from "#lib/services/mcp/mcp-directory.ts";
import type { RequestedServer } from "#lib/services/mcp/requested-servers.ts";
import { linkAbort } from "#lib/shared/abort.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { OfferedTool } from "#lib/tools/offered-tool.ts";

/** A server that takes longer to list its tools has none for this request, milliseconds. */
const LIST_TIMEOUT_MS = 10_000;
/** Tools of all servers together: more confuse models, and some engines refuse them. */
const MAX_TOOLS = 128;

/** What came of a request for the tools of MCP servers. */
export type RequestedTools = {
  offered: readonly OfferedTool[];
  /** Of each server, also of one that could not be reached. */
  lists: readonly ToolList[];
};

/**
 * The tools of these servers, narrowed as the client wants it. Never rejects for a server that fails: the answer goes
 * on without its tools, and the client is told. Rejects when the signal aborts.
 */
export async function requestedTools(
  { servers, nameOf }: Pick<McpRequest, "nameOf"> & { servers: readonly RequestedServer[] },
  source: Pick<McpDirectory, "tools">,
  { signal, clock }: { signal: AbortSignal; clock: Clock },
): Promise<RequestedTools> {
  const answers = await Promise.all(
    servers.map(async (server) => ({ server, ...(await toolsOf(server, source, signal, clock)) })),
  );
  if (signal.aborted) throw abortError(signal);
  let room = MAX_TOOLS;
  const offered: OfferedTool[] = [];
  const lists = answers.map(({ server, tools, error }): ToolList => {
    const taken = tools.filter((tool) => isAllowed(tool, server)).slice(0, room);
    room -= taken.length;
    for (const tool of taken) offered.push(offeredTo(tool, server, nameOf));
    return { label: server.label, tools: taken.map(listed), error };
  });
  return { offered, lists };
}

type Listing = { tools: readonly OfferedTool[]; error: string | undefined };

/** One server by itself, so that none waits for a slow one or fails with it. */
async function toolsOf(
  { id }: RequestedServer,
  source: Pick<McpDirectory, "tools">,
  signal: AbortSignal,
  clock: Clock,
): Promise<Listing> {
  const { controller, unlink } = linkAbort(signal);
  const timeout = Promise.withResolvers<Listing>();
  const timer = clock.after(LIST_TIMEOUT_MS, () => {
    timeout.resolve({ tools: [], error: "The MCP server did not list its tools in time." });
    controller.abort(new GatewayError("plugin_timeout", "The MCP server did not list its tools in time."));
  });
  const listing = source.tools([id], controller.signal).then(
    ({ tools, problems }): Listing => ({
      tools,
      // A tool that was left out is no failure of the others.
      error: tools.length > 0 ? undefined : problems.find(({ server }) => server === id)?.message,
    }),
    (thrown: unknown): Listing => ({ tools: [], error: wordsFor(thrown) }),
  );
  try {
    return await Promise.race([listing, timeout.promise]);
  } finally {
    timer.cancel();
    unlink();
  }
}

function wordsFor(thrown: unknown): string {
  return thrown instanceof GatewayError ? thrown.message : "The MCP server did not list its tools.";
}

function isAllowed(offered: OfferedTool, { allowed }: RequestedServer): boolean {
  return allowed === undefined || passesFilter(filteredBy(offered), allowed);
}

/** Under the name that is unique in this request, and with the stricter of the operator's and the client's wishes. */
function offeredTo(
  offered: OfferedTool,
  { label, consent }: RequestedServer,
  nameOf: McpRequest["nameOf"],
): OfferedTool {
  const { tool } = offered;
  const filtered = filteredBy(offered);
  return {
    ...offered,
    tool: {
      name: nameOf(label, filtered.name),
      description: tool.description,
      timeoutMs: tool.timeoutMs,
      inputSchema: () => tool.inputSchema(),
      run: (input, context) => tool.run(input, context),
    },
    needsApproval: offered.needsApproval || wantsConsent(filtered, consent),
  };
}

function filteredBy({ tool, origin, annotations }: OfferedTool): { name: string; readOnly: boolean } {
  return { name: origin?.tool ?? tool.name, readOnly: annotations?.["readOnlyHint"] === true };
}

function listed(offered: OfferedTool): ListedTool {
  const { tool, annotations } = offered;
  const { name } = filteredBy(offered);
  return { name, description: tool.description, inputSchema: tool.inputSchema(), annotations };
}
