import { type ChatRequest, messageParts, requestCharacters } from "#lib/chat/request.ts";
import { estimateTokens, tokenCount } from "#lib/chat/usage.ts";
import { callEngine } from "#lib/providers/call/engine-call.ts";
import { readWholeJson } from "#lib/providers/call/whole-answer.ts";
import type { Target } from "#lib/providers/failover.ts";
import { encodeTokenCount } from "#lib/providers/protocols/anthropic/count-tokens.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { assertTiersAllowed } from "#lib/services/admission/key-admission.ts";
import type { CompletionDependencies } from "#lib/services/completion.ts";
import { type CompletionInput, resolveChain } from "#lib/services/engines/resolve-chain.ts";
import type { ProxyCaller } from "#lib/services/identity/caller.ts";
import { field } from "#lib/shared/json.ts";
import { hash32 } from "#lib/shared/text.ts";

/** What a picture costs, in Anthropic's words "up to about 1,600 tokens"; its size is not looked at. */
const TOKENS_OF_IMAGE = 1_600;
/** No document counts for more: most of what is in one is not text. */
const MOST_TOKENS_OF_PART = 3_000;
/** Clients wait for the count before they do anything. */
const PATIENCE_MS = 5_000;

/** The answer is one number. */
const MAX_ANSWER_BYTES = 64 * 1024;

export type CountContext = { caller: ProxyCaller /** Aborts when the client leaves. */; signal: AbortSignal };
export type CountDependencies = Pick<
  CompletionDependencies,
  "registry" | "enginesOf" | "admission" | "run" | "effects"
>;

/**
 * How many tokens the prompt is: as its first engine counts them where that can, else by estimate. Nothing
 * is recorded: nobody bills for it. Throws as `resolveChain` does, and as `admit` where a provider is asked.
 */
export async function countPromptTokens(
  input: CompletionInput,
  context: CountContext,
  dependencies: CountDependencies,
): Promise<number> {
  const { engines, tiers } = await resolveChain(input, dependencies);
  assertTiersAllowed(context.caller, ...tiers);
  const [engine] = engines;
  const target = engine === undefined ? undefined : countingTarget(engine, input.chat, dependencies);
  if (target === undefined) return estimate(input.chat);
  await dependencies.admission.admit(context.caller);
  return (await askEngine(target, input.chat, context, dependencies)) ?? estimate(input.chat);
}

/** The engine with a key that is free, if it counts tokens at all. */
function countingTarget(
  engine: Engine,
  chat: ChatRequest,
  { effects }: CountDependencies,
): Target | undefined {
  if (engine.provider.protocol !== "anthropic") return undefined;
  const first = hash32(chat.conversationId ?? "") % engine.keys.length;
  const order = engine.keys.map((_, index) => (first + index) % engine.keys.length);
  const keyIndex = order.find((index) => effects.health.wouldAdmit(engine, index));
  if (keyIndex === undefined) return undefined;
  const key = engine.keys[keyIndex] ?? "";
  return { engine, key, keyIndex, call: 1, remainingMs: PATIENCE_MS, isLast: true, withoutAdditions: false };
}

/**
 * Undefined when the engine does not say. That is no sign of its health: servers that speak the protocol
 * often lack this one path.
 */
async function askEngine(
  target: Target,
  chat: ChatRequest,
  { signal }: CountContext,
  { run, effects }: CountDependencies,
): Promise<number | undefined> {
  const outcome = await callEngine(
    target,
    { ...encodeTokenCount(chat, target), isLarge: chat.isLarge },
    { signal, connectMs: run.times.connectMs, patienceMs: target.remainingMs },
    effects,
    (answer) => readWholeJson(answer, MAX_ANSWER_BYTES, (body) => tokenCount(field(body, "input_tokens"))),
  );
  return outcome.ok ? outcome.value : undefined;
}

function estimate(chat: ChatRequest): number {
  let tokens = estimateTokens(requestCharacters(chat));
  for (const message of chat.messages) {
    for (const part of messageParts(message)) {
      if (part.type === "image") tokens += TOKENS_OF_IMAGE;
      else if (part.type === "opaque") {
        tokens += Math.min(estimateTokens(JSON.stringify(part.value).length), MOST_TOKENS_OF_PART);
      }
    }
  }
  return tokens;
}
