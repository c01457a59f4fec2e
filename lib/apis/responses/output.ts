import type { AnswerMeta } from "#lib/apis/completion-api.ts";
import { BlockItem } from "#lib/apis/responses/block-item.ts";
import { CallItem } from "#lib/apis/responses/call-item.ts";
import type { Encrypted } from "#lib/apis/responses/call-signature.ts";
import { ClientCallItem } from "#lib/apis/responses/client-call-item.ts";
import type { EventFrames } from "#lib/apis/responses/event-frames.ts";
import { McpItems, type McpItemsOptions } from "#lib/apis/responses/mcp-items.ts";
import { MessageItem } from "#lib/apis/responses/message-item.ts";
import type { ItemPlace, ItemStatus, OutputItem } from "#lib/apis/responses/output-item.ts";
import { ReasoningItem } from "#lib/apis/responses/reasoning-item.ts";
import type { AnswerEvent, ChatEvent, Source, ToolList, ToolRun } from "#lib/chat/events.ts";
import type { IssuerToken } from "#lib/chat/request.ts";
import type { JsonObject } from "#lib/shared/json.ts";

export type OutputOptions = McpItemsOptions & {
  /** The client requested logprobs. */
  logprobs: boolean;
};

type AnyCall = CallItem | ClientCallItem;

/**
 * The items of an answer, in the order in which they begin. They are written one after the other: an item
 * waits, with what it receives meanwhile, until those before it are complete.
 */
export class Output {
  readonly #meta: AnswerMeta;
  readonly #options: OutputOptions;
  readonly #frames: EventFrames;
  readonly #items: OutputItem[] = [];
  readonly #calls = new Map<number, AnyCall>();
  readonly #mcp: McpItems;
  /** Index of the item that is being written. */
  #written = -1;
  /** Sources that wait for the next text. */
  #sources: Source[] = [];
  /** Tokens that arrived within a text and wait for its end. */
  #tokens: IssuerToken[] = [];

  constructor(meta: AnswerMeta, options: OutputOptions, frames: EventFrames) {
    this.#meta = meta;
    this.#options = options;
    this.#frames = frames;
    this.#mcp = new McpItems(frames, options);
  }

  /** The gateway has called a tool for the model. */
  get hasCalledTools(): boolean {
    return this.#mcp.hasCalls;
  }

  /** The frames for an event. */
  push(event: AnswerEvent): string {
    switch (event.type) {
      case "text":
        return event.phase === undefined ? this.#text(event) : this.#beginMessage(event, event.phase);
      case "refusal":
        return event.text === "" ? "" : this.#grow(this.#message(), (item) => item.pushRefusal(event.text));
      case "reasoning":
        return this.#reasoning(event.text, event.signature);
      case "tool_call":
        return this.#call(event);
      case "sources":
        return this.#noteSources(event.sources);
      case "block":
        return this.#block(event);
      case "tool_run":
        return this.#toolRun(event.run);
      case "tool_list":
        return this.#toolList(event.list);
      // Clients know images in answers as results of a tool alone, which they have not declared.
      case "image":
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

  /** The items so far; `status` is that of the last one. */
  values(status: ItemStatus): JsonObject[] {
    const last = this.#items.length - 1;
    return this.#items.map((item, index) => item.value(index === last ? status : "completed"));
  }

  /** The items of an answer that broke off: those that were begun, the last one incomplete. */
  brokenValues(): JsonObject[] {
    return this.#items
      .slice(0, this.#written + 1)
      .map((item, index) => item.value(index === this.#written ? "incomplete" : "completed"));
  }

  /** Further messages begin with a blank line for clients that read one text; here it is none of theirs. */
  #beginMessage(event: ChatEvent & { type: "text" }, phase: string): string {
    const carried = this.#carryTokens();
    const isFurther = this.#items.some((item) => item instanceof MessageItem);
    this.#add(new MessageItem(this.#frames, this.#place("msg"), phase));
    const text = isFurther && event.text.startsWith("\n\n") ? event.text.slice(2) : event.text;
    return carried + this.#text({ ...event, text });
  }

  #text({ text, logprobs: all }: ChatEvent & { type: "text" }): string {
    if (text === "") return "";
    const logprobs = this.#options.logprobs ? all : undefined;
    const message = this.#message();
    if (this.#isLive(message) && this.#sources.length === 0) return message.pushText(text, logprobs);
    const frames = this.#grow(message, (item) => item.pushText(text, logprobs));
    const sources = this.#sources;
    this.#sources = [];
    return frames + message.pushSources(sources);
  }

  #noteSources(sources: readonly Source[]): string {
    if (sources.length === 0) return "";
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

  /** Writes the tokens that waited for the end of a text. */
  #carryTokens(): string {
    const tokens = this.#tokens;
    if (tokens.length === 0) return "";
    this.#tokens = [];
    return tokens.map((token) => this.#carry({ token, callId: undefined })).join("");
  }

  /** A reasoning item without text. */
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
    const call = this.#add(this.#newCall(event, callId));
    this.#calls.set(event.index, call);
    return frames + this.#grow(call, (item) => item.push(event.arguments));
  }

  #newCall({ name = "", custom = false }: ChatEvent & { type: "tool_call" }, callId: string): AnyCall {
    const { tool, clientTool } = this.#options.names.called(name);
    if (clientTool !== undefined) {
      return new ClientCallItem(this.#frames, this.#place(clientTool.prefix), clientTool, callId);
    }
    const place = this.#place(custom ? "ctc" : "fc");
    return new CallItem(this.#frames, place, { callId, tool, custom });
  }

  /** An item of this API that the engine's provider made: the other APIs' blocks are not for its clients. */
  #block({ dialect, value }: ChatEvent & { type: "block" }): string {
    if (dialect !== "openai-responses") return "";
    const carried = this.#carryTokens();
    this.#add(new BlockItem(this.#frames, this.#place("item"), value));
    return carried + this.#advance();
  }

  #toolList(list: ToolList): string {
    this.#add(this.#mcp.list(list, this.#place("mcpl")));
    return this.#advance();
  }

  #toolRun(run: ToolRun): string {
    if ("output" in run) {
      const begun = this.#mcp.begun(run.id);
      return begun === undefined ? "" : this.#grow(begun, (item) => item.push(run));
    }
    const carried = this.#carryTokens();
    this.#add(this.#mcp.call(run, (prefix) => this.#place(prefix)));
    return carried + this.#advance();
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

  /** Whether the item is being written and no other item waits. */
  #isLive(item: OutputItem): boolean {
    return this.#written === this.#items.length - 1 && item === this.#items[this.#written];
  }

  /** Adds to an item, and begins the items that may be written before and after that. */
  #grow<Item extends OutputItem>(item: Item, push: (item: Item) => string): string {
    if (this.#isLive(item)) return push(item);
    const before = this.#advance();
    const grown = push(item);
    return before + grown + this.#advance();
  }

  /** Begins the next items, as long as those before them are complete. */
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
