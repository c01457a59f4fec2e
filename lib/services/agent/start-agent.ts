import type { ModeId } from "#lib/ai-models.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { type MaxCost, requestCost } from "#lib/services/admission/cost-estimate.ts";
import { assertModesAllowed, mayUseMode, whileAdmitted } from "#lib/services/admission/key-admission.ts";
import { type AgentRecord, startAgentRun } from "#lib/services/agent/agent-run.ts";
import type { AgentContext, AgentDependencies, AgentInput } from "#lib/services/agent/agent-types.ts";
import { enginesFor, openMode } from "#lib/services/engines/mode-engines.ts";
import { allowedMode } from "#lib/services/engines/resolve-chain.ts";
import type { LedgerTurn } from "#lib/services/ledger/ledger.ts";
import { usagesOf } from "#lib/services/ledger/run-outcome.ts";
import { settleRun } from "#lib/services/ledger/settle-run.ts";
import { summarizeUsage } from "#lib/services/ledger/turn-usage.ts";
import { TrackedRun, unstartedRecord } from "#lib/services/run/tracked-run.ts";
import { retryFields, toGatewayError } from "#lib/shared/errors.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";
import type { OfferedTool } from "#lib/tools/offered-tool.ts";

/** Calls of engines that a run makes at least: the plan, its steps, the summary. */
const USUAL_CALLS = 7;
const STEP_TOKENS = 4_000;
const NONCE_BYTES = 8;
/** The end of a stream waits this long for the turn to be saved, milliseconds; the rest happens behind it. */
const SETTLE_TIMEOUT_MS = 1_500;

export type RunningAgent = {
  /** The run's events, in batches; always ends with `done` or `error`, and never throws. */
  events: AsyncGenerator<readonly AgentEvent[], void>;
  /** The client has disconnected: stops everything and saves what there is. Harmless when repeated. */
  abandon(): void;
};

/**
 * Begins an agent's run. No engine is called until the events are read.
 *
 * Throws before anything is streamed: `invalid_request` (MCP server), `forbidden` (mode, MCP), `rate_limited` and
 * `budget_exceeded` (gateway key), `no_engine_configured`.
 */
export async function startAgent(
  input: AgentInput,
  context: AgentContext,
  dependencies: AgentDependencies,
): Promise<RunningAgent> {
  const { requestId, route, caller, waitUntil, onRateLimit } = context;
  const { admission, ledger, mcp } = dependencies;
  if (input.mcp.length > 0) mcp.assertUsable(input.mcp, caller);
  const { mode, engines } = await enginesOf(input, context, dependencies);
  assertModesAllowed(caller, mode);
  const maxCostUsd = runCost(input, engines, dependencies);
  await admission.admit(caller, { requestId, maxCostUsd, onRateLimit });
  return whileAdmitted({ admission, requestId, waitUntil }, async () => {
    const turn = ledger.begin({ requestId, route, caller, tier: mode });
    const running = new Running({ input, mode, engines, turn }, context, dependencies);
    return { events: running.events(), abandon: () => running.abandon() };
  });
}

async function enginesOf(
  { model }: AgentInput,
  { caller }: AgentContext,
  dependencies: AgentDependencies,
): Promise<{ mode: ModeId; engines: readonly Engine[] }> {
  const mayUse = (mode: ModeId): boolean => mayUseMode(caller, mode);
  const wanted =
    model === "auto" ? await openMode(allowedMode("smart", mayUse), dependencies, mayUse) : model;
  assertModesAllowed(caller, wanted);
  return enginesFor({ wanted, hasImage: false }, dependencies);
}

/** An estimate: how many calls a run makes is known when it has ended. */
function runCost({ goal }: AgentInput, engines: readonly Engine[], dependencies: AgentDependencies): MaxCost {
  const chat = {
    messages: [{ role: "user" as const, content: goal }],
    stream: true,
    maxOutputTokens: STEP_TOKENS,
  };
  const one = requestCost(engines, chat, dependencies);
  return async () => {
    const cost = await one();
    return cost === undefined ? undefined : cost * USUAL_CALLS;
  };
}

type Started = { input: AgentInput; mode: ModeId; engines: readonly Engine[]; turn: LedgerTurn };

class Running {
  readonly #started: Started;
  readonly #requestId: string;
  readonly #dependencies: AgentDependencies;
  readonly #tracked: TrackedRun<readonly AgentEvent[], AgentRecord>;

  constructor(started: Started, context: AgentContext, dependencies: AgentDependencies) {
    this.#started = started;
    this.#requestId = context.requestId;
    this.#dependencies = dependencies;
    this.#tracked = new TrackedRun({
      clientSignal: context.signal,
      waitUntil: context.waitUntil,
      logger: dependencies.logger,
      logFields: { requestId: context.requestId, mode: started.mode },
      save: (record, unstarted) =>
        settleRun(started.turn, record ?? unstartedRecord(unstarted), dependencies),
    });
  }

  async *events(): AsyncGenerator<readonly AgentEvent[], void> {
    const tracked = this.#tracked;
    const { effects } = this.#dependencies;
    try {
      await tracked.startWhenMade(this.#start());
      for (let batch = await tracked.next(); batch !== undefined; batch = await tracked.next()) yield batch;
      const usage = await this.#usage();
      await tracked.savedWithin(SETTLE_TIMEOUT_MS, effects.clock);
      yield [...usage, { type: "done", summary: tracked.record?.summary ?? "" }];
    } catch (thrown) {
      tracked.fail(thrown);
      await tracked.savedWithin(SETTLE_TIMEOUT_MS, effects.clock);
      yield [...(await this.#usage()), errorEvent(thrown)];
    } finally {
      this.abandon();
    }
  }

  abandon(): void {
    this.#tracked.abandon();
  }

  /** Looks up the tools first, of which the planner is told. */
  async #start() {
    const { input, mode, engines, turn } = this.#started;
    const { mcp, tools, randomHex } = this.#dependencies;
    const { signal } = this.#tracked;
    const own = tools.map((tool): OfferedTool => ({ tool, needsApproval: false }));
    const others = input.mcp.length === 0 ? { tools: [], problems: [] } : await mcp.tools(input.mcp, signal);
    const unasked = others.tools.filter(({ needsApproval }) => !needsApproval);
    const left = others.tools.length - unasked.length;
    const problems = others.problems.map(({ server, message }) => `${server}: ${message}`);
    if (left > 0)
      problems.push(
        `Left out: ${left === 1 ? "one tool that needs" : `${left} tools that need`} the user's consent.`,
      );
    return startAgentRun(
      {
        ...{ requestId: this.#requestId, mode, goal: input.goal, engines, signal, problems },
        tools: [...own, ...unasked],
        nonce: randomHex(NONCE_BYTES),
        onToolCall: (call) => turn.noteToolCall(call),
      },
      this.#dependencies,
    );
  }

  async #usage(): Promise<AgentEvent[]> {
    const { prices } = this.#dependencies;
    const { record } = this.#tracked;
    const usages = record === undefined ? [] : usagesOf(record);
    if (usages.length === 0) return [];
    const { promptTokens, completionTokens, cachedTokens, costUsd } = summarizeUsage(
      usages,
      await prices.whole(),
    );
    const usage = { type: "usage", promptTokens, completionTokens, cachedTokens } as const;
    return [costUsd === undefined ? usage : { ...usage, costUsd }];
  }
}

function errorEvent(thrown: unknown): AgentEvent {
  const error = toGatewayError(thrown);
  const event: AgentEvent & { type: "error" } = {
    ...{ type: "error", message: error.message, code: error.code },
    ...retryFields(error),
  };
  if (error.retryAfterSeconds !== undefined) event.retryAfter = error.retryAfterSeconds;
  return event;
}
