import { arrayField, stringField } from "#lib/shared/json.ts";

/** A fact that is remembered of the user. */
export type MemoryView = { id: string; fact: string; updatedAt: string };

/** An answer of `GET /api/memories`, the newest first. */
export function readMemories(answer: unknown): MemoryView[] {
  return arrayField(answer, "memories")
    .map((memory) => ({
      id: stringField(memory, "id") ?? "",
      fact: stringField(memory, "fact") ?? "",
      updatedAt: stringField(memory, "updatedAt") ?? "",
    }))
    .reverse();
}
