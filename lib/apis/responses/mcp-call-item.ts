import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import {
  type ItemPlace,
  type ItemStatus,
  type OutputItem,
  placeFields,
} from "#lib/apis/responses/output-item.ts";
import type { ToolRun } from "#lib/chat/events.ts";
import type { JsonObject } from "#lib/shared/json.ts";

type Ended = ToolRun & { status: "done" | "failed" };
/** What is called, in the fields of the item. */
type Called = { server_label: string; name: string; arguments: string };

/** A call of a tool of an MCP server that the gateway runs. The next item waits until it has ended. */
export class McpCallItem implements OutputItem {
  readonly #frames: EventFrames;
  readonly #place: ItemPlace;
  readonly #called: Called;
  readonly #approval: string | null;
  #ended: Ended | undefined;
  #begun = false;

  /** @param approval the id of the item that asked for the client's consent. */
  constructor(frames: EventFrames, place: ItemPlace, called: Called, approval: string | null) {
    this.#frames = frames;
    this.#place = place;
    this.#called = called;
    this.#approval = approval;
  }

  get isComplete(): boolean {
    return this.#ended !== undefined;
  }

  /** The call has ended. */
  push(ended: Ended): string {
    this.#ended = ended;
    return this.#begun ? this.#outcome() : "";
  }

  begin(): string {
    this.#begun = true;
    const place = placeFields(this.#place);
    const { arguments: text } = this.#called;
    const item = { ...this.value("in_progress"), arguments: "" };
    return (
      this.#frames.event("response.output_item.added", { output_index: this.#place.outputIndex, item }) +
      this.#frames.event("response.mcp_call.in_progress", place) +
      (text === ""
        ? ""
        : this.#frames.event("response.mcp_call_arguments.delta", { ...place, delta: text })) +
      this.#frames.event("response.mcp_call_arguments.done", { ...place, arguments: text }) +
      this.#outcome()
    );
  }

  end(status: ItemStatus): string {
    const item = { output_index: this.#place.outputIndex, item: this.value(status) };
    return this.#frames.event("response.output_item.done", item);
  }

  value(status: ItemStatus): JsonObject {
    const head = { id: this.#place.id, type: "mcp_call", ...this.#called };
    const more = { approval_request_id: this.#approval };
    const ended = this.#ended;
    if (ended === undefined || status === "in_progress") {
      return { ...head, ...more, status, output: null, error: null };
    }
    if (ended.status === "done") {
      return { ...head, ...more, status: "completed", output: ended.output, error: null };
    }
    const error = { type: "mcp_tool_execution_error", content: [{ type: "text", text: ended.output }] };
    return { ...head, ...more, status: "failed", output: null, error };
  }

  #outcome(): string {
    if (this.#ended === undefined) return "";
    const outcome = this.#ended.status === "done" ? "completed" : "failed";
    return this.#frames.event(`response.mcp_call.${outcome}`, placeFields(this.#place));
  }
}
