import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import type { ItemPlace, OutputItem } from "#lib/apis/responses/output-item.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** An item of a tool that ran at the provider, as the provider sent it. */
export class BlockItem implements OutputItem {
  readonly isComplete = true;
  readonly #frames: EventFrames;
  readonly #place: ItemPlace;
  readonly #item: JsonObject;

  constructor(frames: EventFrames, place: ItemPlace, value: JsonObject) {
    this.#frames = frames;
    this.#place = place;
    this.#item = value;
  }

  begin(): string {
    return this.#event("response.output_item.added");
  }

  end(): string {
    return this.#event("response.output_item.done");
  }

  value(): JsonObject {
    return this.#item;
  }

  #event(type: string): string {
    return this.#frames.event(type, { output_index: this.#place.outputIndex, item: this.#item });
  }
}
