import type { FinishReason, Source } from "#lib/chat/events.ts";
import type { IssuerToken } from "#lib/chat/request.ts";
import type { RunEvent } from "#lib/providers/chat-run.ts";
import type { JsonValue } from "#lib/shared/json.ts";

export type AnswerToolCall = {
  id: string;
  name: string;
  arguments: string;
  custom: boolean;
  signature: IssuerToken | undefined;
};

/** One alternative of a complete answer. */
export type AnswerChoice = {
  index: number;
  text: string;
  refusal: string;
  reasoning: string;
  /** The signatures of the reasoning, in order, with the reasoning that came before each. */
  signatures: { text: string; token: IssuerToken }[];
  toolCalls: AnswerToolCall[];
  logprobs: JsonValue[];
  finish: { reason: FinishReason; native: string; stopSequence?: string } | undefined;
};

export type Answer = { choices: AnswerChoice[]; sources: Source[] };

/** An answer that is not streamed is the fold of one that is. */
export class AnswerBuilder {
  readonly #choices = new Map<number, AnswerChoice>();
  readonly #sources: Source[] = [];
  /** Reasoning since the last signature. */
  readonly #unsigned = new Map<number, string>();

  push(events: readonly RunEvent[]): void {
    for (const event of events) this.#add(event);
  }

  /** The answer so far, its choices by index. There is always a first one. */
  build(): Answer {
    if (this.#choices.size === 0) this.#choice(0);
    return { choices: [...this.#choices.values()].sort((a, b) => a.index - b.index), sources: this.#sources };
  }

  #choice(index = 0): AnswerChoice {
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = {
        index,
        text: "",
        refusal: "",
        reasoning: "",
        signatures: [],
        toolCalls: [],
        logprobs: [],
        finish: undefined,
      };
      this.#choices.set(index, choice);
    }
    return choice;
  }

  #add(event: RunEvent): void {
    switch (event.type) {
      case "text": {
        const choice = this.#choice(event.choice);
        choice.text += event.text;
        if (event.logprobs !== undefined) choice.logprobs.push(event.logprobs);
        return;
      }
      case "refusal":
        this.#choice(event.choice).refusal += event.text;
        return;
      case "reasoning": {
        const choice = this.#choice(event.choice);
        choice.reasoning += event.text;
        const text = (this.#unsigned.get(choice.index) ?? "") + event.text;
        if (event.signature !== undefined) choice.signatures.push({ text, token: event.signature });
        this.#unsigned.set(choice.index, event.signature === undefined ? text : "");
        return;
      }
      case "tool_call": {
        const { toolCalls } = this.#choice(event.choice);
        // The decoders number the calls from 0 on, one after the other.
        let call = toolCalls[event.index];
        if (call === undefined) {
          call = {
            id: event.id ?? "",
            name: event.name ?? "",
            arguments: "",
            custom: false,
            signature: undefined,
          };
          toolCalls[event.index] = call;
        }
        call.custom ||= event.custom === true;
        call.arguments += event.arguments;
        call.signature = event.signature ?? call.signature;
        return;
      }
      case "sources":
        this.#sources.push(...event.sources);
        return;
      case "finish": {
        const { reason, native, stopSequence } = event;
        this.#choice(event.choice).finish =
          stopSequence === undefined ? { reason, native } : { reason, native, stopSequence };
        return;
      }
      case "attempt":
      case "engine":
      case "completed":
        return;
    }
  }
}
