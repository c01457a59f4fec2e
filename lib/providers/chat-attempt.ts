import { type ChatEvent, isContent } from "#lib/chat/events.ts";
import { type ChatRequest, requestCharacters } from "#lib/chat/request.ts";
import { estimatedUsage, type TokenUsage } from "#lib/chat/usage.ts";
import { isPaid, mayBeBilled } from "#lib/providers/cost.ts";
import { type CallEffects, callEngine } from "#lib/providers/engine-call.ts";
import { EngineStream } from "#lib/providers/engine-stream.ts";
import type { AttemptOutcome, Target } from "#lib/providers/failover.ts";
import type { Failure } from "#lib/providers/failure.ts";
import { PROTOCOLS } from "#lib/providers/protocols/index.ts";
import type { EncodedRequest } from "#lib/providers/protocols/protocol.ts";

/** Time-outs of an attempt, milliseconds. */
export type AttemptTimes = { connectMs: number; firstTokenMs: number; answerMs: number; idleMs: number };

export type AttemptEffects = CallEffects & { newId: () => string };

/** An engine that has begun to answer. */
export type OpenedChat = {
  stream: EngineStream;
  /** The events up to and including the first content. */
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
  times: AttemptTimes;
  /** Told what a call used that ended before its first content: it may be billed all the same. */
  onUsed(usage: TokenUsage): void;
};

/**
 * Calls one engine and waits for its first content: the commit point. Nothing before it is shown to
 * anybody. Rejects only when `call.signal` aborts, or on a bug; every other end is an outcome.
 */
export async function openChat(
  target: Target,
  call: ChatCall,
  effects: AttemptEffects,
): Promise<AttemptOutcome<OpenedChat>> {
  const { engine } = target;
  const protocol = PROTOCOLS[engine.provider.protocol];
  const encoded = protocol.encode(call.request, engine, {
    promptCache: call.promptCache && !target.withoutAdditions,
    bare: target.withoutAdditions,
  });
  let stream: EngineStream | undefined;
  const opening = callEngine(
    target,
    {
      path: encoded.path,
      headers: { ...encoded.headers, ...protocol.authHeaders(target.key) },
      body: encoded.body,
    },
    { signal: call.signal, connectMs: call.times.connectMs, patienceMs: patience(target, call) },
    effects,
    async ({ response, context, abort }): Promise<OpenedChat> => {
      stream = new EngineStream({
        body: response.body,
        decoder: protocol.createDecoder({
          ...context,
          newId: effects.newId,
          issuer: engine.provider.id,
          trustsCost: engine.provider.reportsCost === true,
        }),
        clock: effects.clock,
        abort,
        emptyAnswerAllowed: call.request.stop !== undefined,
      });
      const head = await readHead(stream);
      stream.idleMs = call.times.idleMs;
      return { stream, head, dropped: encoded.dropped };
    },
  );
  const used = (failure: Failure | undefined): void => {
    const usage = stream?.usage;
    // What was counted before a fault is not always billed.
    if (usage !== undefined) call.onUsed({ ...usage, source: "estimated" });
    else if (mayBeBilled(engine, failure)) call.onUsed(estimatedUsage(requestCharacters(call.request), 0));
  };
  let outcome: AttemptOutcome<OpenedChat>;
  try {
    outcome = await opening;
  } catch (error) {
    if (call.signal.aborted && isPaid(engine)) used(undefined);
    throw error;
  }
  if (outcome.ok) return outcome;
  used(outcome.failure);
  return { ...outcome, additionRefused: isAdditionRefused(outcome.failure, call, target, encoded) };
}

/** How long the engine may take to its first content, or to its whole answer when it does not stream. */
function patience(target: Target, call: ChatCall): number {
  if (target.isLast) return target.remainingMs;
  const { firstTokenMs, answerMs } = call.times;
  const slowest = Math.max(target.engine.firstTokenTimeoutMs ?? 0, firstTokenMs);
  const most = call.request.stream ? slowest : answerMs;
  return Math.min(most, target.remainingMs);
}

async function readHead(stream: EngineStream): Promise<ChatEvent[]> {
  const head: ChatEvent[] = [];
  while (true) {
    const batch = await stream.next();
    if (batch === null) return head;
    for (const event of batch) head.push(event);
    if (stream.ended || batch.some(isContent)) return head;
  }
}

/** The engine's quarrel is with what the gateway added, not with the client's request. */
function isAdditionRefused(
  failure: Failure,
  call: ChatCall,
  target: Target,
  encoded: EncodedRequest,
): boolean {
  if (failure.kind !== "refused" || target.withoutAdditions) return false;
  const named = `${failure.param ?? ""} ${failure.reason}`;
  return call.prefilled || encoded.additions.some((addition) => named.includes(addition));
}
