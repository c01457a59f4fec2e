import { APPROVAL_PREFIX, approvalId } from "#lib/apis/responses/approval-id.ts";
import { BlockItem } from "#lib/apis/responses/block-item.ts";
import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import { McpCallItem } from "#lib/apis/responses/mcp-call-item.ts";
import { McpListItem } from "#lib/apis/responses/mcp-list-item.ts";
import type { ItemPlace, OutputItem } from "#lib/apis/responses/output-item.ts";
import type { ToolNames } from "#lib/apis/responses/tool-names.ts";
import type { ToolList, ToolRun } from "#lib/chat/events.ts";

export type McpItemsOptions = {
  names: ToolNames;
  /** Ids of calls that the client has allowed with this request. */
  decided: ReadonlySet<string>;
};

type Begun = ToolRun & { status: "running" | "needs_approval" };

/** The items of MCP servers in an answer. */
export class McpItems {
  readonly #frames: EventFrames;
  readonly #options: McpItemsOptions;
  readonly #calls = new Map<string, McpCallItem>();

  constructor(frames: EventFrames, options: McpItemsOptions) {
    this.#frames = frames;
    this.#options = options;
  }

  get hasCalls(): boolean {
    return this.#calls.size > 0;
  }

  list(list: ToolList, place: ItemPlace): OutputItem {
    return new McpListItem(this.#frames, place, list);
  }

  /** A call that begins, or that waits for the client, who allows it by the id of its item. */
  call(run: Begun, placeOf: (prefix: string) => ItemPlace): OutputItem {
    const { names, decided } = this.#options;
    const { label, name } = names.mcpTool(run.name) ?? { label: "", name: run.name };
    const called = { server_label: label, name, arguments: run.arguments };
    if (run.status === "needs_approval") {
      const place = placeOf(APPROVAL_PREFIX);
      const id = approvalId(place.id, called);
      return new BlockItem(this.#frames, place, { id, type: "mcp_approval_request", ...called });
    }
    const approval = decided.has(run.id) ? run.id : null;
    const item = new McpCallItem(this.#frames, placeOf("mcp"), called, approval);
    this.#calls.set(run.id, item);
    return item;
  }

  /** A call that has begun. */
  begun(id: string): McpCallItem | undefined {
    return this.#calls.get(id);
  }
}
