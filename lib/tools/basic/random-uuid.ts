import { z } from "zod";
import { defineTool, type Tool } from "#lib/tools/tool.ts";

export type RandomUuidEffects = {
  /** A random UUID (version 4). */
  randomUuid(): string;
};

const TIMEOUT_MS = 1_000;
const MAX_COUNT = 100;

const input = z.object({
  count: z.int().min(1).max(MAX_COUNT).optional().describe("How many; one if it is missing."),
});

/** Random identifiers, which a model cannot make up. */
export function randomUuidTool({ randomUuid }: RandomUuidEffects): Tool {
  return defineTool({
    name: "random_uuid",
    description: "Random UUIDs (version 4), one a line. Use it whenever a new identifier is needed.",
    input,
    timeoutMs: TIMEOUT_MS,
    async run({ count = 1 }) {
      const uuids = Array.from({ length: count }, randomUuid);
      return { text: uuids.join("\n"), source: { name: "the gateway" }, structured: { uuids } };
    },
  });
}
