import type { ModeId } from "#lib/ai-models.ts";
import type { ToolRequest } from "#lib/tools/tool.ts";

/**
 * Why a message goes to a mode: it has an image; it contains code or the output of a program; it needs a live
 * tool; its words say so; it is about a file that came with it; the session's mode was kept; nothing says anything,
 * and the mode is the default.
 */
export type IntentReason = "image" | "code" | "tool" | "words" | "file" | "kept" | "unsure";

/** What a message asks for. */
export type Intent = {
  mode: ModeId;
  /** The names of the live tools that the message needs. */
  tools: readonly string[];
  reason: IntentReason;
  /** How probable it is that the mode is right, 0 to 1. A hard rule has 1. */
  confidence: number;
  /** Whether the message needs this mode, also in a session that has had another one so far. */
  isDecisive: boolean;
};

/** What is known besides the words of the message. */
export type IntentContext = {
  /** An image came with the message itself. */
  hasImage: boolean;
  /** A file whose text is read came with the message itself. */
  hasDocument?: boolean | undefined;
  /** The conversation before the message, the oldest message first. */
  history: ToolRequest["history"];
  /** The names of the live tools that a message needs; linear in its length. */
  toolsFor(request: ToolRequest): readonly string[];
};
