import { z } from "zod";

/** More than any fact may have, so that its own rule can say why; characters. */
const MAX_LENGTH = 10_000;

/** The body of `PUT /api/memories`: without an id the fact is added. Strict, so that a misspelt id adds nothing. */
export const memoryBodySchema = z.strictObject({
  id: z.uuid().nullish(),
  fact: z.string().max(MAX_LENGTH),
});

export type WantedMemory = { id: string | undefined; fact: string };

export function readMemoryBody({ id, fact }: z.output<typeof memoryBodySchema>): WantedMemory {
  return { id: id ?? undefined, fact };
}

type ShownMemory = { id: string; fact: string; createdAt: string; updatedAt: string };

/** One memory in an answer. */
export function memoryBody({ id, fact, createdAt, updatedAt }: ShownMemory): ShownMemory {
  return { id, fact, createdAt, updatedAt };
}

/** The body of `GET /api/memories`. */
export function memoryListBody(memories: readonly ShownMemory[]): { memories: ShownMemory[] } {
  return { memories: memories.map(memoryBody) };
}
