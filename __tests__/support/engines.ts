import { systemClock } from "#lib/adapters/clock.ts";
import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { ChatRun, RunEffects, RunEvent, RunOptions } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { type EngineKey, engineKey } from "#lib/providers/vendors/credentials.ts";
import { type OpenAiDialect, STANDARD_DIALECT } from "#lib/providers/vendors/openai-dialect.ts";
import type { ProtocolId, ProviderDefinition, ProviderFacts } from "#lib/providers/vendors/provider.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Keys as the registry makes them of the configured ones. */
export function keysOf(...keys: readonly string[]): EngineKey[] {
  return keys.map((key) => engineKey({ kind: "key", key }));
}

/** A provider that offers chat and nothing else. */
export function chatProvider(
  id: string,
  baseUrl: string,
  protocol: ProtocolId = "openai-compatible",
  dialect: Partial<OpenAiDialect> = {},
): ProviderDefinition {
  const facts: ProviderFacts = {
    id,
    name: id,
    baseUrl,
    baseUrlEnv: undefined,
    credentials: { kind: "none" },
  };
  switch (protocol) {
    case "openai-compatible":
      return { ...facts, protocol, chat: { dialect: { ...STANDARD_DIALECT, ...dialect } } };
    case "openai-responses":
      return { ...facts, protocol, chat: { dialect: { ...STANDARD_DIALECT, ...dialect } } };
    case "anthropic":
      return { ...facts, protocol, chat: {} };
    case "gemini":
      return { ...facts, protocol, chat: {} };
  }
}

/** An OpenAI-compatible engine at a base URL, named after its provider. */
export function engineAt(id: string, baseUrl: string, changes: Partial<Engine> = {}): Engine {
  return {
    id: `${id}/model`,
    label: id,
    provider: chatProvider(id, baseUrl),
    protocol: changes.provider?.protocol ?? "openai-compatible",
    issuer: id,
    model: "model",
    baseUrl,
    origin: new URL(baseUrl).origin,
    keys: keysOf(`key-of-${id}`),
    headers: {},
    paid: false,
    contextTokens: undefined,
    maxOutputTokens: undefined,
    capabilities: {},
    firstTokenTimeoutMs: undefined,
    ...changes,
  };
}

export function aRequest(changes: Partial<ChatRequest> = {}): ChatRequest {
  return { messages: [{ role: "user", content: "Hello" }], stream: true, ...changes };
}

/** Short time-outs, so that silence is soon over. */
export const TEST_TIMEOUTS = {
  connectMs: 300,
  firstTokenMs: 300,
  answerMs: 400,
  idleMs: 300,
  deadlineMs: 3_000,
};

type OwnEffects = RunEffects & { health: EngineHealth };
export type TestEffects = OwnEffects & { close(): Promise<void> };

export function testEffects(changes: Partial<OwnEffects> = {}): TestEffects {
  const upstream = createHttpUpstream();
  let ids = 0;
  return {
    upstream,
    health: new EngineHealth(systemClock),
    clock: systemClock,
    random: () => 0.5,
    newId: () => `call_${++ids}`,
    close: () => upstream.close(),
    ...changes,
  };
}

export function startRun(
  engines: readonly Engine[],
  effects: RunEffects,
  changes: Partial<RunOptions> = {},
): ChatRun {
  const signal = changes.signal ?? new AbortController().signal;
  return runChat(
    {
      engines,
      request: aRequest(),
      signal,
      timeouts: TEST_TIMEOUTS,
      keySeed: 0,
      recovery: true,
      promptCache: true,
      ...changes,
    },
    effects,
  );
}

export type RunResult = {
  events: RunEvent[];
  text: string;
  thinking: string;
  error: GatewayError | undefined;
  /** Labels of the engines that committed, in order. */
  engines: string[];
  finish: string | undefined;
  run: ChatRun;
};

/** Reads a run to its end. */
export async function readRun(run: ChatRun): Promise<RunResult> {
  const result: RunResult = {
    events: [],
    text: "",
    thinking: "",
    error: undefined,
    engines: [],
    finish: undefined,
    run,
  };
  try {
    for await (const batch of run.events) for (const event of batch) note(event, result);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    result.error = error;
  }
  return result;
}

/** The answer within what a run yields. */
export function answerOf(events: readonly RunEvent[]): ChatEvent[] {
  return events.flatMap((event) => (event.type === "answer" ? event.events : []));
}

function note(event: RunEvent, result: RunResult): void {
  result.events.push(event);
  for (const part of answerOf([event])) {
    if (part.type === "text") result.text += part.text;
    if (part.type === "reasoning") result.thinking += part.text;
  }
  if (event.type === "engine") result.engines.push(event.engine.label);
  if (event.type === "completed") result.finish = event.reason;
}
