import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import { type ChatRequest, messageParts } from "#lib/chat/request.ts";
import { estimateRequestTokens } from "#lib/chat/token-estimate.ts";
import { estimatedUsage, type TokenUsage } from "#lib/chat/usage.ts";
import { type CallEffects, callEngine } from "#lib/providers/call/engine-call.ts";
import { EngineStream } from "#lib/providers/chat/engine-stream.ts";
import { isPaid, mayBeBilled } from "#lib/providers/cost.ts";
import type { Failure } from "#lib/providers/failures/failure.ts";
import { capWithin, type OutputLimit } from "#lib/providers/failures/output-cap.ts";
import type { ErrorContext } from "#lib/providers/failures/provider-error.ts";
import { chatPowerOf } from "#lib/providers/protocols/index.ts";
import type { DecodeContext, Decoder, EncodedRequest } from "#lib/providers/protocols/protocol.ts";
import { restoringDecoder } from "#lib/providers/protocols/restoring-decoder.ts";
import { withoutBlocks } from "#lib/providers/protocols/without-blocks.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { AttemptOutcome, EngineCall } from "#lib/providers/walk/walk-types.ts";

/** Timeouts of an attempt, milliseconds. */
export type AttemptTimeouts = { connectMs: number; firstTokenMs: number; answerMs: number; idleMs: number };

export type AttemptEffects = CallEffects & {
  newId: () => string;
  /** Whether an engine bills; by default what is known without the operator's prices. */
  isPaid?: (engine: Engine) => boolean;
};

/** An engine that has begun to answer or, without streaming, has answered completely. */
export type OpenedChat = {
  stream: EngineStream;
  /** The events up to and including the first content; without streaming, all events. */
  head: ChatEvent[];
  /** Request fields that this engine could not take. */
  dropped: string[];
};

export type ChatCall = {
  request: ChatRequest;
  /** The request ends with the beginning of an answer, which the gateway added. */
  prefilled: boolean;
  /** The gateway, not the client, asks the engine to search the web. */
  searchAdded: boolean;
  promptCache: boolean;
  signal: AbortSignal;
  timeouts: AttemptTimeouts;
  /**
   * Receives the usage of a call that failed but may be billed. `written`: the characters of the answer
   * that had arrived.
   */
  onUsed(usage: TokenUsage, written: number): void;
};

/**
 * Calls one engine and waits for its first content, which is the commit point; a request without streaming
 * commits at the end of the answer, since the client sees nothing before. Rejects only when `call.signal`
 * aborts, or on a bug; everything else is an outcome.
 */
export async function openChat(
  target: EngineCall,
  call: ChatCall,
  effects: AttemptEffects,
): Promise<AttemptOutcome<OpenedChat>> {
  const { engine } = target;
  const chat = chatPowerOf(engine);
  const { isPaid: bills = isPaid } = effects;
  const request = withinLimit(call.request, target.outputLimit);
  const encoded = chat.encode(request, engine, {
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
      stream = new EngineStream({
        body: response.body,
        decoder: decoderFor(engine, encoded, call, { ...context, newId: effects.newId }),
        clock: effects.clock,
        abort,
        ...endRules(call.request),
      });
      await (call.request.stream ? readHead(stream, head) : readWhole(stream, head));
      stream.idleMs = call.timeouts.idleMs;
      return { stream, head, dropped: droppedBy(encoded, request, call) };
    },
  );
  let outcome: AttemptOutcome<OpenedChat>;
  try {
    outcome = await opening;
  } catch (error) {
    if (call.signal.aborted && (bills(engine) || charactersIn(head) > 0))
      reportUsage(call, stream, head, true);
    throw error;
  }
  if (outcome.ok) return outcome;
  reportUsage(call, stream, head, bills(engine) && mayBeBilled(outcome.failure));
  const isAddition = isAdditionRefused(outcome.failure, call, target, encoded);
  return isAddition ? { ...outcome, repeat: { kind: "without_additions" } } : outcome;
}

/** What of the client's request was not sent; a cap that was lowered is no longer what it asked for. */
function droppedBy({ dropped }: EncodedRequest, sent: ChatRequest, { request }: ChatCall): string[] {
  const isAsAsked = sent.maxOutputTokens === request.maxOutputTokens || request.maxOutputTokens === undefined;
  return isAsAsked ? dropped : [...new Set([...dropped, "max_tokens"])];
}

/** The request with an output cap that the engine takes; the same one if its own is taken. */
function withinLimit(request: ChatRequest, limit: OutputLimit | undefined): ChatRequest {
  const cap = capWithin(limit, request.maxOutputTokens);
  if (cap === request.maxOutputTokens) return request;
  const { maxOutputTokens, ...rest } = request;
  return cap === undefined ? rest : { ...rest, maxOutputTokens: cap };
}

function decoderFor(
  engine: Engine,
  { restorations }: EncodedRequest,
  { request, searchAdded }: ChatCall,
  context: ErrorContext & Pick<DecodeContext, "newId">,
): Decoder {
  const { issuer, provider } = engine;
  const trustsCost = provider.reportsCost === true;
  const isUsedId = usedCallIds(request);
  const decoder = chatPowerOf(engine).createDecoder({ ...context, isUsedId, issuer, trustsCost });
  return restoringDecoder(searchAdded ? withoutBlocks(decoder) : decoder, restorations);
}

/** Whether a call of the conversation has this id. The ids are collected when the answer has a call. */
function usedCallIds({ messages }: ChatRequest): (id: string) => boolean {
  let used: Set<string> | undefined;
  return (id) => {
    used ??= new Set(
      messages.flatMap(messageParts).flatMap((part) => (part.type === "tool_call" ? [part.id] : [])),
    );
    return used.has(id);
  };
}

/** What the request says about the end of its answer. */
function endRules({ stop, messages, stream, awaitsUsage }: ChatRequest) {
  return {
    emptyAnswerAllowed: stop !== undefined || messages.at(-1)?.role === "tool",
    isStreamed: stream,
    awaitsUsage: awaitsUsage === true || !stream,
  };
}

/** Reports the usage of a call without a usable answer, if it may be billed. */
function reportUsage(
  call: ChatCall,
  stream: EngineStream | undefined,
  events: readonly ChatEvent[],
  mayBill: boolean,
): void {
  const written = charactersIn(events);
  const usage = stream?.usage;
  const tokens = stream?.estimatedTokens ?? 0;
  // Providers do not always bill what they counted before a fault.
  if (usage !== undefined) {
    const completionTokens = Math.max(usage.completionTokens, tokens);
    call.onUsed({ ...usage, completionTokens, source: "estimated" }, written);
  } else if (written > 0 || mayBill) {
    call.onUsed(estimatedUsage(estimateRequestTokens(call.request), tokens), written);
  }
}

/** How long the engine may take until its first content or, without streaming, its whole answer. */
function timeoutOf(target: EngineCall, call: ChatCall): number {
  if (target.isLast) return target.remainingMs;
  const { firstTokenMs, answerMs } = call.timeouts;
  const slowest = Math.max(target.engine.firstTokenTimeoutMs ?? 0, firstTokenMs);
  return Math.min(call.request.stream ? slowest : answerMs, target.remainingMs);
}

async function readHead(stream: EngineStream, head: ChatEvent[]): Promise<void> {
  while (true) {
    const batch = await stream.next();
    if (batch === null) return;
    for (const event of batch) head.push(event);
    if (stream.ended || batch.some(isContent)) return;
  }
}

/** Reads an answer to its end, without calls that cannot be read. Merges the pieces of a text, of which there may be a hundred thousand. */
async function readWhole(stream: EngineStream, events: ChatEvent[]): Promise<void> {
  for (let batch = await stream.next(); batch !== null; batch = await stream.next()) {
    for (const event of batch) {
      if (!mergeIntoLast(events, event)) events.push(event);
    }
  }
  const mended = stream.mended(events);
  if (mended !== events) events.splice(0, events.length, ...mended);
}

/** Appends plain text or reasoning to the last event of the same kind. False if that is not possible. */
function mergeIntoLast(events: ChatEvent[], event: ChatEvent): boolean {
  const last = events.at(-1);
  if (last === undefined || !isPlainText(last) || !isPlainText(event)) return false;
  if (last.type !== event.type || last.choice !== event.choice) return false;
  events[events.length - 1] = { ...last, text: last.text + event.text };
  return true;
}

function isPlainText(event: ChatEvent): event is ChatEvent & { type: "text" | "reasoning" } {
  switch (event.type) {
    case "text":
      return event.logprobs === undefined && event.phase === undefined;
    case "reasoning":
      return event.signature === undefined;
    default:
      return false;
  }
}

/** How many characters the engine has written. */
function charactersIn(events: readonly ChatEvent[]): number {
  let characters = 0;
  for (const event of events) {
    if (event.type === "tool_call") characters += event.arguments.length + (event.name?.length ?? 0);
    else if ("text" in event) characters += event.text.length;
  }
  return characters;
}

/** "Search Grounding is not supported", "Hosted tool 'web_search' is not supported with …". */
const SEARCH_REFUSED = /\bsearch|grounding/i;

/** Whether the engine refused something that the gateway added, not the client's request itself. */
function isAdditionRefused(
  failure: Failure,
  call: ChatCall,
  target: EngineCall,
  encoded: EncodedRequest,
): boolean {
  if (failure.kind !== "refused" || target.withoutAdditions) return false;
  const named = `${failure.param ?? ""} ${failure.reason}`;
  if (call.searchAdded && SEARCH_REFUSED.test(named)) return true;
  return call.prefilled || encoded.additions.some((addition) => named.includes(addition));
}
