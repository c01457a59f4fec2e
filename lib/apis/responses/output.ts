import type { AnswerMeta } from "#lib/apis/completion-api.ts";
import { CallItem } from "#lib/apis/responses/call-item.ts";
import type { Encrypted } from "#lib/apis/responses/call-signature.ts";
import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import { MessageItem } from "#lib/apis/responses/message-item.ts";
import type { ItemPlace, ItemStatus, OutputItem } from "#lib/apis/responses/output-item.ts";
import { ReasoningItem } from "#lib/apis/responses/reasoning-item.ts";
import type { ToolNames } from "#lib/apis/responses/tool-names.ts";
import type { ChatEvent, Source } from "#lib/chat/events.ts";
import type { IssuerToken } from "#lib/chat/request.ts";
import type { JsonObject, JsonValue } from "#lib/shared/json.ts";

export type OutputOptions = {
  names: ToolNames;
  /** The client asked for the probabilities of tokens. */
  logprobs: boolean;
};

/**
 * The items of an answer, in the order in which they begin. They are written one after the other: an item
 * that begins while one before it is not complete waits for it, with what it is given meanwhile.
 */
export class Output {
  readonly #meta: AnswerMeta;
  readonly #options: OutputOptions;
  readonly #frames: EventFrames;
  readonly #items: OutputItem[] = [];
  readonly #calls = new Map<number, CallItem>();
  /** Index of the item that is being written. */
  #written = -1;
  /** Sources that came before any text. */
  #sources: Source[] = [];
  /** Tokens that came inside a text, which they are not to divide. */
  #tokens: IssuerToken[] = [];

  constructor(meta: AnswerMeta, options: OutputOptions, frames: EventFrames) {
    this.#meta = meta;
    this.#options = options;
    this.#frames = frames;
  }

  /** The frames of what an event adds. */
  push(event: ChatEvent): string {
    switch (event.type) {
      case "text":
        return this.#text(event.text, this.#options.logprobs ? event.logprobs : undefined);
      case "refusal":
        return event.text === "" ? "" : this.#grow(this.#message(), (item) => item.pushRefusal(event.text));
      case "reasoning":
        return this.#reasoning(event.text, event.signature);
      case "tool_call":
        return this.#call(event);
      case "sources":
        return this.#noteSources(event.sources);
      case "finish":
        return "";
    }
  }

  /** Ends all items; `status` is that of the last one. */
  end(status: ItemStatus): string {
    let frames = this.#carryTokens();
    for (; this.#written < this.#items.length - 1; this.#written++) {
      frames += this.#endWritten("completed") + (this.#items[this.#written + 1]?.begin() ?? "");
    }
    return frames + this.#endWritten(status);
  }

  /** The items as they are; `status` is that of the last one. */
  values(status: ItemStatus): JsonObject[] {
    const last = this.#items.length - 1;
    return this.#items.map((item, index) => item.value(index === last ? status : "completed"));
  }

  /** The items that have been begun, the last one unfinished: the answer broke off. */
  brokenValues(): JsonObject[] {
    return this.#items
      .slice(0, this.#written + 1)
      .map((item, index) => item.value(index === this.#written ? "incomplete" : "completed"));
  }

  #text(text: string, logprobs: JsonValue | undefined): string {
    if (text === "") return "";
    const message = this.#message();
    if (this.#isLive(message) && this.#sources.length === 0) return message.pushText(text, logprobs);
    const frames = this.#grow(message, (item) => item.pushText(text, logprobs));
    const sources = this.#sources;
    this.#sources = [];
    return frames + message.pushSources(sources);
  }

  #noteSources(sources: readonly Source[]): string {
    const last = this.#items.at(-1);
    if (last instanceof MessageItem && last.takesSources) return last.pushSources(sources);
    for (const source of sources) this.#sources.push(source);
    return "";
  }

  #reasoning(text: string, signature: IssuerToken | undefined): string {
    const last = this.#items.at(-1);
    if (text === "") {
      if (signature === undefined) return "";
      if (last instanceof MessageItem) {
        this.#tokens.push(signature);
        return "";
      }
    }
    const carried = this.#carryTokens();
    const item =
      last instanceof ReasoningItem && !last.isSealed
        ? last
        : this.#add(new ReasoningItem(this.#frames, this.#place("rs")));
    const frames = this.#grow(item, (reasoning) => reasoning.push(text));
    if (signature !== undefined) item.seal({ token: signature, callId: undefined });
    return carried + frames;
  }

  /** The tokens that waited for the end of a text. */
  #carryTokens(): string {
    const tokens = this.#tokens;
    if (tokens.length === 0) return "";
    this.#tokens = [];
    return tokens.map((token) => this.#carry({ token, callId: undefined })).join("");
  }

  /** An item of reasoning that has no words. */
  #carry(encrypted: Encrypted): string {
    const item = this.#add(new ReasoningItem(this.#frames, this.#place("rs")));
    item.seal(encrypted);
    return this.#advance();
  }

  #call(event: ChatEvent & { type: "tool_call" }): string {
    const known = this.#calls.get(event.index);
    if (known !== undefined) return this.#grow(known, (call) => call.push(event.arguments));
    const callId = event.id ?? "";
    let frames = this.#carryTokens();
    if (event.signature !== undefined) frames += this.#carry({ token: event.signature, callId });
    const custom = event.custom === true;
    const place = this.#place(custom ? "ctc" : "fc");
    const tool = this.#options.names.qualified(event.name ?? "");
    const call = this.#add(new CallItem(this.#frames, place, { callId, tool, custom }));
    this.#calls.set(event.index, call);
    return frames + this.#grow(call, (item) => item.push(event.arguments));
  }

  #message(): MessageItem {
    const last = this.#items.at(-1);
    return last instanceof MessageItem ? last : this.#add(new MessageItem(this.#frames, this.#place("msg")));
  }

  #place(prefix: string): ItemPlace {
    const outputIndex = this.#items.length;
    return { id: `${prefix}_${this.#meta.id}_${outputIndex}`, outputIndex };
  }

  #add<Item extends OutputItem>(item: Item): Item {
    this.#items.push(item);
    return item;
  }

  /** Whether the item is being written, and nothing waits behind it. */
  #isLive(item: OutputItem): boolean {
    return this.#written === this.#items.length - 1 && item === this.#items[this.#written];
  }

  /** Gives an item what came for it, before and after which items may have their turn. */
  #grow<Item extends OutputItem>(item: Item, push: (item: Item) => string): string {
    if (this.#isLive(item)) return push(item);
    const before = this.#advance();
    const grown = push(item);
    return before + grown + this.#advance();
  }

  /** Lets the items have their turn, as far as those before them are complete. */
  #advance(): string {
    let frames = "";
    while (this.#written < this.#items.length - 1) {
      const current = this.#items[this.#written];
      if (current !== undefined && !current.isComplete) return frames;
      frames += this.#endWritten("completed");
      this.#written++;
      frames += this.#items[this.#written]?.begin() ?? "";
    }
    return frames;
  }

  #endWritten(status: ItemStatus): string {
    return this.#items[this.#written]?.end(status) ?? "";
  }
}
