import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import type { ToolOutcome } from "#lib/services/tools/tool-call.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { ToolHttpError } from "#lib/tools/tool-http.ts";

/**
 * A call as the ledger stores it: how it went, and how much came. What was asked, and what came, may be private.
 *
 * @param number of the call among those that were made at once, from 1: rows of one turn have one time.
 */
export function toolCallRecord(outcome: ToolOutcome, number?: number): ToolCallRecord {
  const { name } = outcome.call.tool;
  const { latencyMs, status } = outcome;
  const meta: Record<string, unknown> = number === undefined ? { tool: name } : { call: number, tool: name };
  if (status === "ok") {
    const { text, links = [], source } = outcome.result;
    Object.assign(meta, { characters: text.length, links: links.length });
    return { backend: source.name, status, latencyMs, meta };
  }
  if (status === "failed") Object.assign(meta, failureReason(outcome.error));
  return { backend: name, status, latencyMs, meta };
}

/** Why a call failed, in words of ours: a source's own could repeat what was asked. */
export function failureReason(error: unknown): { reason: string; httpStatus?: number } {
  if (error instanceof ToolHttpError) {
    const { failure } = error;
    return failure.kind === "status"
      ? { reason: "status", httpStatus: failure.status }
      : { reason: failure.kind };
  }
  return { reason: error instanceof GatewayError ? error.code : "bug" };
}
