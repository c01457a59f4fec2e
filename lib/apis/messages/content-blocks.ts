import { citationsOf } from "#lib/apis/messages/citations.ts";
import { frame, textDeltaHead } from "#lib/apis/messages/event-frames.ts";
import { tokenForm } from "#lib/apis/messages/thinking.ts";
import { toolUseBlock } from "#lib/apis/messages/tool-use.ts";
import { ObjectScan } from "#lib/apis/object-scan.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { IssuerToken, NativeFields } from "#lib/chat/request.ts";
import { isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/** The events that become content of a message. */
export type ContentEvent = Extract<
  ChatEvent,
  { type: "text" | "refusal" | "reasoning" | "tool_call" | "sources" | "block" }
>;
type Prose = Exclude<ContentEvent, { type: "tool_call" }>;

type Call = {
  id: string;
  name: string;
  /** The arguments that have arrived so far. */
  arguments: string;
  /** Detects whether they are complete. */
  scan: ObjectScan;
  state: "waiting" | "open" | "closed";
  signature: IssuerToken | undefined;
  /** Further fields of the call, where its engine speaks this API. */
  nativeFields: NativeFields | undefined;
};
type Waiting = { kind: "call"; call: Call } | { kind: "prose"; event: Prose };
type OpenBlock =
  | { kind: "text"; isCited: boolean }
  | { kind: "thinking"; hasText: boolean }
  | { kind: "call"; call: Call }
  | { kind: "unread" };

const TAIL = "}}\n\n";

/**
 * Content as frames, strictly one block after the other. Models may interleave several tool calls and text:
 * content of a later block waits until the call before it is complete.
 */
export class ContentBlocks {
  /** Index of the block that was opened last. */
  #index = -1;
  #open: OpenBlock | undefined;
  /** The beginning of a text delta of the open block, up to the JSON string of the text. */
  #textHead = "";
  readonly #calls = new Map<number, Call>();
  /** Content that waits for the open call, in order. */
  #waiting: Waiting[] = [];
  /** Sources that wait for the next text. */
  #citations: JsonObject[] = [];

  get hasCalls(): boolean {
    return this.#calls.size > 0;
  }

  write(event: ContentEvent): string {
    if (event.type === "tool_call") return this.#writeCall(event);
    if (this.#open?.kind === "call" && !this.#open.call.scan.reachedEnd) {
      this.#waiting.push({ kind: "prose", event });
      return "";
    }
    return this.#writeProse(event);
  }

  /** Writes the waiting content and ends the last block. */
  finish(): string {
    let frames = "";
    for (const waiting of this.#waiting) frames += this.#next(waiting);
    this.#waiting = [];
    return frames + this.#close();
  }

  #writeCall(event: Extract<ContentEvent, { type: "tool_call" }>): string {
    let call = this.#calls.get(event.index);
    if (call === undefined) {
      const { id = "", name = "", arguments: text } = event;
      call = {
        id,
        name,
        arguments: text,
        scan: new ObjectScan(),
        state: "waiting",
        signature: event.signature,
        nativeFields: event.nativeFields,
      };
      call.scan.push(text);
      this.#calls.set(event.index, call);
      if (this.#open?.kind !== "call" || this.#open.call.scan.reachedEnd) return this.#openCall(call);
      this.#waiting.push({ kind: "call", call });
      return "";
    }
    call.arguments += event.arguments;
    call.scan.push(event.arguments);
    if (call.state !== "open") return "";
    const frames = this.#argumentsDelta(event.arguments);
    return this.#waiting.length > 0 && call.scan.reachedEnd ? frames + this.#advance() : frames;
  }

  /** Writes what waited for the open call, up to the next incomplete call. */
  #advance(): string {
    let frames = "";
    const waiting = this.#waiting;
    let next = 0;
    for (; next < waiting.length; next++) {
      if (this.#open?.kind === "call" && !this.#open.call.scan.reachedEnd) break;
      const one = waiting[next];
      if (one !== undefined) frames += this.#next(one);
    }
    this.#waiting = waiting.slice(next);
    return frames;
  }

  #next(waiting: Waiting): string {
    return waiting.kind === "call" ? this.#openCall(waiting.call) : this.#writeProse(waiting.event);
  }

  #writeProse(event: Prose): string {
    switch (event.type) {
      case "text":
      case "refusal":
        if (event.text === "") return "";
        if (this.#open?.kind === "text" && !this.#open.isCited)
          return this.#textHead + JSON.stringify(event.text) + TAIL;
        return this.#openText() + this.#textHead + JSON.stringify(event.text) + TAIL;
      case "reasoning":
        return this.#writeReasoning(event.text, event.signature);
      case "sources":
        if (this.#open?.kind !== "text") {
          this.#citations.push(...citationsOf(event));
          return "";
        }
        // Citations of the engine's own end the text that they are about.
        this.#open.isCited ||= event.citation !== undefined;
        return this.#writeCitations(citationsOf(event));
      case "block":
        return event.dialect === "anthropic" ? this.#writeBlock(event.value) : "";
    }
  }

  /** A block of this API as it is: what its tools are given comes in a delta, as clients expect. */
  #writeBlock(block: JsonObject): string {
    const { input } = block;
    if (!isJsonObject(input)) return this.#whole(block);
    return (
      this.#start({ kind: "unread" }, { ...block, input: {} }) +
      this.#argumentsDelta(JSON.stringify(input)) +
      this.#close()
    );
  }

  #openText(): string {
    const frames = this.#start({ kind: "text", isCited: false }, { type: "text", text: "", citations: null });
    this.#textHead = textDeltaHead(this.#index);
    const citations = this.#citations;
    this.#citations = [];
    return frames + this.#writeCitations(citations);
  }

  #writeCitations(citations: readonly JsonObject[]): string {
    let frames = "";
    for (const citation of citations) frames += this.#delta({ type: "citations_delta", citation });
    return frames;
  }

  #writeReasoning(text: string, token: IssuerToken | undefined): string {
    let frames = "";
    if (text !== "") {
      frames += this.#openThinking();
      frames += this.#delta({ type: "thinking_delta", thinking: text });
      if (this.#open?.kind === "thinking") this.#open.hasText = true;
    }
    if (token === undefined) return frames;
    const form = tokenForm(token, this.#open?.kind === "thinking" && this.#open.hasText);
    if (form.kind === "block") return frames + this.#whole(form.block);
    frames += this.#openThinking();
    frames += this.#delta({ type: "signature_delta", signature: form.signature });
    return frames + this.#close();
  }

  #openThinking(): string {
    if (this.#open?.kind === "thinking") return "";
    return this.#start(
      { kind: "thinking", hasText: false },
      { type: "thinking", thinking: "", signature: "" },
    );
  }

  /** A block that is complete at its start. */
  #whole(block: JsonObject): string {
    return this.#start({ kind: "unread" }, block) + this.#close();
  }

  #openCall(call: Call): string {
    const frames = this.#start({ kind: "call", call }, toolUseBlock(call, {}));
    call.state = "open";
    return frames + this.#argumentsDelta(call.arguments);
  }

  #argumentsDelta(text: string): string {
    return text === "" ? "" : this.#delta({ type: "input_json_delta", partial_json: text });
  }

  #start(open: OpenBlock, block: JsonObject): string {
    const frames = this.#close();
    this.#open = open;
    this.#index++;
    return frames + frame({ type: "content_block_start", index: this.#index, content_block: block });
  }

  #delta(delta: JsonObject): string {
    return frame({ type: "content_block_delta", index: this.#index, delta });
  }

  #close(): string {
    if (this.#open === undefined) return "";
    if (this.#open.kind === "call") this.#open.call.state = "closed";
    this.#open = undefined;
    return frame({ type: "content_block_stop", index: this.#index });
  }
}
