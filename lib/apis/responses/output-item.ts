import type { JsonObject } from "#lib/shared/json.ts";

export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** The position of an item in the answer. */
export type ItemPlace = { id: string; outputIndex: number };

/**
 * One item of an answer. It accepts pieces at any time but writes them only once it has begun, so that items
 * are written one after the other, in whatever order their pieces arrive.
 */
export type OutputItem = {
  /** Whether the next item may begin. */
  readonly isComplete: boolean;
  /** Begins writing: the start of the item and what it has received so far. */
  begin(): string;
  /** Ends the item, which then accepts nothing more. */
  end(status: ItemStatus): string;
  /** The item with what it has received so far. */
  value(status: ItemStatus): JsonObject;
};

/** The fields of an item's events that identify it. */
export function placeFields({ id, outputIndex }: ItemPlace): JsonObject {
  return { item_id: id, output_index: outputIndex };
}
