import { ObjectScan } from "#lib/apis/object-scan.ts";
import { type ClientTool, objectOf } from "#lib/apis/responses/client-tools.ts";
import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import type { ItemPlace, ItemStatus, OutputItem } from "#lib/apis/responses/output-item.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** A call of a tool with items of its own. It is sent as a whole at its end. */
export class ClientCallItem implements OutputItem {
  readonly #frames: EventFrames;
  readonly #place: ItemPlace;
  readonly #tool: ClientTool;
  readonly #callId: string;
  readonly #scan = new ObjectScan();
  #arguments = "";

  constructor(frames: EventFrames, place: ItemPlace, tool: ClientTool, callId: string) {
    this.#frames = frames;
    this.#place = place;
    this.#tool = tool;
    this.#callId = callId;
  }

  get isComplete(): boolean {
    return this.#scan.reachedEnd;
  }

  push(text: string): string {
    this.#arguments += text;
    this.#scan.push(text);
    return "";
  }

  begin(): string {
    return this.#frames.event("response.output_item.added", {
      output_index: this.#place.outputIndex,
      item: this.#item("in_progress", {}),
    });
  }

  end(status: ItemStatus): string {
    const item = { output_index: this.#place.outputIndex, item: this.value(status) };
    return this.#frames.event("response.output_item.done", item);
  }

  value(status: ItemStatus): JsonObject {
    return this.#item(status, objectOf(this.#arguments));
  }

  #item(status: ItemStatus, args: JsonObject): JsonObject {
    return {
      id: this.#place.id,
      type: this.#tool.callType,
      status,
      call_id: this.#callId,
      ...this.#tool.toFields(args),
    };
  }
}
