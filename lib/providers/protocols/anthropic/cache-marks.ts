import type { CacheBreakpoint } from "#lib/chat/request.ts";
import { arrayField, field, isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/** Where `cache_control` goes: nowhere, where the client put it, or, as it put none, where it pays. */
export type Marks = "none" | "clients" | "ours";

export const EPHEMERAL: JsonObject = { type: "ephemeral" };
const EPHEMERAL_1H: JsonObject = { type: "ephemeral", ttl: "1h" };
/** More of them are refused. */
const MAX_MARKS = 4;

/** The block, with a mark on it where marks of this kind are sent. */
export function marked(block: JsonObject, breakpoint: CacheBreakpoint | undefined, marks: Marks): JsonObject {
  if (breakpoint === undefined) return block;
  if (marks !== (breakpoint === "ours" ? "ours" : "clients")) return block;
  return { ...block, cache_control: breakpoint === "1h" ? EPHEMERAL_1H : EPHEMERAL };
}

/** A copy of a block as the client wrote it, its mark left out where none are sent. */
export function withoutMark(block: JsonObject, marks: Marks): JsonObject {
  const { cache_control: mark, ...rest } = block;
  return marks === "none" || mark === undefined ? rest : { ...rest, cache_control: mark };
}

/** Takes the first marks away where there are too many: what ends at a later one begins with the earlier. */
export function limitMarks(body: JsonObject): void {
  const messages = arrayField(body, "messages").flatMap((message) => arrayField(message, "content"));
  const blocks = [
    ...arrayField(body, "tools"),
    ...arrayField(body, "system"),
    ...messages.flatMap(withInner),
  ];
  const withMark = blocks.filter(isMarked);
  const room = isMarked(body) ? MAX_MARKS - 1 : MAX_MARKS;
  for (const block of withMark.slice(0, Math.max(0, withMark.length - room))) delete block["cache_control"];
}

/** A block, after what is inside of it where that can be marked too. */
function withInner(block: unknown): unknown[] {
  return field(block, "type") === "tool_result" ? [...arrayField(block, "content"), block] : [block];
}

function isMarked(block: unknown): block is Record<string, unknown> {
  return isJsonObject(block) && block["cache_control"] !== undefined;
}
