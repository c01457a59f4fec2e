import { declinedCall } from "#lib/chat/declined-call.ts";
import type { ToolRun } from "#lib/chat/events.ts";
import type { ToolCallPart, ToolMessage } from "#lib/chat/request.ts";
import type { RunEvent } from "#lib/providers/chat/run.ts";
import type {
  CallDecision,
  RoundReply,
  RoundTool,
  ToolRoundsOptions,
} from "#lib/providers/chat/tool-rounds-types.ts";
import { isJsonObject, type JsonObject, parseJson } from "#lib/shared/json.ts";

/** Calls of one round that are run; the rest are refused. */
const MAX_CALLS = 16;
const TOO_MANY = `Not more than ${MAX_CALLS} tools can be called at once: call it again.`;

/** What is to be done with one call of a model. */
type Planned = { call: ToolCallPart; tool: RoundTool; input: JsonObject } & (
  | { kind: "run" }
  | { kind: "ask" }
  /** It is not run: the model is told why. */
  | { kind: "refuse"; reason: string }
);

/** The calls of one answer that the gateway runs, and what came of them. */
export class RoundCalls {
  readonly #options: ToolRoundsOptions;
  readonly #planned: readonly Planned[];
  /** What the model is told, by the id of the call. */
  readonly #replies = new Map<string, RoundReply>();
  readonly #running = new Map<string, Promise<void>>();
  /** The ends of calls, which have not been told. */
  readonly #ended: RunEvent[] = [];

  private constructor(options: ToolRoundsOptions, planned: readonly Planned[]) {
    this.#options = options;
    this.#planned = planned;
  }

  /** Of an answer: the calls among it that the gateway runs. */
  static of(calls: readonly ToolCallPart[], options: ToolRoundsOptions): RoundCalls {
    let runs = 0;
    const planned = calls.flatMap((call): Planned[] => {
      const tool = options.tools.get(call.name);
      if (tool === undefined) return [];
      const read = readArguments(call);
      if (typeof read === "string") return [{ call, tool, input: {}, kind: "refuse", reason: read }];
      if (tool.needsApproval) return [{ call, tool, input: read, kind: "ask" }];
      runs += 1;
      if (runs > MAX_CALLS) {
        return [{ call, tool, input: read, kind: "refuse", reason: TOO_MANY }];
      }
      return [{ call, tool, input: read, kind: "run" }];
    });
    return new RoundCalls(options, planned);
  }

  /** Of a conversation that goes on: the calls that its client has decided about. */
  static decided(calls: readonly ToolCallPart[], options: ToolRoundsOptions): RoundCalls {
    const byId = new Map(options.decisions.map((decision) => [decision.id, decision]));
    let runs = 0;
    const planned = calls.flatMap((call): Planned[] => {
      const decision = byId.get(call.id);
      // An id that repeats is meant once.
      if (decision === undefined || !byId.delete(call.id)) return [];
      const plan = plannedBy(decision, call, options);
      if (plan.kind !== "run" || ++runs <= MAX_CALLS) return [plan];
      return [{ ...plan, kind: "refuse", reason: TOO_MANY }];
    });
    return new RoundCalls(options, planned);
  }

  get count(): number {
    return this.#planned.length;
  }

  /** Some wait for the client. */
  get asks(): boolean {
    return this.#planned.some(({ kind }) => kind === "ask");
  }

  /** Begins all that can be run. The events say which. */
  start(signal: AbortSignal, characters: (text: string) => string): RunEvent[] {
    return this.#planned.flatMap((planned) => {
      switch (planned.kind) {
        case "ask":
          return [toolRun(planned, { status: "needs_approval" })];
        case "refuse": {
          const { reason } = planned;
          this.#replies.set(planned.call.id, { text: reason, isError: true });
          return [
            toolRun(planned, { status: "running" }),
            toolRun(planned, { status: "failed", output: reason }),
          ];
        }
        case "run": {
          const running = this.#run(planned, signal, characters);
          // `next` reports a rejection, which may come before somebody waits for it.
          void Promise.allSettled([running]);
          this.#running.set(planned.call.id, running);
          return [toolRun(planned, { status: "running" })];
        }
      }
    });
  }

  /** The end of the next call that ends; undefined when none is under way. */
  async next(): Promise<RunEvent | undefined> {
    while (this.#ended.length === 0 && this.#running.size > 0) await Promise.race(this.#running.values());
    return this.#ended.shift();
  }

  /** What the model is told of the calls, in their order. */
  messages(): ToolMessage[] {
    return this.#planned.flatMap(({ call }) => {
      const reply = this.#replies.get(call.id);
      if (reply === undefined) return [];
      const message: ToolMessage = { role: "tool", toolCallId: call.id, content: reply.text };
      if (reply.isError) message.isError = true;
      return [message];
    });
  }

  async #run(planned: Planned, signal: AbortSignal, bounded: (text: string) => string): Promise<void> {
    const { call, tool, input } = planned;
    const reply = await this.#options.run({ id: call.id, name: tool.name, input }, signal);
    const output = bounded(reply.text);
    this.#replies.set(call.id, { text: this.#options.forModel(output, tool), isError: reply.isError });
    this.#running.delete(call.id);
    this.#ended.push(toolRun(planned, { status: reply.isError ? "failed" : "done", output }));
  }
}

function plannedBy(decision: CallDecision, call: ToolCallPart, { tools }: ToolRoundsOptions): Planned {
  const tool = tools.get(call.name);
  const read = readArguments(call);
  const base = {
    call,
    tool: tool ?? { name: call.name, origin: undefined, needsApproval: true },
    input: typeof read === "string" ? {} : read,
  };
  if (tool === undefined) return { ...base, kind: "refuse", reason: "There is no such tool any more." };
  if (typeof read === "string") return { ...base, kind: "refuse", reason: read };
  if (decision.approved) return { ...base, kind: "run" };
  return { ...base, kind: "refuse", reason: declinedCall(decision.reason) };
}

/** The arguments; or why the call cannot be run. Models write none at all for a tool that takes none. */
function readArguments({ arguments: text }: ToolCallPart): JsonObject | string {
  const value = text.trim() === "" ? {} : parseJson(text);
  if (value === undefined)
    return "The arguments are not valid JSON, so the tool was not called. Write them again.";
  if (!isJsonObject(value)) return "The arguments are not a JSON object, so the tool was not called.";
  return value as JsonObject;
}

type RunState = { status: "running" | "needs_approval" } | { status: "done" | "failed"; output: string };

function toolRun({ call, tool }: Planned, state: RunState): RunEvent {
  const told = { id: call.id, name: tool.name, origin: tool.origin, arguments: call.arguments };
  return { type: "tool_run", run: { ...told, ...state } as ToolRun };
}

/** What the calls that wait for consent are in words; empty without any. */
export function inWords(events: readonly RunEvent[], words: ToolRoundsOptions["askInWords"]): string {
  if (words === undefined) return "";
  return events
    .flatMap((event) =>
      event.type === "tool_run" && event.run.status === "needs_approval" ? [event.run] : [],
    )
    .map(words)
    .join("\n");
}
