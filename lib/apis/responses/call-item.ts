import { ObjectScan } from "#lib/apis/object-scan.ts";
import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import {
  type ItemPlace,
  type ItemStatus,
  type OutputItem,
  placeFields,
} from "#lib/apis/responses/output-item.ts";
import type { QualifiedName } from "#lib/apis/responses/tool-names.ts";
import type { JsonObject } from "#lib/shared/json.ts";

export type CalledTool = { callId: string; tool: QualifiedName; custom: boolean };

/** A call of one of the client's tools: a function, or a custom tool with free text. */
export class CallItem implements OutputItem {
  readonly #frames: EventFrames;
  readonly #place: ItemPlace;
  readonly #called: CalledTool;
  readonly #scan = new ObjectScan();
  readonly #writeDelta: (delta: string) => string;
  #text = "";
  #state: "waiting" | "begun" | "ended" = "waiting";

  constructor(frames: EventFrames, place: ItemPlace, called: CalledTool) {
    this.#frames = frames;
    this.#place = place;
    this.#called = called;
    this.#writeDelta = frames.deltas(
      called.custom ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta",
      placeFields(place),
    );
  }

  /** Whether the arguments are a complete object. Unknown for free text. */
  get isComplete(): boolean {
    return !this.#called.custom && this.#scan.reachedEnd;
  }

  /** Ignores text after the item has ended: the arguments are complete. */
  push(text: string): string {
    if (text === "" || this.#state === "ended") return "";
    this.#text += text;
    this.#scan.push(text);
    return this.#state === "begun" ? this.#writeDelta(text) : "";
  }

  begin(): string {
    this.#state = "begun";
    const added = this.#frames.event("response.output_item.added", {
      output_index: this.#place.outputIndex,
      item: this.#item("in_progress", ""),
    });
    return this.#text === "" ? added : added + this.#writeDelta(this.#text);
  }

  end(status: ItemStatus): string {
    this.#state = "ended";
    const place = placeFields(this.#place);
    const done = this.#called.custom
      ? this.#frames.event("response.custom_tool_call_input.done", { ...place, input: this.#text })
      : this.#frames.event("response.function_call_arguments.done", {
          ...place,
          name: this.#called.tool.name,
          arguments: this.#text,
        });
    const item = { output_index: this.#place.outputIndex, item: this.value(status) };
    return done + this.#frames.event("response.output_item.done", item);
  }

  value(status: ItemStatus): JsonObject {
    return this.#item(status, this.#text);
  }

  #item(status: ItemStatus, text: string): JsonObject {
    const { callId, tool, custom } = this.#called;
    return {
      id: this.#place.id,
      type: custom ? "custom_tool_call" : "function_call",
      status,
      call_id: callId,
      ...tool,
      ...(custom ? { input: text } : { arguments: text }),
    };
  }
}
