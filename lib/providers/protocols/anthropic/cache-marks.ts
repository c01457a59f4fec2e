import type { CacheBreakpoint } from "#lib/chat/request.ts";
import { arrayField, field, isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/** Where `cache_control` goes: nowhere, where the client put it, or where the gateway finds it useful. */
export type Marks = "none" | "clients" | "ours";

export const EPHEMERAL: JsonObject = { type: "ephemeral" };
const EPHEMERAL_1H: JsonObject = { type: "ephemeral", ttl: "1h" };
/** The API rejects more. */
const MAX_MARKS = 4;

/** The block, with a mark if its breakpoint is of the kind that is sent. */
export function marked(block: JsonObject, breakpoint: CacheBreakpoint | undefined, marks: Marks): JsonObject {
  if (breakpoint === undefined) return block;
  if (marks !== (breakpoint === "ours" ? "ours" : "clients")) return block;
  return { ...block, cache_control: cacheControl(breakpoint) };
}

function cacheControl(breakpoint: CacheBreakpoint): JsonObject {
  if (typeof breakpoint === "object") return breakpoint;
  return breakpoint === "1h" ? EPHEMERAL_1H : EPHEMERAL;
}

/** A copy of the client's block, without its mark if no marks are sent. */
export function withoutMark(block: JsonObject, marks: Marks): JsonObject {
  const { cache_control: mark, ...rest } = block;
  return marks === "none" || mark === undefined ? rest : { ...rest, cache_control: mark };
}

/** Removes the first marks if there are too many: the prefix up to a later mark includes the earlier ones. */
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

/** A block, preceded by the blocks inside it that can also be marked. */
function withInner(block: unknown): unknown[] {
  return field(block, "type") === "tool_result" ? [...arrayField(block, "content"), block] : [block];
}

function isMarked(block: unknown): block is Record<string, unknown> {
  return isJsonObject(block) && block["cache_control"] !== undefined;
}
