import type { AnswerEvent, ChatEvent, NativeCitation, Source } from "#lib/chat/events.ts";
import type { IssuerToken, NativeFields, OpaquePart } from "#lib/chat/request.ts";
import type { JsonValue } from "#lib/shared/json.ts";

export type AnswerToolCall = {
  id: string;
  name: string;
  arguments: string;
  custom: boolean;
  signature: IssuerToken | undefined;
  nativeFields?: NativeFields;
};

/** A part of an answer; adjacent pieces of one kind form one part. */
export type AnswerPart =
  | { type: "text"; text: string; phase?: string; citations?: NativeCitation[] }
  | { type: "refusal"; text: string }
  /** `token` is the signature of this text, or hidden reasoning in encrypted form. */
  | { type: "reasoning"; text: string; token: IssuerToken | undefined }
  | { type: "tool_call"; call: AnswerToolCall }
  | { type: "image"; url: string }
  /** A block of the engine's API that the gateway does not read. */
  | Pick<OpaquePart, "type" | "dialect" | "value">;

/** One alternative of a complete answer. */
export type AnswerChoice = {
  index: number;
  /** In the order in which they began, on which signatures depend. */
  parts: AnswerPart[];
  logprobs: JsonValue[];
  finish: Omit<ChatEvent & { type: "finish" }, "type" | "choice"> | undefined;
};

export type Answer = { choices: AnswerChoice[]; sources: Source[] };

/** All text of one kind in a choice. */
export function textOf({ parts }: AnswerChoice, type: "text" | "refusal" | "reasoning"): string {
  let text = "";
  for (const part of parts) if (part.type === type) text += part.text;
  return text;
}

/** The tool calls of a choice, in order. */
export function callsOf({ parts }: AnswerChoice): AnswerToolCall[] {
  return parts.flatMap((part) => (part.type === "tool_call" ? [part.call] : []));
}

/** Builds a whole answer from the events of a stream. */
export class AnswerBuilder {
  readonly #choices = new Map<number, AnswerChoice>();
  readonly #calls = new Map<string, AnswerToolCall>();
  readonly #sources: Source[] = [];

  /** Calls that the gateway runs are no part of what the model says. */
  push(events: readonly AnswerEvent[]): void {
    for (const event of events) this.#add(event);
  }

  /** The answer so far, with at least one choice, sorted by index. */
  build(): Answer {
    if (this.#choices.size === 0) this.#choice(0);
    return { choices: [...this.#choices.values()].sort((a, b) => a.index - b.index), sources: this.#sources };
  }

  #choice(index = 0): AnswerChoice {
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = { index, parts: [], logprobs: [], finish: undefined };
      this.#choices.set(index, choice);
    }
    return choice;
  }

  #add(event: AnswerEvent): void {
    switch (event.type) {
      case "text": {
        const choice = this.#choice(event.choice);
        if (event.phase === undefined) addText(choice.parts, "text", event.text);
        else choice.parts.push({ type: "text", text: event.text, phase: event.phase });
        if (event.logprobs !== undefined) choice.logprobs.push(event.logprobs);
        return;
      }
      case "refusal":
        return addText(this.#choice(event.choice).parts, "refusal", event.text);
      case "reasoning":
        return addReasoning(this.#choice(event.choice).parts, event.text, event.signature);
      case "tool_call":
        return this.#addCall(event);
      case "block": {
        const { dialect, value } = event;
        this.#choice(event.choice).parts.push({ type: "opaque", dialect, value });
        return;
      }
      case "image":
        this.#choice(event.choice).parts.push({ type: "image", url: event.url });
        return;
      case "sources":
        for (const source of event.sources) this.#sources.push(source);
        if (event.citation !== undefined) cite(this.#choice().parts, event.citation);
        return;
      case "finish": {
        const { type: _type, choice, ...finish } = event;
        this.#choice(choice).finish = finish;
        return;
      }
      case "tool_run":
      case "tool_list":
        return;
    }
  }

  #addCall(event: ChatEvent & { type: "tool_call" }): void {
    const choice = this.#choice(event.choice);
    const key = `${choice.index}/${event.index}`;
    let call = this.#calls.get(key);
    if (call === undefined) {
      const { id = "", name = "", signature } = event;
      call = { id, name, arguments: "", custom: event.custom === true, signature };
      this.#calls.set(key, call);
      choice.parts.push({ type: "tool_call", call });
    }
    call.arguments += event.arguments;
    call.signature = event.signature ?? call.signature;
    if (event.nativeFields !== undefined) call.nativeFields = event.nativeFields;
  }
}

function addText(parts: AnswerPart[], type: "text" | "refusal", text: string): void {
  const last = parts.at(-1);
  if (last?.type === type && !isCited(last)) last.text += text;
  else if (text !== "") parts.push({ type, text });
}

/** Citations end the text that they are about. */
function isCited(part: AnswerPart): boolean {
  return part.type === "text" && part.citations !== undefined;
}

function cite(parts: readonly AnswerPart[], citation: NativeCitation): void {
  const last = parts.at(-1);
  if (last?.type !== "text") return;
  last.citations ??= [];
  last.citations.push(citation);
}

/** A signature ends the reasoning that it signs. */
function addReasoning(parts: AnswerPart[], text: string, token: IssuerToken | undefined): void {
  const last = parts.at(-1);
  if (last?.type === "reasoning" && last.token === undefined) {
    last.text += text;
    last.token = token;
  } else if (text !== "" || token !== undefined) {
    parts.push({ type: "reasoning", text, token });
  }
}
