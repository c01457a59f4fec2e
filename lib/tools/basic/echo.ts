import { z } from "zod";
import { defineTool, type Tool } from "#lib/tools/tool.ts";

const TIMEOUT_MS = 1_000;
const MAX_CHARACTERS = 100_000;

const input = z.object({
  message: z.string().max(MAX_CHARACTERS).describe("What comes back."),
});

/** Shows that calls of tools arrive, and what arrives. */
export function echo(): Tool {
  return defineTool({
    name: "echo",
    description: "Returns the message that it is given. Use it to test that tools can be called.",
    input,
    timeoutMs: TIMEOUT_MS,
    run: async ({ message }) => ({ text: message, source: { name: "the gateway" } }),
  });
}
