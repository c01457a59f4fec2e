import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import { type ItemPlace, type OutputItem, placeFields } from "#lib/apis/responses/output-item.ts";
import type { ListedTool, ToolList } from "#lib/chat/events.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** The tools of an MCP server, or why there are none. They are known before the answer begins. */
export class McpListItem implements OutputItem {
  readonly isComplete = true;
  readonly #frames: EventFrames;
  readonly #place: ItemPlace;
  readonly #list: ToolList;

  constructor(frames: EventFrames, place: ItemPlace, list: ToolList) {
    this.#frames = frames;
    this.#place = place;
    this.#list = list;
  }

  begin(): string {
    const place = placeFields(this.#place);
    const added = { output_index: this.#place.outputIndex, item: { ...this.#head(), tools: [] } };
    const outcome = this.#list.error === undefined ? "completed" : "failed";
    return (
      this.#frames.event("response.output_item.added", added) +
      this.#frames.event("response.mcp_list_tools.in_progress", place) +
      this.#frames.event(`response.mcp_list_tools.${outcome}`, place)
    );
  }

  end(): string {
    const done = { output_index: this.#place.outputIndex, item: this.value() };
    return this.#frames.event("response.output_item.done", done);
  }

  value(): JsonObject {
    const { tools, error } = this.#list;
    const value = { ...this.#head(), tools: tools.map(toTool) };
    // Clients know the field as one that is missing, not as null.
    return error === undefined ? value : { ...value, error };
  }

  #head(): JsonObject {
    return { id: this.#place.id, type: "mcp_list_tools", server_label: this.#list.label };
  }
}

function toTool({ name, description, inputSchema, annotations = {} }: ListedTool): JsonObject {
  return { name, description, input_schema: inputSchema, annotations };
}
