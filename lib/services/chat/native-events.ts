import type { ChatEvent, ToolRun } from "#lib/chat/events.ts";
import type { RunEvent } from "#lib/providers/chat/run.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
import type { TurnUsage } from "#lib/services/ledger/turn-usage.ts";
import { type GatewayError, retryFields } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

/** The events before the answer: a session that was created, a mode that the client did not choose. */
export function openingEvents(turn: Turn): NativeEvent[] {
  const { begun } = turn;
  const routed = routedEvent(turn);
  const opening: NativeEvent[] = [];
  if (begun.sessionCreated) opening.push({ type: "session", id: begun.sessionId });
  if (routed !== undefined) opening.push(routed);
  return opening;
}

function routedEvent({ route, decision, input, modes }: Turn): NativeEvent | undefined {
  switch (route.kind) {
    case "engines": {
      const { mode, reason } = decision;
      if (mode === input.model) return undefined;
      const event = { type: "auto_routed", to: mode, label: modes[mode].name } as const;
      return reason === undefined ? event : { ...event, reason };
    }
    case "image":
      return { type: "auto_routed", to: "image", label: "Image", reason: "words" };
    case "plugin":
      return { type: "auto_routed", to: "plugin", label: route.plugin, reason: "words" };
    case "task":
      return { type: "auto_routed", to: "task", label: "Task", reason: "words" };
  }
}

/** The events of a run as native events. */
export function runEvents(batch: readonly RunEvent[]): NativeEvent[] {
  const events: NativeEvent[] = [];
  for (const event of batch) addRunEvent(event, events);
  return events;
}

function addRunEvent(event: RunEvent, out: NativeEvent[]): void {
  switch (event.type) {
    case "answer":
      for (const part of event.events) addAnswerEvent(part, out);
      return;
    case "engine": {
      const { label, provider, model } = event.engine;
      out.push({ type: "backend", label, provider: provider.id, model });
      return;
    }
    case "attempt": {
      const { engine, outcome, latencyMs } = event.report;
      out.push({ type: "attempt", engine: engine.id, outcome, latencyMs: Math.round(latencyMs) });
      return;
    }
    case "tool_run":
      out.push(toolRunEvent(event.run));
      return;
    case "completed":
      return;
  }
}

/** Characters of a call's arguments and of its result that a client is shown. */
const MAX_SHOWN = 4_000;

function toolRunEvent(run: ToolRun): NativeEvent {
  const { id, name, origin, arguments: args } = run;
  if (run.status === "needs_approval") {
    return {
      type: "approval",
      id,
      plugin: origin?.server ?? "",
      tool: origin?.tool ?? name,
      arguments: args,
    };
  }
  const event: NativeEvent & { type: "tool" } = {
    type: "tool",
    name: origin?.tool ?? name,
    status: run.status,
    id,
  };
  if (origin !== undefined) event.plugin = origin.server;
  if (run.status === "running") event.arguments = truncate(args, MAX_SHOWN);
  else event.result = truncate(run.output, MAX_SHOWN);
  return event;
}

function addAnswerEvent(event: ChatEvent, out: NativeEvent[]): void {
  switch (event.type) {
    case "text":
    case "refusal":
      out.push({ type: "token", text: event.text });
      return;
    case "reasoning":
      if (event.text !== "") out.push({ type: "thinking", text: event.text });
      return;
    case "image":
      out.push({ type: "image", url: event.url });
      return;
    case "sources":
      if (event.sources.length > 0) out.push({ type: "sources", sources: event.sources });
      return;
    // Native chat offers no tools; a call of one is ignored.
    case "tool_call":
    case "block":
    case "finish":
      return;
  }
}

export function usageEvent(usage: TurnUsage, engine: Engine | undefined): NativeEvent {
  const event: NativeEvent & { type: "usage" } = {
    type: "usage",
    promptTokens: usage.promptTokens,
    completionTokens: usage.completionTokens,
    cachedTokens: usage.cachedTokens,
    cacheHit: usage.cachedTokens > 0,
  };
  if (engine !== undefined) event.backend = engine.provider.id;
  if (usage.costUsd !== undefined) event.costUsd = usage.costUsd;
  return event;
}

export function errorEvent(error: GatewayError): NativeEvent {
  const event: NativeEvent & { type: "error" } = {
    type: "error",
    message: error.message,
    code: error.code,
    ...retryFields(error),
  };
  if (error.retryAfterSeconds !== undefined) event.retryAfter = error.retryAfterSeconds;
  return event;
}
