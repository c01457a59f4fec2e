import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import { type ChatRequest, requestCharacters } from "#lib/chat/request.ts";
import { estimatedUsage, type TokenUsage } from "#lib/chat/usage.ts";
import { type CallEffects, callEngine } from "#lib/providers/call/engine-call.ts";
import { EngineStream } from "#lib/providers/chat/engine-stream.ts";
import { isPaid, mayBeBilled } from "#lib/providers/cost.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import { protocolOf } from "#lib/providers/protocols/index.ts";
import type { EncodedRequest } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";

/** Time-outs of an attempt, milliseconds. */
export type AttemptTimeouts = { connectMs: number; firstTokenMs: number; answerMs: number; idleMs: number };

export type AttemptEffects = CallEffects & { newId: () => string };

/** An engine that has begun to answer; that has answered, where no stream was asked for. */
export type OpenedChat = {
  stream: EngineStream;
  /** The events up to and including the first content; all events of a whole answer. */
  head: ChatEvent[];
  /** Request fields that this engine could not take. */
  dropped: string[];
};

export type ChatCall = {
  request: ChatRequest;
  /** The request ends with a beginning of the answer that the gateway put there. */
  prefilled: boolean;
  promptCache: boolean;
  signal: AbortSignal;
  timeouts: AttemptTimeouts;
  /**
   * Told what a call used that came to nothing: it may be billed all the same. `written` counts the
   * characters of an answer that was to be whole.
   */
  onUsed(usage: TokenUsage, written: number): void;
};

/**
 * Calls one engine and waits for its first content: the commit point. Nothing before it is shown to
 * anybody. Where no stream was asked for, the client sees nothing before the end: it waits for that,
 * whether the engine answers with one body or with a stream. Rejects only when `call.signal` aborts, or on a bug; every other end is an outcome.
 */
export async function openChat(
  target: EngineCall,
  call: ChatCall,
  effects: AttemptEffects,
): Promise<AttemptOutcome<OpenedChat>> {
  const { engine } = target;
  const { chat } = protocolOf(engine);
  const encoded = chat.encode(call.request, engine, {
    promptCache: call.promptCache && !target.withoutAdditions,
    withoutAdditions: target.withoutAdditions,
  });
  let stream: EngineStream | undefined;
  const head: ChatEvent[] = [];
  const { path, headers, body } = encoded;
  const opening = callEngine(
    target,
    { kind: "json", path, headers, body, isLarge: call.request.isLarge },
    { signal: call.signal, connectMs: call.timeouts.connectMs, timeoutMs: timeoutOf(target, call) },
    effects,
    async ({ response, context, abort }): Promise<OpenedChat> => {
      const { issuer, provider } = engine;
      const trustsCost = provider.reportsCost === true;
      stream = new EngineStream({
        body: response.body,
        decoder: chat.createDecoder({ ...context, newId: effects.newId, issuer, trustsCost }),
        clock: effects.clock,
        abort,
        emptyAnswerAllowed: call.request.stop !== undefined,
      });
      await (call.request.stream ? readHead(stream, head) : readWhole(stream, head));
      stream.idleMs = call.timeouts.idleMs;
      return { stream, head, dropped: encoded.dropped };
    },
  );
  let outcome: AttemptOutcome<OpenedChat>;
  try {
    outcome = await opening;
  } catch (error) {
    if (call.signal.aborted && (isPaid(engine) || charactersIn(head) > 0)) {
      reportUsage(engine, call, stream?.usage, head, undefined);
    }
    throw error;
  }
  if (outcome.ok) return outcome;
  reportUsage(engine, call, stream?.usage, head, outcome.failure);
  return { ...outcome, additionRefused: isAdditionRefused(outcome.failure, call, target, encoded) };
}

/** Reports the usage of a call without a usable answer, if it may be billed. */
function reportUsage(
  engine: Engine,
  call: ChatCall,
  usage: TokenUsage | undefined,
  events: readonly ChatEvent[],
  failure: Failure | undefined,
): void {
  const written = charactersIn(events);
  // Providers do not always bill what they counted before a fault.
  if (usage !== undefined) call.onUsed({ ...usage, source: "estimated" }, written);
  else if (written > 0 || mayBeBilled(engine, failure)) {
    call.onUsed(estimatedUsage(requestCharacters(call.request), written), written);
  }
}

/** How long the engine may take to its first content, or to its whole answer when it does not stream. */
function timeoutOf(target: EngineCall, call: ChatCall): number {
  if (target.isLast) return target.remainingMs;
  const { firstTokenMs, answerMs } = call.timeouts;
  const slowest = Math.max(target.engine.firstTokenTimeoutMs ?? 0, firstTokenMs);
  const most = call.request.stream ? slowest : answerMs;
  return Math.min(most, target.remainingMs);
}

async function readHead(stream: EngineStream, head: ChatEvent[]): Promise<void> {
  while (true) {
    const batch = await stream.next();
    if (batch === null) return;
    for (const event of batch) head.push(event);
    if (stream.ended || batch.some(isContent)) return;
  }
}

/** Reads an answer to its end. Pieces of one text become one: there may be a hundred thousand. */
async function readWhole(stream: EngineStream, events: ChatEvent[]): Promise<void> {
  for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
    for (const event of batch) {
      if (!continued(events, event)) events.push(event);
    }
  }
}

/** Whether the event has become part of the last one: plain text or reasoning that goes on. */
function continued(events: ChatEvent[], event: ChatEvent): boolean {
  const last = events.at(-1);
  if (last === undefined || !isPlainText(last) || !isPlainText(event)) return false;
  if (last.type !== event.type || last.choice !== event.choice) return false;
  events[events.length - 1] = { ...last, text: last.text + event.text };
  return true;
}

function isPlainText(event: ChatEvent): event is ChatEvent & { type: "text" | "reasoning" } {
  switch (event.type) {
    case "text":
      return event.logprobs === undefined;
    case "reasoning":
      return event.signature === undefined;
    default:
      return false;
  }
}

/** What the engine has written, in characters. */
function charactersIn(events: readonly ChatEvent[]): number {
  let characters = 0;
  for (const event of events) {
    if (event.type === "tool_call") characters += event.arguments.length + (event.name?.length ?? 0);
    else if ("text" in event) characters += event.text.length;
  }
  return characters;
}

/** The engine's quarrel is with what the gateway added, not with the client's request. */
function isAdditionRefused(
  failure: Failure,
  call: ChatCall,
  target: EngineCall,
  encoded: EncodedRequest,
): boolean {
  if (failure.kind !== "refused" || target.withoutAdditions) return false;
  const named = `${failure.param ?? ""} ${failure.reason}`;
  return call.prefilled || encoded.additions.some((addition) => named.includes(addition));
}
