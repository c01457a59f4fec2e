import type { ChatEvent } from "#lib/chat/events.ts";
import { argumentText } from "#lib/providers/protocols/argument-text.ts";
import { CallIds } from "#lib/providers/protocols/call-ids.ts";
import { assertToolCalls } from "#lib/providers/protocols/counts.ts";
import { isWritable } from "#lib/providers/protocols/depth.ts";
import { CitedSources } from "#lib/providers/protocols/openai-responses/cited-sources.ts";
import {
  type CallItem,
  callEvent,
  type Item,
  type Kind,
  kindOf,
  type MessageItem,
  type ReasoningItem,
  replayable,
} from "#lib/providers/protocols/openai-responses/output-item.ts";
import { type Follower, reasoningToken } from "#lib/providers/protocols/openai-responses/reasoning-token.ts";
import type { DecodeContext } from "#lib/providers/protocols/protocol.ts";
import { arrayField, field, type JsonObject, type JsonValue, stringField } from "#lib/shared/json.ts";
import { SurrogateJoiner } from "#lib/shared/text.ts";

/**
 * The items of one answer and their events. What a server leaves out of its stream (`added`, deltas, or all
 * but the last event) is taken from what comes later.
 */
export class OutputItems {
  readonly #issuer: string;
  readonly #items = new Map<unknown, Item>();
  readonly #callIds: CallIds;
  readonly sources = new CitedSources();
  readonly #text = new SurrogateJoiner();
  readonly #thinking = new SurrogateJoiner();
  /** A reasoning item that waits for the item that follows it. */
  #reasoning: JsonObject | undefined;
  #last: Item | undefined;
  #calls = 0;
  #messages = 0;

  constructor(context: DecodeContext) {
    this.#issuer = context.issuer;
    this.#callIds = new CallIds(context);
  }

  get isEmpty(): boolean {
    return this.#items.size === 0;
  }

  get hasCalls(): boolean {
    return this.#calls > 0;
  }

  text(key: unknown, part: number, text: string, logprobs: unknown, out: ChatEvent[]): void {
    const item = this.#open(key, "message", out);
    if (item.kind !== "message") return;
    item.parts.set(part, (item.parts.get(part) ?? "") + text);
    this.#emitText(item, this.#text.push(text), logprobs, out);
  }

  refusal(key: unknown, part: number, text: string, out: ChatEvent[]): void {
    const item = this.#open(key, "message", out);
    if (item.kind !== "message" || text === "") return;
    item.parts.set(part, (item.parts.get(part) ?? "") + text);
    item.begun = true;
    out.push({ type: "refusal", text });
  }

  /** @param part the place of the text: summaries and plain reasoning have several parts. */
  reasoning(key: unknown, part: number, text: string, out: ChatEvent[]): void {
    const item = this.#open(key, "reasoning", out);
    if (item.kind !== "reasoning" || text === "") return;
    const isNew = !item.parts.has(part) && item.hasText;
    item.parts.add(part);
    item.hasText = true;
    const ready = this.#thinking.push(isNew ? `\n\n${text}` : text);
    if (ready !== "") out.push({ type: "reasoning", text: ready });
  }

  arguments(key: unknown, custom: boolean, delta: string, out: ChatEvent[]): void {
    const item = this.#open(key, "call", out);
    if (item.kind !== "call") return;
    item.custom ||= custom;
    item.text += delta;
    this.#passArguments(item, out);
  }

  /** The whole text of a part, of which the deltas may have been all, a part or nothing. */
  wholeText(key: unknown, part: number, text: string, out: ChatEvent[], logprobs?: unknown): void {
    const item = key === undefined ? this.#last : this.#items.get(key);
    const known = item?.kind === "message" ? (item.parts.get(part) ?? "") : "";
    if (text.length <= known.length || !text.startsWith(known)) return;
    this.text(key, part, text.slice(known.length), known === "" ? logprobs : undefined, out);
  }

  begin(key: unknown, raw: Record<string, unknown>, out: ChatEvent[]): void {
    const item = this.#open(key, kindOf(raw), out, raw);
    if (item.kind === "call") this.#nameCall(item, raw, out);
    if (item.kind === "message") item.phase = stringField(raw, "phase") ?? item.phase;
  }

  /** The item is complete: passes on what of it has not come before. */
  complete(key: unknown, raw: Record<string, unknown>, out: ChatEvent[]): void {
    const item = this.#open(key, kindOf(raw), out, raw);
    if (item.isDone) return;
    item.isDone = true;
    switch (item.kind) {
      case "message":
        item.phase = stringField(raw, "phase") ?? item.phase;
        return this.#completeMessage(key, item, raw, out);
      case "reasoning":
        return this.#completeReasoning(key, item, raw, out);
      case "call":
        return this.#completeCall(item, raw, out);
      case "block":
        if (isWritable(raw)) {
          out.push({ type: "block", dialect: "openai-responses", value: raw as JsonObject });
        }
    }
  }

  end(out: ChatEvent[]): void {
    this.#flush(out);
    for (const item of this.#items.values()) {
      if (item.kind !== "call" || item.isDone || item.index === undefined) continue;
      if (item.text === "" && !item.custom) item.text = "{}";
      this.#passArguments(item, out);
    }
  }

  /** The item, which begins with its first event; what came before it is then complete. */
  #open(key: unknown, kind: Kind, out: ChatEvent[], raw: Record<string, unknown> = {}): Item {
    const known = key === undefined ? this.#last : this.#items.get(key);
    // A server that tells no item from another sends them one after the other.
    if (known !== undefined && (key !== undefined || (known.kind === kind && !known.isDone))) return known;
    this.#flush(out);
    const item = this.#newItem(kind, raw);
    this.#items.set(key ?? item, item);
    this.#last = item;
    // A call is told apart by its id, which may come with its name.
    if (item.kind !== "call") this.#follow(item.kind, out);
    return item;
  }

  #newItem(kind: Kind, raw: Record<string, unknown>): Item {
    switch (kind) {
      case "message":
        this.#messages++;
        return { kind, phase: "", begun: false, parts: new Map(), isDone: false };
      case "reasoning":
        return { kind, parts: new Set(), hasText: false, isDone: false };
      case "call": {
        const custom = raw["type"] === "custom_tool_call";
        assertToolCalls(this.#items.size + 1);
        return { kind, index: undefined, custom, id: "", name: "", text: "", passed: 0, isDone: false };
      }
      case "block":
        return { kind, isDone: false };
    }
  }

  /** Emits the token of the reasoning item that waited for this follower. */
  #follow(follower: Follower, out: ChatEvent[]): void {
    const item = this.#reasoning;
    if (item === undefined) return;
    this.#reasoning = undefined;
    const signature = reasoningToken(this.#issuer, item, follower);
    out.push({ type: "reasoning", text: "", signature });
  }

  #nameCall(item: CallItem, raw: Record<string, unknown>, out: ChatEvent[]): void {
    if (item.index !== undefined) return;
    item.custom ||= raw["type"] === "custom_tool_call";
    item.name = stringField(raw, "name") ?? "";
    if (item.name === "") return;
    item.id = this.#callIds.claim(stringField(raw, "call_id") || stringField(raw, "id") || "");
    this.#follow({ callId: item.id }, out);
    item.index = this.#calls++;
    out.push(callEvent(item, item.index, { id: item.id, name: item.name, arguments: "" }));
  }

  #passArguments(item: CallItem, out: ChatEvent[]): void {
    if (item.index === undefined || item.passed === item.text.length) return;
    const fresh = item.text.slice(item.passed);
    item.passed = item.text.length;
    out.push(callEvent(item, item.index, { arguments: fresh }));
  }

  #completeCall(item: CallItem, raw: Record<string, unknown>, out: ChatEvent[]): void {
    this.#nameCall(item, raw, out);
    const whole = argumentText(item.custom ? raw["input"] : raw["arguments"]);
    if (whole.startsWith(item.text)) item.text = whole;
    if (item.text === "" && !item.custom) item.text = "{}";
    this.#passArguments(item, out);
  }

  #completeMessage(key: unknown, item: MessageItem, raw: Record<string, unknown>, out: ChatEvent[]): void {
    const { content } = raw;
    if (typeof content === "string") this.wholeText(key, 0, content, out);
    arrayField(raw, "content").forEach((part, index) => {
      const refusal = stringField(part, "refusal");
      if (refusal === undefined) {
        this.wholeText(key, index, stringField(part, "text") ?? "", out, field(part, "logprobs"));
      } else if (!item.parts.has(index)) this.refusal(key, index, refusal, out);
      for (const annotation of arrayField(part, "annotations")) this.sources.read(annotation, out);
    });
    this.#flush(out, item);
  }

  #completeReasoning(
    key: unknown,
    item: ReasoningItem,
    raw: Record<string, unknown>,
    out: ChatEvent[],
  ): void {
    const summary = arrayField(raw, "summary");
    const parts = summary.length > 0 ? summary : arrayField(raw, "content");
    if (!item.hasText) {
      parts.forEach((part, index) => {
        this.reasoning(key, index, stringField(part, "text") ?? "", out);
      });
    }
    this.#flush(out);
    this.#reasoning = replayable(raw);
  }

  #emitText(item: MessageItem, text: string, logprobs: unknown, out: ChatEvent[]): void {
    if (text === "") return;
    const event: ChatEvent & { type: "text" } = { type: "text", text };
    if (!item.begun) {
      item.begun = true;
      const isFurther = this.#messages > 1;
      if (isFurther || item.phase !== "") event.phase = item.phase;
      // Most clients read one text: two messages are two paragraphs of it.
      if (isFurther) event.text = `\n\n${text}`;
    }
    if (Array.isArray(logprobs) && logprobs.length > 0 && isWritable(logprobs)) {
      event.logprobs = { content: logprobs as JsonValue[] };
    }
    out.push(event);
  }

  /** Emits halves of characters that were held back. */
  #flush(out: ChatEvent[], item?: MessageItem): void {
    const thinking = this.#thinking.flush();
    if (thinking !== "") out.push({ type: "reasoning", text: thinking });
    const text = this.#text.flush();
    if (text === "") return;
    if (item === undefined) out.push({ type: "text", text });
    else this.#emitText(item, text, undefined, out);
  }
}
