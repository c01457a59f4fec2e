import { APPROVAL_PREFIX, answerOfApproval } from "#lib/apis/responses/approval-id.ts";
import type { McpApprovalResponse, McpCallItem } from "#lib/apis/responses/mcp-schema.ts";
import type { McpDecision } from "#lib/plugins/mcp-request.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { arrayField, stringField } from "#lib/shared/json.ts";

type Asked = {
  answer: McpDecision | undefined;
  /** Its result is in the conversation. */
  hasResult: boolean;
  /** The model has gone on since it was allowed, so it is not run again. */
  isOver: boolean;
};

/**
 * What the items of a conversation say of MCP servers. Nothing is stored of a call that waits for consent: the client
 * sends back the item that asks for it, or its id, which holds the call.
 */
export class McpHistory {
  /** Labels of servers whose tools are listed. */
  readonly listed = new Set<string>();
  /** The names of the called tools, by the ids of calls whose results are a server's. */
  readonly results = new Map<string, string>();
  readonly #asked = new Map<string, Asked>();

  /** Whether the conversation has anything to do with MCP servers. */
  get isEmpty(): boolean {
    return this.#asked.size === 0 && this.results.size === 0;
  }

  /** Calls that the client has allowed and that have not run. */
  get decisions(): McpDecision[] {
    return [...this.#asked.values()].flatMap(({ answer, hasResult, isOver }) =>
      answer === undefined || hasResult || isOver ? [] : [answer],
    );
  }

  /** A list of tools. One that could not be had is asked for again. */
  list({ server_label: label, error }: { server_label: string; error?: unknown }): void {
    if (error === null || error === undefined) this.listed.add(label);
  }

  /** The id of a call, and whether the item that asked for it has brought it already. */
  callOf({ id, approval_request_id: askedId }: McpCallItem): { id: string; isKnown: boolean } {
    const asked = askedId == null ? undefined : this.#asked.get(askedId);
    if (askedId == null || asked === undefined) return { id, isKnown: false };
    asked.hasResult = true;
    return { id: askedId, isKnown: true };
  }

  hasAsked(id: string): boolean {
    return this.#asked.has(id);
  }

  ask(id: string): void {
    const answer = answerOfApproval(id);
    // A question of a later answer: the model has gone on, although nothing of that may have come back.
    for (const [earlier, asked] of this.#asked) {
      const other = answerOfApproval(earlier);
      if (asked.answer !== undefined && answer !== undefined && other !== undefined && other !== answer) {
        asked.isOver = true;
      }
    }
    this.#asked.set(id, { answer: undefined, hasResult: false, isOver: false });
  }

  /**
   * Takes the client's answer. Throws `invalid_request` if nothing was asked, or if it is answered twice.
   * @returns whether the call is declined, of which the model is told in place of a result.
   */
  answer({ approval_request_id: id, approve, reason }: McpApprovalResponse, path: string): boolean {
    const asked = this.#asked.get(id);
    const param = `${path}.approval_request_id`;
    if (asked === undefined) {
      const advice = "Send the item that asked for it (`mcp_approval_request`) before it: nothing is stored.";
      throw new GatewayError("invalid_request", `\`${param}\` is not known. ${advice}`, {
        details: { param },
      });
    }
    if (asked.answer !== undefined) {
      throw new GatewayError("invalid_request", `\`${param}\` is answered twice.`, { details: { param } });
    }
    asked.answer = { id, approved: approve, reason: reason ?? undefined };
    const isDeclined = !approve && !asked.hasResult;
    if (isDeclined) asked.hasResult = true;
    return isDeclined;
  }

  /** An item of an earlier answer, which is not stored: its client goes on from there. */
  refer(id: string): void {
    if (!id.startsWith(APPROVAL_PREFIX)) this.goOn();
  }

  /** The model has written more: a call that it was allowed before has run, or never will. */
  goOn(): void {
    for (const asked of this.#asked.values()) if (asked.answer !== undefined) asked.isOver = true;
  }
}

/** What came of a call, as text; undefined if it has not ended. */
export function outcomeOf({ output, error }: McpCallItem): { text: string; isError: boolean } | undefined {
  if (error !== null && error !== undefined) return { text: errorText(error), isError: true };
  return output === null || output === undefined ? undefined : { text: output, isError: false };
}

/** The gateway's own errors have blocks of text, as those of tools have; OpenAI has others. */
function errorText(error: NonNullable<McpCallItem["error"]>): string {
  if (typeof error === "string") return error;
  const blocks = arrayField(error, "content").flatMap((block) => stringField(block, "text") ?? []);
  return blocks.length > 0 ? blocks.join("\n") : (stringField(error, "message") ?? JSON.stringify(error));
}
