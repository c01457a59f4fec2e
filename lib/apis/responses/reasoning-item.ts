import { type Encrypted, packEncrypted } from "#lib/apis/responses/call-signature.ts";
import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import {
  type ItemPlace,
  type ItemStatus,
  type OutputItem,
  placeFields,
} from "#lib/apis/responses/output-item.ts";
import type { JsonObject } from "#lib/shared/json.ts";

/** Reasoning: a summary in one part, and an encrypted token for its issuer. */
export class ReasoningItem implements OutputItem {
  readonly isComplete = true;
  readonly #frames: EventFrames;
  readonly #place: ItemPlace;
  #text = "";
  #encrypted: string | undefined;
  #begun = false;
  #writeDelta: ((delta: string) => string) | undefined;

  constructor(frames: EventFrames, place: ItemPlace) {
    this.#frames = frames;
    this.#place = place;
  }

  /** Whether it has its token; further reasoning belongs to another item. */
  get isSealed(): boolean {
    return this.#encrypted !== undefined;
  }

  push(text: string): string {
    this.#text += text;
    return this.#begun ? this.#write(text) : "";
  }

  seal(encrypted: Encrypted): void {
    this.#encrypted = packEncrypted(encrypted);
  }

  begin(): string {
    this.#begun = true;
    const added = this.#frames.event("response.output_item.added", {
      output_index: this.#place.outputIndex,
      item: { ...this.#head("in_progress"), summary: [] },
    });
    return added + this.#write(this.#text);
  }

  end(status: ItemStatus): string {
    let written = "";
    if (this.#writeDelta !== undefined) {
      const part = { type: "summary_text", text: this.#text };
      written += this.#event("response.reasoning_summary_text.done", { text: this.#text });
      written += this.#event("response.reasoning_summary_part.done", { part });
    }
    const item = { output_index: this.#place.outputIndex, item: this.value(status) };
    return written + this.#frames.event("response.output_item.done", item);
  }

  value(status: ItemStatus): JsonObject {
    const value: JsonObject = {
      ...this.#head(status),
      summary: this.#text === "" ? [] : [{ type: "summary_text", text: this.#text }],
    };
    if (this.#encrypted !== undefined) value["encrypted_content"] = this.#encrypted;
    return value;
  }

  #head(status: ItemStatus): JsonObject {
    return { id: this.#place.id, type: "reasoning", status };
  }

  /** Opens the part with its first text: an item with only a token has no part. */
  #write(text: string): string {
    if (text === "") return "";
    let opened = "";
    if (this.#writeDelta === undefined) {
      const place = { ...placeFields(this.#place), summary_index: 0 };
      this.#writeDelta = this.#frames.deltas("response.reasoning_summary_text.delta", place);
      opened = this.#event("response.reasoning_summary_part.added", {
        part: { type: "summary_text", text: "" },
      });
    }
    return opened + this.#writeDelta(text);
  }

  #event(type: string, fields: JsonObject): string {
    return this.#frames.event(type, { ...placeFields(this.#place), summary_index: 0, ...fields });
  }
}
