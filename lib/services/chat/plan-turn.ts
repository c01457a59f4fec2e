import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import type { ChatRequest, Tool } from "#lib/chat/request.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import type { Intent } from "#lib/router/intent/intent.ts";
import { intentOf, routeIntent, withLastMode } from "#lib/router/intent/route-intent.ts";
import { stickyMode } from "#lib/router/sticky-mode.ts";
import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import { userMessage } from "#lib/services/chat/build-request.ts";
import { withReaders } from "#lib/services/chat/document-engines.ts";
import { hasDocument, hasImage, imageParts } from "#lib/services/chat/document-input.ts";
import { type ChatInput, fileNames, type Turn, type TurnDecision } from "#lib/services/chat/turn.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { openMode } from "#lib/services/engines/mode-engines.ts";
import { allowedMode, type ChainDependencies } from "#lib/services/engines/resolve-chain.ts";
import { resolveEngines } from "#lib/services/engines/resolve-engines.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import type { BeginTurn, TurnLimits } from "#lib/services/ledger/turn-store.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { truncate } from "#lib/shared/text.ts";

/**
 * What a turn is for, before it begins. Only the database knows the mode of the session's last turn, and nothing
 * is asked of it before `begin_turn`: so every decision that it may lead to is there already.
 */
export type TurnPlan = {
  /** If no mode is kept. */
  decision: TurnDecision;
  /** By the mode of the session's last turn, if that is kept. */
  kept: ReadonlyMap<string, TurnDecision>;
};

export type PlanDependencies = ChainDependencies & Pick<EngineDependencies, "modes">;

/**
 * Modes that a later message of the session keeps. Not `vision`: a message after an image may be about anything, and
 * the image is shown to the engines of every mode that take it.
 */
const KEPT_MODES: readonly ModeId[] = MODE_IDS.filter((mode) => mode !== "vision");

/** Of a new session, characters. */
const MAX_TITLE = 60;

/** Throws as `resolveEngines` does. */
export async function planTurn(
  input: ChatInput,
  caller: Caller,
  dependencies: PlanDependencies,
): Promise<TurnPlan> {
  const planner = new Planner(input, caller, dependencies);
  if (input.model !== "auto") return { decision: await planner.decide(input.model), kept: new Map() };
  const { sessionId, history } = input;
  const { toolsFor } = dependencies;
  const message = stripInvisible(input.message);
  const attached = { hasImage: hasImage(input), hasDocument: hasDocument(input) };
  if (sessionId === undefined) {
    const lastMode = modeOf(history, toolsFor);
    const intent = routeIntent(message, { ...attached, history, toolsFor, lastMode });
    return { decision: await planner.route(intent), kept: new Map() };
  }
  // What the client sends besides a session is no part of the conversation.
  const intent = intentOf(message, { ...attached, history: [], toolsFor });
  // Together, because each may wait for a list of installed models.
  const [decision, kept] = await Promise.all([planner.route(intent), planner.keep(intent)]);
  return { decision, kept };
}

/** What `begin_turn` is told of the turn. */
export function beginFields(
  { decision, kept }: TurnPlan,
  input: ChatInput,
  { modes }: Pick<PlanDependencies, "modes">,
): Omit<BeginTurn, "requestId" | "settleSecret" | "caller"> {
  const byLastMode = new Map(Array.from(kept, ([last, { mode }]) => [last, limitsOf(mode, modes)]));
  return {
    mode: decision.wanted,
    ...limitsOf(decision.mode, modes),
    sessionId: input.sessionId,
    title: truncate(titleOf(input), MAX_TITLE),
    ...(byLastMode.size === 0 ? {} : { byLastMode }),
  };
}

function titleOf(input: ChatInput): string {
  const message = stripInvisible(input.message).replace(/\s+/g, " ").trim();
  return message === "" ? fileNames(input).join(", ") : message;
}

/** What a turn counts in if it is for this mode. */
export function limitsOf(mode: ModeId, modes: PlanDependencies["modes"]): TurnLimits {
  const { perUserDailyLimit, totalDailyCapacity } = modes[mode];
  return { tier: mode, dailyLimit: perUserDailyLimit, dailyCapacity: totalDailyCapacity };
}

/** For a mode that somebody else has found; undefined if the turn cannot have it. */
export function planMode(
  mode: ModeId,
  { input, caller }: Pick<Turn, "input" | "caller">,
  dependencies: PlanDependencies,
): Promise<TurnDecision | undefined> {
  return new Planner(input, caller, dependencies).own(mode);
}

/** The turn is for engines that can call tools. Which tools there are is known later. */
const ANY_TOOL: Tool = { type: "function", name: "any" };

function offersTools({ mcp = [], approvals = [] }: ChatInput): boolean {
  return mcp.length > 0 || approvals.length > 0;
}

/** The mode that the client's own history has led to. */
function modeOf(history: ChatInput["history"], toolsFor: PlanDependencies["toolsFor"]): ModeId | undefined {
  const messages = history.filter(({ role }) => role === "user");
  return stickyMode(
    messages.map(({ content }) => ({ text: content, hasImage: false })),
    toolsFor,
  );
}

/** The decisions about one message. */
class Planner {
  readonly #input: ChatInput;
  readonly #chat: ChatRequest;
  readonly #caller: Caller;
  readonly #dependencies: PlanDependencies;

  constructor(input: ChatInput, caller: Caller, dependencies: PlanDependencies) {
    this.#input = input;
    this.#chat = { messages: [userMessage(input, imageParts(input))], stream: true };
    if (offersTools(input)) this.#chat.tools = [ANY_TOOL];
    this.#caller = caller;
    this.#dependencies = dependencies;
  }

  async decide(mode: ModeId): Promise<TurnDecision> {
    const query = { models: [mode], chat: this.#chat, caller: this.#caller };
    const chain = await resolveEngines(query, this.#dependencies);
    if (chain.wanted === undefined || chain.mode === undefined) {
      throw new Error("A mode was resolved to no mode.");
    }
    const { wanted, borrowedReason } = chain;
    const engines = await withReaders(chain.engines, this.#input, {
      caller: this.#caller,
      mode: wanted,
      ...this.#dependencies,
    });
    return { wanted, mode: chain.mode, engines, reason: borrowedReason };
  }

  /** For what the router says, as far as the caller may use it. */
  async route(intent: Intent): Promise<TurnDecision> {
    const mayUse = (mode: ModeId): boolean => mayUseMode(this.#caller, mode);
    const allowed = allowedMode(intent.mode, mayUse);
    const decision = await this.decide(await openMode(allowed, this.#dependencies, mayUse));
    const denied =
      allowed === intent.mode ? undefined : `This gateway key may not use mode "${intent.mode}".`;
    return { ...decision, intent, reason: denied ?? decision.reason ?? intent.reason };
  }

  /** A row for each last mode that is kept. */
  async keep(intent: Intent): Promise<ReadonlyMap<string, TurnDecision>> {
    const rows = KEPT_MODES.map(async (last): Promise<[ModeId, TurnDecision] | undefined> => {
      const routed = withLastMode(intent, last);
      if (routed.mode === intent.mode) return undefined;
      const own = await this.own(routed.mode);
      return own === undefined ? undefined : [last, { ...own, intent: routed, reason: routed.reason }];
    });
    return new Map((await Promise.all(rows)).filter((row) => row !== undefined));
  }

  /** Undefined if the caller may not use the mode, or none of its own engines can take the request. */
  async own(mode: ModeId): Promise<TurnDecision | undefined> {
    if (!mayUseMode(this.#caller, mode)) return undefined;
    try {
      const decision = await this.decide(mode);
      return decision.mode === mode ? decision : undefined;
    } catch (error) {
      if (error instanceof GatewayError) return undefined;
      throw error;
    }
  }
}
