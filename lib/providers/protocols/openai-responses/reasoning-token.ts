import type { AssistantPart, IssuerToken, ReasoningPart } from "#lib/chat/request.ts";
import { isJsonObject, type JsonObject, stringField } from "#lib/shared/json.ts";

/** What followed a reasoning item: a call, by its id, or another kind of item. */
export type Follower = "message" | "reasoning" | "block" | { callId: string };

/**
 * A reasoning item as a token: the item, with the item that followed it. The API accepts it only before that
 * one ("was provided without its required following item").
 */
export function reasoningToken(issuer: string, item: JsonObject, follower: Follower): IssuerToken {
  const next = typeof follower === "string" ? follower : `call:${follower.callId}`;
  return { issuer, value: { ...item, next } };
}

type OwnReasoning = { part: ReasoningPart; item: JsonObject; next: string | undefined; position: number };

/** The item of a reasoning part, if this issuer made it. */
function ownItem(part: AssistantPart, issuer: string): JsonObject | undefined {
  if (part.type !== "reasoning" || part.signature?.issuer !== issuer) return undefined;
  const { value } = part.signature;
  return isJsonObject(value) && value["type"] === "reasoning" ? value : undefined;
}

/** A part of an assistant message, or a reasoning item to send before it. */
export type PlacedPart = Exclude<AssistantPart, ReasoningPart> | { type: "reasoning_item"; item: JsonObject };

/**
 * The parts with the issuer's reasoning items, each directly before the item that followed it. Items whose
 * follower is missing are left out, and so is other reasoning: clients drop or reorder parts, and some APIs
 * keep no order between reasoning, text and calls.
 */
export function placeReasoning(parts: readonly AssistantPart[], issuer: string): PlacedPart[] {
  const own: OwnReasoning[] = [];
  const others: Exclude<AssistantPart, ReasoningPart>[] = [];
  for (const part of parts) {
    if (part.type !== "reasoning") {
      others.push(part);
      continue;
    }
    const item = ownItem(part, issuer);
    if (item !== undefined)
      own.push({ part, item, next: stringField(item, "next"), position: others.length });
  }
  if (own.length === 0) return others;
  const before = placesOf(own, others);
  const placed: PlacedPart[] = [];
  others.forEach((part, index) => {
    for (const one of before.get(index) ?? []) {
      placed.push({ type: "reasoning_item", item: toItem(one) });
    }
    placed.push(part);
  });
  return placed;
}

type Others = readonly Exclude<AssistantPart, ReasoningPart>[];

/** The reasoning to send before each of the other parts, by their index. */
function placesOf(own: readonly OwnReasoning[], others: Others): Map<number, OwnReasoning[]> {
  const before = new Map<number, OwnReasoning[]>();
  let following: number | undefined;
  for (const one of own.toReversed()) {
    const isChained = one.next === "reasoning";
    const place = isChained ? following : placeOf(one, others);
    following = place;
    if (place === undefined) continue;
    const there = before.get(place);
    if (there === undefined) before.set(place, [one]);
    // Texts may have been joined: of several items before one part, only the last can be right.
    else if (isChained) there.unshift(one);
  }
  return before;
}

function placeOf({ next, position }: OwnReasoning, others: Others): number | undefined {
  const isFollower = (part: Others[number]): boolean => {
    switch (part.type) {
      case "text":
      case "refusal":
        return part.text !== "" && (next === undefined || next === "message");
      case "tool_call":
        return next === undefined || next === `call:${part.id}`;
      case "opaque":
      case "image":
      case "document":
        return false;
    }
  };
  const found = others.findIndex((part, index) => index >= position && isFollower(part));
  return found === -1 ? undefined : found;
}

/** The item as the API expects it. Reasoning in plain text is that of the part. */
function toItem({ part, item }: OwnReasoning): JsonObject {
  const { next: _next, ...sent } = item;
  if (sent["encrypted_content"] !== undefined) return sent;
  return { ...sent, summary: [], content: [{ type: "reasoning_text", text: part.text }] };
}
