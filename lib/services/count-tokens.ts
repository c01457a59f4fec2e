import { type ChatRequest, type DocumentPart, messageParts, requestCharacters } from "#lib/chat/request.ts";
import { estimateTokens } from "#lib/chat/usage.ts";
import { callEngine } from "#lib/providers/call/engine-call.ts";
import { readWholeJson } from "#lib/providers/call/whole-answer.ts";
import { withoutConsequences } from "#lib/providers/health/without-consequences.ts";
import { protocolOf } from "#lib/providers/protocols/index.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { costsNothing } from "#lib/services/admission/cost-estimate.ts";
import { assertModesAllowed } from "#lib/services/admission/key-admission.ts";
import type { CompletionDependencies } from "#lib/services/completion.ts";
import { type CompletionInput, resolveChain } from "#lib/services/engines/resolve-chain.ts";
import { runWhole } from "#lib/services/run/run-whole.ts";
import type { CompletionContext } from "#lib/services/running-completion.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { hash32 } from "#lib/shared/text.ts";

/** An image, whatever its size: Anthropic's documentation says "up to about 1,600 tokens". */
const TOKENS_OF_IMAGE = 1_600;
/** The most that a document counts for: most of its bytes are not text. */
const MAX_TOKENS_OF_PART = 3_000;
/** Short, because clients wait for the count before they do anything. */
const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;

export type CountContext = CompletionContext;
export type CountDependencies = Pick<
  CompletionDependencies,
  "registry" | "enginesOf" | "howToConfigure" | "overrides" | "toolsFor" | "admission" | "run" | "effects"
>;

/**
 * The tokens of the prompt: counted by its first engine if that can, else estimated. Nothing is recorded,
 * because counting is not billed. Throws as `resolveChain` does, and as `admit` if a provider is called.
 */
export async function countPromptTokens(
  input: CompletionInput,
  context: CountContext,
  dependencies: CountDependencies,
): Promise<number> {
  const { engines, modes } = await resolveChain(input, dependencies);
  assertModesAllowed(context.caller, ...modes);
  const [engine] = engines;
  if (engine === undefined || !canCount(engine, dependencies)) return estimate(input.chat);
  const { admission } = dependencies;
  const { caller, requestId, waitUntil, onRateLimit } = context;
  await admission.admit(caller, { requestId, maxCostUsd: costsNothing, onRateLimit });
  try {
    return (await countByEngine(engine, input.chat, context, dependencies)) ?? estimate(input.chat);
  } finally {
    waitUntil(admission.release(requestId));
  }
}

/** Whether the engine counts tokens at all, and has a key that is not benched. */
function canCount(engine: Engine, { effects }: CountDependencies): boolean {
  if (protocolOf(engine).countTokens === undefined) return false;
  return engine.keys.some((_, keyIndex) => effects.health.wouldAdmit(engine, keyIndex));
}

/**
 * Undefined if the engine does not answer. That has no effect on its health: servers that speak the protocol
 * often lack this one path.
 */
async function countByEngine(
  engine: Engine,
  chat: ChatRequest,
  { signal }: CountContext,
  { run, effects }: CountDependencies,
): Promise<number | undefined> {
  const power = protocolOf(engine).countTokens;
  if (power === undefined) return undefined;
  try {
    const { value } = await runWhole<number>(
      {
        engines: [engine],
        attempt: (target) =>
          callEngine(
            target,
            power.encode(chat, engine),
            { signal, connectMs: run.timeouts.connectMs, timeoutMs: target.remainingMs },
            effects,
            (answer) => readWholeJson(answer, MAX_ANSWER_BYTES, power.read),
          ),
        signal,
        deadlineMs: TIMEOUT_MS,
        keySeed: hash32(chat.conversationId ?? ""),
      },
      { ...effects, health: withoutConsequences(effects.health) },
    );
    return value;
  } catch (error) {
    if (signal.aborted || !(error instanceof GatewayError)) throw error;
    return undefined;
  }
}

function estimate(chat: ChatRequest): number {
  let tokens = estimateTokens(requestCharacters(chat));
  for (const message of chat.messages) {
    for (const part of messageParts(message)) {
      if (part.type === "image") tokens += TOKENS_OF_IMAGE;
      else if (part.type === "document") tokens += tokensOfDocument(part.source);
      else if (part.type === "opaque") {
        tokens += Math.min(estimateTokens(JSON.stringify(part.value).length), MAX_TOKENS_OF_PART);
      }
    }
  }
  return tokens;
}

function tokensOfDocument(source: DocumentPart["source"]): number {
  const length = source.kind === "text" ? source.text.length : source.url.length;
  return source.kind === "text"
    ? estimateTokens(length)
    : Math.min(estimateTokens(length), MAX_TOKENS_OF_PART);
}
