import type { JsonObject } from "#lib/shared/json.ts";

export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** Where an item stands in the answer. */
export type ItemPlace = { id: string; outputIndex: number };

/**
 * One item of an answer. It takes pieces at any time; only once it has begun, they are written at once. So
 * items can be written one after the other, in whatever order their pieces come.
 */
export type OutputItem = {
  /** Nothing more can come: what was said of it so far is the whole. */
  readonly isComplete: boolean;
  /** The item is written from here on: its beginning, with what has come so far. */
  begin(): string;
  /** The item's end. Nothing is taken after it. */
  end(status: ItemStatus): string;
  /** The item as it is now. */
  value(status: ItemStatus): JsonObject;
};

/** What the events of an item say of its place. */
export function placeFields({ id, outputIndex }: ItemPlace): JsonObject {
  return { item_id: id, output_index: outputIndex };
}
