import type { BrowserEvent } from "#lib/browser/events.ts";

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
  sources: readonly Source[];
  images: readonly string[];
  usage: Usage | undefined;
  /** Turns used today in `mode`. */
  usedToday: { mode: string; used: number } | undefined;
  failure: Failure | undefined;
};

export type TurnState = "waiting" | "answering" | "done" | "failed" | "stopped";

export type Step =
  /** An engine that did not answer, or not to the end. */
  | { kind: "attempt"; engine: string; outcome: string; latencyMs: number | undefined; midAnswer: boolean }
  /** An engine that answers from `offset` on, in UTF-16 units of the text. */
  | { kind: "answer"; engine: string; label: string; offset: number };

export type Route = { to: string; label: string; reason: string | undefined };
export type ToolStep = { name: string; status: string; detail: string | undefined };
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
  sources: [],
  images: [],
  usage: undefined,
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
    case "backend": {
      const { label, provider, model } = event;
      const step: Step = { kind: "answer", engine: `${provider}/${model}`, label, offset: view.text.length };
      return { ...view, state: "answering", steps: [...view.steps, step] };
    }
    case "thinking":
      return { ...view, thinking: view.thinking + event.text };
    case "token":
      // Plugins answer without an engine.
      return { ...view, state: "answering", text: view.text + event.text };
    case "tool":
      return { ...view, tools: withTool(view.tools, event) };
    case "image":
      return { ...view, images: [...view.images, event.url] };
    case "sources":
      return { ...view, sources: withSources(view.sources, event.sources) };
    case "usage": {
      const { promptTokens, completionTokens, cachedTokens, costUsd } = event;
      return { ...view, usage: { promptTokens, completionTokens, cachedTokens, costUsd } };
    }
    case "done":
      return { ...view, state: "done", usedToday: { mode: event.model, used: event.usage } };
    case "error":
      return withFailure(view, { ...event, requestId: undefined });
    default:
      // A newer gateway may send types that this page does not know.
      return view;
  }
}

type AttemptEvent = Extract<BrowserEvent, { type: "attempt" }>;

function attemptStep(view: TurnView, { engine, outcome, latencyMs }: AttemptEvent): Step {
  const last = view.steps.at(-1);
  // A second failure in a row is one of an attempt to continue.
  const midAnswer = last?.kind === "answer" && last.engine === engine && view.text.length > last.offset;
  return { kind: "attempt", engine, outcome, latencyMs, midAnswer };
}

/** The end of a running tool takes the place of its beginning. */
function withTool(
  tools: readonly ToolStep[],
  event: Omit<ToolStep, "detail"> & { detail?: string | undefined },
): readonly ToolStep[] {
  const step: ToolStep = { name: event.name, status: event.status, detail: event.detail };
  if (step.status === "running") return [...tools, step];
  const at = tools.findIndex((tool) => tool.name === step.name && tool.status === "running");
  return at === -1 ? [...tools, step] : tools.with(at, step);
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
  return { ...view, state: "failed", failure: { code, message, retryAfter, requestId } };
}

/** The reader stopped it. */
export function stopped(view: TurnView): TurnView {
  return { ...view, state: "stopped" };
}

/** Where engines took over in the middle of the text, with their labels. */
export function jointsOf({ steps }: TurnView): readonly { offset: number; label: string }[] {
  return steps.flatMap((step) =>
    step.kind === "answer" && step.offset > 0 ? [{ offset: step.offset, label: step.label }] : [],
  );
}

/** The engine that answers, or answered last. */
export function answeringEngine({ steps }: TurnView): Extract<Step, { kind: "answer" }> | undefined {
  return steps.findLast((step) => step.kind === "answer");
}
