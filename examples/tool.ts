// A live tool, as docs/CONTRIBUTING.md describes: one row in `liveTools` (lib/tools/live.ts).
// A tool that asks a server is live-tool.ts.
import { z } from "zod";
import { defineTool, type Tool } from "#lib/tools/tool.ts";

const ROLL = /\broll a d(\d{1,3})\b/i;

export const dice = (random: () => number): Tool =>
  defineTool({
    name: "dice",
    description: "Rolls a die.",
    input: z.object({ sides: z.int().min(2) }),
    timeoutMs: 1_000,
    detect: ({ message }) =>
      [ROLL.exec(message)].flatMap((found) => (found ? [{ sides: +(found[1] ?? 0) }] : [])),
    run: async ({ sides }) => ({ text: `${1 + Math.floor(random() * sides)}`, source: { name: "A die" } }),
  });
