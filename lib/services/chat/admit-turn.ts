import { estimateTextTokens } from "#lib/chat/token-estimate.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { type CostSource, type MaxCost, maxCost } from "#lib/services/admission/cost-estimate.ts";
import { type KeyAdmission, whileAdmitted } from "#lib/services/admission/key-admission.ts";
import type { RateLimit } from "#lib/services/admission/rate-limit.ts";
import { beginFields, type PlanDependencies, type TurnPlan } from "#lib/services/chat/plan-turn.ts";
import type { ChatInput } from "#lib/services/chat/turn.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { type BeginDependencies, beginTurn } from "#lib/services/ledger/begin-turn.ts";
import type { LedgerTurn } from "#lib/services/ledger/ledger.ts";
import type { BegunTurn } from "#lib/services/ledger/turn-store.ts";
import type { WaitUntil } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { field } from "#lib/shared/json.ts";

const SECRET_BYTES = 32;
const DAY_MS = 86_400_000;
/** Of the conversation that a session has, `build-request.ts` sends so many characters: at most so many tokens. */
const HISTORY_TOKENS = 75_000;
/** What the gateway adds: its instructions, memories, the results of tools. Tokens. */
const ADDED_TOKENS = 12_000;
/** What the files of a conversation may take; see `document-budget.ts`. Tokens. */
const FILE_TOKENS = 300_000;
const IMAGE_TOKENS = 3_000;
/** See `cost-estimate.ts`. */
const DENSITY = 2;

export type AdmitContext = {
  requestId: string;
  /** The path of the route that was called, for the ledger. */
  route?: string | undefined;
  caller: Caller;
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  waitUntil: WaitUntil;
  /** Takes what is left of the key's requests a minute, or else of the user's turns of the day. */
  onRateLimit?: ((limit: RateLimit) => void) | undefined;
};

export type AdmitDependencies = BeginDependencies &
  Pick<PlanDependencies, "modes"> &
  CostSource & {
    admission: KeyAdmission;
    clock: Pick<Clock, "wallNow">;
    randomHex(bytes: number): string;
  };

/** A turn that is counted, and what ends it. */
export type AdmittedTurn = { begun: BegunTurn; ledgerTurn: LedgerTurn; settleSecret: string };

/** Admits a turn by the limits of its gateway key, and begins it. Throws as `admit` and `beginTurn` do. */
export async function admitTurn(
  plan: TurnPlan,
  input: ChatInput,
  context: AdmitContext,
  dependencies: AdmitDependencies,
): Promise<AdmittedTurn> {
  const { requestId, route, caller, signal, waitUntil, onRateLimit } = context;
  const { admission } = dependencies;
  await admission.admit(caller, { requestId, maxCostUsd: turnCost(plan, input, dependencies), onRateLimit });
  return whileAdmitted({ admission, requestId, waitUntil }, async () => {
    const settleSecret = dependencies.randomHex(SECRET_BYTES);
    const begin = { requestId, route, settleSecret, caller, ...beginFields(plan, input, dependencies) };
    try {
      const begun = await beginTurn(begin, signal, dependencies);
      noteQuota(plan, begun.begun, context, dependencies);
      return { ...begun, settleSecret };
    } catch (error) {
      noteUsedUp(error, context, dependencies);
      throw error;
    }
  });
}

/** The user's turns of the day, unless the key's own limit is told. */
function noteQuota(
  { decision, kept }: TurnPlan,
  { lastMode = "", usedToday }: BegunTurn,
  context: AdmitContext,
  { modes, clock }: AdmitDependencies,
): void {
  if (hasOwnLimit(context.caller)) return;
  const limit = modes[(kept.get(lastMode) ?? decision).mode].perUserDailyLimit;
  const remaining = Math.max(0, limit - usedToday);
  context.onRateLimit?.({ limit, remaining, resetMs: untilMidnight(clock) });
}

function noteUsedUp(error: unknown, context: AdmitContext, { clock }: AdmitDependencies): void {
  if (!(error instanceof GatewayError) || error.code !== "quota_exceeded" || hasOwnLimit(context.caller))
    return;
  const limit = field(error.details, "limit");
  if (typeof limit !== "number") return;
  context.onRateLimit?.({ limit, remaining: 0, resetMs: untilMidnight(clock) });
}

function hasOwnLimit(caller: Caller): boolean {
  return caller.kind === "key" && caller.limits.requestsPerMinute !== undefined;
}

function untilMidnight(clock: Pick<Clock, "wallNow">): number {
  return DAY_MS - (clock.wallNow() % DAY_MS);
}

/** The most that one call for the turn may cost, whichever of its modes it turns out to be for. */
function turnCost({ decision, kept }: TurnPlan, input: ChatInput, source: CostSource): MaxCost {
  return () => {
    const engines = new Set<Engine>(decision.engines);
    for (const { engines: more } of kept.values()) for (const engine of more) engines.add(engine);
    return maxCost([...engines], { promptTokens: maxPromptTokens(input) }, source);
  };
}

function maxPromptTokens(input: ChatInput): number {
  const { message, history, sessionId, attached, image, customInstructions = "" } = input;
  const said = sessionId === undefined ? history.map(({ content }) => content) : [];
  const earlier =
    sessionId === undefined
      ? said.reduce((sum, text) => sum + estimateTextTokens(text) * DENSITY, 0)
      : HISTORY_TOKENS;
  const files = attached === undefined || attached.files.length === 0 ? 0 : FILE_TOKENS;
  return Math.ceil(
    (estimateTextTokens(message) + estimateTextTokens(customInstructions)) * DENSITY +
      Math.min(earlier, HISTORY_TOKENS) +
      files +
      (image === undefined ? 0 : IMAGE_TOKENS) +
      ADDED_TOKENS,
  );
}
