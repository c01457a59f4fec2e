import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import { NAMED_MODE, type ProxyCaller } from "#lib/services/identity/caller.ts";
import type { Logger } from "#lib/services/ports.ts";
import { callTool } from "#lib/services/tools/tool-call.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { CatalogueTool } from "#lib/tools/catalogue.ts";
import type { ToolResult } from "#lib/tools/tool.ts";

export type CatalogueDependencies = {
  tools: readonly CatalogueTool[];
  clock: Clock;
  logger: Pick<Logger, "error">;
};

export type CatalogueCallContext = {
  requestId: string;
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  /** The user for whom it is called, if it is known. */
  owner?: string | undefined;
};

/**
 * The tools that the caller may use: a gateway key that is limited to modes may not spend the operator's searches,
 * as it may not call plugins.
 */
export function toolsOf(caller: ProxyCaller, tools: readonly CatalogueTool[]): readonly CatalogueTool[] {
  return mayUseMode(caller, NAMED_MODE) ? tools : tools.filter(({ spendsSearch }) => !spendsSearch);
}

/**
 * Calls a tool of the catalogue. Throws `invalid_request` naming what is wrong in the input, `plugin_timeout`, and
 * what the tool throws; `plugin_failed` in place of a bug, which is logged.
 */
export async function callCatalogueTool(
  { tool }: CatalogueTool,
  input: unknown,
  { requestId, signal, owner }: CatalogueCallContext,
  { clock, logger }: Omit<CatalogueDependencies, "tools">,
): Promise<ToolResult> {
  const outcome = await callTool({ tool, input }, { signal, owner, clock, onEnd: () => undefined });
  switch (outcome.status) {
    case "ok":
      return outcome.result;
    case "timeout":
      throw new GatewayError("plugin_timeout", `${tool.name} did not answer in time.`);
    case "cancelled":
      throw new GatewayError("client_closed_request", "The call was cancelled.");
    case "failed":
      if (outcome.error instanceof GatewayError) throw outcome.error;
      logger.error("A tool failed.", outcome.error, { requestId, tool: tool.name });
      throw new GatewayError("plugin_failed", `${tool.name} failed.`);
  }
}
