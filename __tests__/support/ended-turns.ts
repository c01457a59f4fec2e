import type { AttemptUsage } from "#lib/services/ledger/turn-store.ts";
import type { EndedTurn } from "#lib/services/telemetry/ended-turn.ts";

export function anAttemptUsage(changes: Partial<AttemptUsage> = {}): AttemptUsage {
  return {
    promptTokens: 100,
    cachedTokens: 60,
    cacheWriteTokens: 0,
    completionTokens: 20,
    reasoningTokens: 5,
    source: "exact",
    isBilled: true,
    costUsd: 0.002,
    listUsd: 0.002,
    cachedSavingsUsd: 0.0005,
    ...changes,
  };
}

/**
 * A turn that two engines were asked for before a third one answered it: the first was busy, the second broke off
 * after some tokens, the third one is free.
 */
export function anEndedTurn(changes: Partial<EndedTurn> = {}): EndedTurn {
  return {
    requestId: "5f0c7e5e-3c1b-4d5a-9b8e-0d9f5c1a2b3c",
    route: "/api/ai-chat",
    callerKind: "user",
    mode: "smart",
    status: "completed",
    promptTokens: 210,
    completionTokens: 50,
    cachedTokens: 60,
    costUsd: 0.002,
    usageSource: "exact",
    model: "llama-3.3-70b-versatile",
    backend: "groq",
    startedAt: 1_000_000,
    endedAt: 1_002_500,
    attempts: [
      {
        modelId: "gpt-oss-120b",
        backend: "cerebras",
        keyIndex: 0,
        status: "rate_limited",
        latencyMs: 40,
        startedMs: 10,
      },
      {
        modelId: "mistral-large-latest",
        backend: "mistral",
        keyIndex: 1,
        status: "interrupted",
        latencyMs: 900,
        startedMs: 60,
        firstTokenMs: 300,
        usage: anAttemptUsage(),
      },
      {
        modelId: "llama-3.3-70b-versatile",
        backend: "groq",
        keyIndex: 0,
        status: "ok",
        latencyMs: 1_500,
        startedMs: 980,
        firstTokenMs: 120,
        usage: anAttemptUsage({
          promptTokens: 110,
          cachedTokens: 0,
          cacheWriteTokens: 8,
          completionTokens: 30,
          reasoningTokens: 0,
          isBilled: false,
          costUsd: 0,
          listUsd: 0.0009,
        }),
      },
    ],
    ...changes,
  };
}
