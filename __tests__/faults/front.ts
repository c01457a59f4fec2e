import { createHttpUpstream } from "#lib/adapters/http/upstream.ts";
import type { ChatEvent } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import type { TokenUsage } from "#lib/chat/usage.ts";
import type { ChatRun, RunEvent, RunOptions } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import type { EngineHealth } from "#lib/providers/health/engine-health.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type Timeouts = RunOptions["timeouts"];

/** What a row configures of the gateway, whatever front it is asked through. */
export type FrontSettings = {
  health: EngineHealth;
  clock: Clock;
  timeouts: Timeouts;
  recovery: boolean;
  /** The caller names the engines itself. */
  named: boolean;
};

export type ToldCall = { id: string; name: string; arguments: string };

/** What became of one request, as its client and its ledger saw it. */
export type Told = {
  text: string;
  thinking: string;
  toolCalls: ToldCall[];
  error:
    | {
        code: string;
        status: number;
        message: string;
        retryAfterSeconds: number | undefined;
      }
    | undefined;
  /** Names of the engines that committed, in order. */
  engines: string[];
  finish: string | undefined;
  /** `engine outcome` of every upstream call, in order. */
  attempts: string[];
  usages: { engine: string; usage: TokenUsage }[];
  /** The `usage_source` of the ledger's row, where there is a ledger. */
  source?: string | null;
  state: "completed" | "failed" | "cancelled" | "interrupted" | "running";
  malformedFrames: number;
  /** What this front cannot tell. */
  untold?: ReadonlySet<"finish" | "toolCalls" | "malformedFrames" | "usages">;
  /** Finish reasons that this front has no word for, and what it says in their place. */
  finishWords?: Readonly<Record<string, string>>;
};

/**
 * A way to ask the gateway. The rows of faults run through any of them: the runner, the native chat
 * route, the OpenAI route.
 */
export type Front = {
  /** `signal` is the client: its abort is the client's leaving. */
  ask(chain: readonly Engine[], request: ChatRequest, signal: AbortSignal): Promise<Told>;
  close(): Promise<void>;
};

export type MakeFront = (settings: FrontSettings) => Front;

/** The failover runner itself, over the real pooled upstream. */
export const runnerFront: MakeFront = ({ health, clock, timeouts, recovery, named }) => {
  const upstream = createHttpUpstream();
  let ids = 0;
  const effects = {
    upstream,
    health,
    clock,
    random: () => 0.5,
    newId: () => `call_${++ids}`,
  };
  return {
    ask: (engines, request, signal) =>
      tell(
        runChat(
          {
            engines,
            request,
            signal,
            timeouts,
            keySeed: 0,
            named,
            recovery,
            promptCache: true,
          },
          effects,
        ),
      ),
    close: () => upstream.close(),
  };
};

async function tell(run: ChatRun): Promise<Told> {
  const told: Omit<Told, "attempts" | "usages" | "state" | "malformedFrames"> = {
    text: "",
    thinking: "",
    toolCalls: [],
    error: undefined,
    engines: [],
    finish: undefined,
  };
  try {
    for await (const batch of run.events) for (const event of batch) note(event, told);
  } catch (error) {
    // Anything else would reach a client as our own fault.
    if (!(error instanceof GatewayError)) throw error;
    const { code, status, message, retryAfterSeconds } = error;
    told.error = { code, status, message, retryAfterSeconds };
  }
  const { attempts, usages, state, malformedFrames } = run.record;
  return {
    ...told,
    attempts: attempts.map(({ engine, outcome }) => `${engine.label} ${outcome}`),
    usages: usages.map(({ engine, usage }) => ({
      engine: engine.label,
      usage,
    })),
    state,
    malformedFrames,
  };
}

function note(
  event: RunEvent,
  told: Pick<Told, "text" | "thinking" | "toolCalls" | "engines" | "finish">,
): void {
  switch (event.type) {
    case "answer":
      for (const part of event.events) noteAnswer(part, told);
      return;
    case "engine":
      told.engines.push(event.engine.label);
      return;
    case "completed":
      told.finish = event.reason;
      return;
    case "attempt":
      return;
  }
}

function noteAnswer(event: ChatEvent, told: Pick<Told, "text" | "thinking" | "toolCalls">): void {
  switch (event.type) {
    case "text":
    case "refusal":
      told.text += event.text;
      return;
    case "reasoning":
      told.thinking += event.text;
      return;
    case "tool_call": {
      const call = told.toolCalls[event.index] ?? {
        id: "",
        name: "",
        arguments: "",
      };
      call.id += event.id ?? "";
      call.name += event.name ?? "";
      call.arguments += event.arguments;
      told.toolCalls[event.index] = call;
      return;
    }
    case "finish":
    case "sources":
      return;
  }
}
