import { globSync, readFileSync } from "node:fs";
import { z } from "zod";
import { MODE_IDS } from "#lib/ai-models.ts";
import { hash32 } from "#lib/shared/text.ts";

const turn = z.strictObject({ role: z.enum(["user", "assistant"]), content: z.string() });
const labelledMessage = z.object({
  text: z.string(),
  mode: z.enum(MODE_IDS),
  lang: z.string().default("en"),
  /** Variants of one message share it, and stay in one half of the split. */
  family: z.string().optional(),
  tags: z.array(z.string()).default([]),
  /** The mode of the session so far. */
  last: z.enum(MODE_IDS).optional(),
  history: z.array(turn).default([]),
  image: z.boolean().default(false),
});

/** A message with the mode that the router should choose for it, by the guide in docs/AUTO-ROUTE.md. */
export type LabelledMessage = z.infer<typeof labelledMessage>;

/** Of `messages` one half trains and the other tests; `training-only` only trains, `outside` only tests. */
export type MessageFolder = "messages" | "training-only" | "outside";

const root = new URL(".", import.meta.url);

/** The messages of a folder beside this file, in the order of the files' names. */
export function readMessages(folder: MessageFolder): Map<string, LabelledMessage[]> {
  const files = globSync(`${folder}/*.jsonl`, { cwd: root }).sort();
  return new Map(files.map((file) => [file.replaceAll("\\", "/"), readFile(file)]));
}

function readFile(file: string): LabelledMessage[] {
  const lines = readFileSync(new URL(file, root), "utf8").split("\n");
  return lines.flatMap((line, at) => {
    if (line.trim() === "") return [];
    const parsed = labelledMessage.safeParse(JSON.parse(line));
    if (!parsed.success) throw new Error(`${file}:${at + 1}: ${parsed.error.message}`);
    return [parsed.data];
  });
}

/** Whether a message belongs to the half that tests; decided by its family alone, and so for ever. */
export function isHeldOut(message: LabelledMessage): boolean {
  return (hash32(`half:${message.family ?? message.text}`) >>> 12) % 2 === 1;
}
