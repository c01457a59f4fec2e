import { AnswerBuilder, type AnswerChoice } from "#lib/chat/answer.ts";
import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import { answerEvents, type ChatRun, type RunEvent } from "#lib/providers/chat/run.ts";
import type { ToolRoundsOptions } from "#lib/providers/chat/tool-rounds-types.ts";

type Completed = RunEvent & { type: "completed" };

/** What came of a step of a round. */
export type RoundStep = {
  /** For the reader of the whole answer. */
  events: RunEvent[];
  /** The engine has ended its answer. */
  isOver: boolean;
};

/** One round: what the engine writes, and what of it is for the reader. */
export class RoundReader {
  readonly run: ChatRun;
  readonly #tools: ToolRoundsOptions["tools"];
  /** Calls of the rounds before. */
  readonly #callsBefore: number;
  readonly #answer = new AnswerBuilder();
  /** Calls that the gateway runs, by their index in the stream. */
  readonly #withheld = new Set<number>();
  readonly #finish: ChatEvent[] = [];
  #completed: Completed = { type: "completed", reason: "stop", native: "stop" };
  #hasText = false;

  constructor(run: ChatRun, tools: ToolRoundsOptions["tools"], callsBefore: number) {
    this.run = run;
    this.#tools = tools;
    this.#callsBefore = callsBefore;
  }

  /** The reader has got something of what the engine says. */
  get hasText(): boolean {
    return this.#hasText;
  }

  /** Throws as the run does. */
  async next(): Promise<RoundStep> {
    const step = await this.run.events.next();
    if (step.done === true) throw new Error("A run has ended without its completion.");
    const events = step.value.flatMap((event) => this.#pass(event));
    return { events, isOver: step.value.at(-1)?.type === "completed" };
  }

  /** What the engine has written. */
  choice(): AnswerChoice | undefined {
    return this.#answer.build().choices[0];
  }

  /** The end of the whole answer, if this round is the last one. `stops`: none of its calls is the reader's. */
  end({ stops }: { stops: boolean }): RunEvent[] {
    if (!stops) return [...answerEvents(this.#finish), this.#completed];
    const stopped = { reason: "stop", native: "stop" } as const;
    const ends = this.#finish.map((event) => (event.type === "finish" ? { ...event, ...stopped } : event));
    return [...answerEvents(ends), { ...this.#completed, ...stopped }];
  }

  /** What the reader gets: not the calls that the gateway runs, and no finish, since another round may follow. */
  #pass(event: RunEvent): RunEvent[] {
    switch (event.type) {
      case "answer":
        this.#answer.push(event.events);
        return answerEvents(event.events.filter((part) => this.#isForReader(part)));
      case "engine":
        return [{ ...event, calls: event.calls + this.#callsBefore }];
      case "attempt": {
        const { report } = event;
        return [{ type: "attempt", report: { ...report, call: report.call + this.#callsBefore } }];
      }
      case "tool_run":
        return [event];
      case "completed":
        this.#completed = event;
        return [];
    }
  }

  #isForReader(part: ChatEvent): boolean {
    if (part.type === "finish") {
      this.#finish.push(part);
      return false;
    }
    if (part.type === "tool_call") {
      if (part.name !== undefined && this.#tools.has(part.name)) this.#withheld.add(part.index);
      if (this.#withheld.has(part.index)) return false;
    }
    // Reasoning may be followed by that of another engine; text may not, nor may a call of the reader's.
    if (part.type !== "reasoning" && isContent(part)) this.#hasText = true;
    return true;
  }
}
