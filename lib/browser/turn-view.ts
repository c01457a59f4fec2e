import type { BrowserEvent } from "#lib/browser/events.ts";
import {
  afterDecisions,
  ended,
  type ToolCall,
  withCall,
  withDecision,
  withQuestion,
} from "#lib/browser/tool-calls.ts";

/** What a page shows of one answer, built up event by event. */
export type TurnView = {
  state: TurnState;
  /** What the `session` event said: this turn began a conversation. */
  sessionId: string | undefined;
  text: string;
  thinking: string;
  /** Engines in the order in which they ended or began: the way to the answer. */
  steps: readonly Step[];
  route: Route | undefined;
  tools: readonly ToolStep[];
  /** Calls of tools by the model, in the order in which they began. */
  calls: readonly ToolCall[];
  sources: readonly Source[];
  images: readonly string[];
  usage: Usage | undefined;
  /** An answer that asked for consent goes on in another request: what the requests before have brought. */
  earlier: Earlier | undefined;
  /** Turns used today in `mode`. */
  usedToday: { mode: string; used: number } | undefined;
  failure: Failure | undefined;
};

/** `textLength`: how much of the text is theirs, UTF-16 units. */
export type Earlier = { requests: number; textLength: number; usage: Usage | undefined };

export type TurnState = "waiting" | "answering" | "done" | "failed" | "stopped";

export type Step =
  /** An engine that did not answer, or not to the end. */
  | { kind: "attempt"; engine: string; outcome: string; latencyMs: number | undefined; midAnswer: boolean }
  /**
   * An engine that answers from `offset` on, in UTF-16 units of the text. `continues`: it finishes what another one
   * has begun to say, in place of answering anew, as after a call of a tool.
   */
  | { kind: "answer"; engine: string; label: string; offset: number; continues: boolean };

export type Route = { to: string; label: string; reason: string | undefined };
export type ToolStep = {
  name: string;
  status: string;
  detail: string | undefined;
  /** The MCP server that it is about. */
  server: string | undefined;
};
export type Source = { title: string | undefined; uri: string };
export type Usage = {
  promptTokens: number | undefined;
  completionTokens: number | undefined;
  cachedTokens: number | undefined;
  costUsd: number | undefined;
};
/** `retryAfter` in seconds. */
export type Failure = {
  code: string;
  message: string;
  retryAfter: number | undefined;
  requestId: string | undefined;
};

export const NEW_TURN: TurnView = {
  state: "waiting",
  sessionId: undefined,
  text: "",
  thinking: "",
  steps: [],
  route: undefined,
  tools: [],
  calls: [],
  sources: [],
  images: [],
  usage: undefined,
  earlier: undefined,
  usedToday: undefined,
  failure: undefined,
};

/** What the page shows after these events. */
export function withEvents(view: TurnView, events: readonly BrowserEvent[]): TurnView {
  return events.reduce(withEvent, view);
}

function withEvent(view: TurnView, event: BrowserEvent): TurnView {
  switch (event.type) {
    case "session":
      return { ...view, sessionId: event.id };
    case "auto_routed":
      return { ...view, route: { to: event.to, label: event.label, reason: event.reason } };
    case "attempt":
      return { ...view, steps: [...view.steps, attemptStep(view, event)] };
    case "backend":
      return { ...view, state: "answering", steps: withAnswerStep(view, event) };
    case "thinking":
      return { ...view, thinking: view.thinking + event.text };
    case "token":
      return withText(view, event.text);
    case "tool":
      return withToolEvent(view, event);
    case "approval":
      return { ...view, calls: withQuestion(view.calls, event, view.text.length) };
    case "image":
      return { ...view, images: [...view.images, event.url] };
    case "sources":
      return { ...view, sources: withSources(view.sources, event.sources) };
    case "usage":
      return { ...view, usage: sum(view.earlier?.usage, event) };
    case "done":
      return {
        ...{ ...view, calls: ended(view.calls), state: "done" },
        usedToday: { mode: event.model, used: event.usage },
      };
    case "error":
      return withFailure(view, { ...event, requestId: undefined });
    default:
      // A newer gateway may send types that this page does not know.
      return view;
  }
}

function withText(view: TurnView, text: string): TurnView {
  // What follows a question for consent says it in words, for clients that do not know the event.
  if (view.calls.some(({ state }) => state === "asks")) return view;
  const isFirst = view.text !== "" && view.text.length === view.earlier?.textLength;
  // Plugins answer without an engine.
  return { ...view, state: "answering", text: `${view.text}${isFirst ? "\n\n" : ""}${text}` };
}

type AttemptEvent = Extract<BrowserEvent, { type: "attempt" }>;

function attemptStep(view: TurnView, { engine, outcome, latencyMs }: AttemptEvent): Step {
  const last = view.steps.at(-1);
  // A second failure in a row is one of an attempt to continue.
  const midAnswer =
    last?.kind === "answer" &&
    last.engine === engine &&
    view.text.length > Math.max(last.offset, messageStart(view));
  return { kind: "attempt", engine, outcome, latencyMs, midAnswer };
}

type BackendEvent = Extract<BrowserEvent, { type: "backend" }>;

function withAnswerStep(view: TurnView, { label, provider, model }: BackendEvent): readonly Step[] {
  const engine = `${provider}/${model}`;
  const offset = view.text.length;
  const continues = offset > messageStart(view);
  const last = view.steps.at(-1);
  // It is named again when an answer goes on after the user's consent.
  if (last?.kind === "answer" && last.engine === engine && !continues) return view.steps;
  return [...view.steps, { kind: "answer", engine, label, offset, continues }];
}

/** Where the text begins that is being written: behind the last call of a tool. */
function messageStart({ calls }: TurnView): number {
  return calls.reduce((start, { offset }) => Math.max(start, offset), 0);
}

type ToolEvent = Extract<BrowserEvent, { type: "tool" }>;

/** Only calls by the model have an id; other tools are steps before the answer. */
function withToolEvent(view: TurnView, event: ToolEvent): TurnView {
  const { id } = event;
  if (id === undefined) return { ...view, tools: withTool(view.tools, event) };
  return { ...view, calls: withCall(view.calls, { ...event, id }, view.text.length) };
}

/** The end of a running tool takes the place of its beginning. */
function withTool(
  tools: readonly ToolStep[],
  { name, status, detail, plugin }: ToolEvent,
): readonly ToolStep[] {
  const step: ToolStep = { name, status, detail, server: plugin };
  if (status === "running") return [...tools, step];
  const at = tools.findIndex((tool) => tool.name === name && tool.status === "running");
  return at === -1 ? [...tools, step] : tools.with(at, step);
}

type UsageEvent = { [Name in keyof Usage]?: Usage[Name] };

/** What is unknown of a part is unknown of the sum. */
function sum(earlier: Usage | undefined, event: UsageEvent): Usage {
  const added = (name: keyof Usage): number | undefined => {
    const [before, now] = [earlier?.[name], event[name]];
    if (earlier === undefined) return now;
    return before === undefined || now === undefined ? undefined : before + now;
  };
  return {
    promptTokens: added("promptTokens"),
    completionTokens: added("completionTokens"),
    cachedTokens: added("cachedTokens"),
    costUsd: added("costUsd"),
  };
}

function withSources(
  known: readonly Source[],
  sources: readonly { title?: string | undefined; uri: string }[],
): Source[] {
  const byUri = new Map(known.map((source) => [source.uri, source]));
  for (const { title, uri } of sources) byUri.set(uri, { title: title ?? byUri.get(uri)?.title, uri });
  return [...byUri.values()];
}

/** The answer ended without success; what came of it stays. */
export function withFailure(
  view: TurnView,
  {
    code,
    message,
    retryAfter,
    requestId,
  }: { [K in keyof Failure]?: Failure[K] } & { code: string; message: string },
): TurnView {
  return {
    ...view,
    calls: ended(view.calls),
    state: "failed",
    failure: { code, message, retryAfter, requestId },
  };
}

/** The reader stopped it. */
export function stopped(view: TurnView): TurnView {
  return { ...view, calls: ended(view.calls), state: "stopped" };
}

/** The reader has allowed or refused a call. */
export function decided(view: TurnView, id: string, approve: boolean): TurnView {
  return { ...view, calls: withDecision(view.calls, id, approve) };
}

/** The gateway is told what the reader has decided, and the answer goes on. */
export function resumed(view: TurnView): TurnView {
  const { calls, usage, text } = view;
  const earlier = { requests: (view.earlier?.requests ?? 0) + 1, textLength: text.length, usage };
  // The conversation exists by now, whatever becomes of this request.
  return { ...view, state: "waiting", sessionId: undefined, calls: afterDecisions(calls), earlier };
}
