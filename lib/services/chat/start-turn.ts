import type { RunRecord } from "#lib/providers/chat/run.ts";
import type { Registry } from "#lib/providers/registry.ts";
import type { KeyAdmission } from "#lib/services/admission/key-admission.ts";
import { type AdmitContext, admitTurn } from "#lib/services/chat/admit-turn.ts";
import { type Answerer, findAnswerer } from "#lib/services/chat/answerer.ts";
import type { Contributor } from "#lib/services/chat/contributor.ts";
import { type FollowUp, followUp } from "#lib/services/chat/follow-up.ts";
import { serversOf } from "#lib/services/chat/mcp-contributor.ts";
import type { ModeAsker } from "#lib/services/chat/mode-asker.ts";
import { errorEvent, openingEvents, usageEvent } from "#lib/services/chat/native-events.ts";
import { planTurn } from "#lib/services/chat/plan-turn.ts";
import { prepare } from "#lib/services/chat/prepare.ts";
import { findRoute, type RouteFinder } from "#lib/services/chat/route-finder.ts";
import { type ChatInput, type PreparedTurn, storedMessage, type Turn } from "#lib/services/chat/turn.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { BeginDependencies } from "#lib/services/ledger/begin-turn.ts";
import type { LedgerTurn } from "#lib/services/ledger/ledger.ts";
import { type QuestionRecord, type TurnRecord, usagesOf } from "#lib/services/ledger/run-outcome.ts";
import { settleRun } from "#lib/services/ledger/settle-run.ts";
import { summarizeUsage, type TurnUsage } from "#lib/services/ledger/turn-usage.ts";
import type { McpToolSource } from "#lib/services/mcp/mcp-tool-source.ts";
import { TrackedRun, unstartedRecord } from "#lib/services/run/tracked-run.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { toGatewayError } from "#lib/shared/errors.ts";
import type { NativeEvent } from "#lib/streaming/events.ts";

/** The end of a stream waits this long for the turn to be saved, milliseconds; the rest happens behind it. */
const SETTLE_TIMEOUT_MS = 1_500;

export type ChatContext = AdmitContext;

export type ChatDependencies = Pick<
  EngineDependencies & BeginDependencies,
  | "modes"
  | "enginesOf"
  | "howToConfigure"
  | "overrides"
  | "toolsFor"
  | "prices"
  | "logger"
  | keyof BeginDependencies
> & {
  registry: Registry;
  clock: Clock;
  /** The limits of gateway keys. */
  admission: KeyAdmission;
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
  /** The tools of MCP servers. */
  mcp: Pick<McpToolSource, "assertUsable">;
  /** In the order in which they are asked. */
  routeFinders: readonly RouteFinder[];
  /** Undefined if the router decides alone. */
  modeAsker: ModeAsker | undefined;
  /** In the order of their contributions in the request. */
  contributors: readonly Contributor[];
  /** In the order in which they are tried. */
  answerers: readonly Answerer[];
  /** Work behind a delivered turn. */
  followUps: readonly FollowUp[];
};

export type ChatTurn = {
  /** The native stream, in batches; always ends with `done` or `error`, and never throws. */
  events: AsyncGenerator<readonly NativeEvent[], void>;
  /** The client has disconnected: stops the engines and saves what there is. Harmless when repeated. */
  abandon(): void;
};

/**
 * Begins a turn of native chat: counts it against the quota, loads the session, and returns the stream
 * of its answer. No engine is called until the stream is read.
 *
 * Throws before anything is streamed: `invalid_request` (MCP server), `quota_exceeded`, `not_found` (session), `forbidden` (mode),
 * `rate_limited` and `budget_exceeded` (gateway key), `no_engine_configured`, `engines_refused` (no engine
 * has the capabilities), `database_unavailable`.
 */
export async function startChatTurn(
  input: ChatInput,
  context: ChatContext,
  dependencies: ChatDependencies,
): Promise<ChatTurn> {
  const { requestId, caller } = context;
  const servers = serversOf(input);
  if (servers.length > 0) dependencies.mcp.assertUsable(servers, caller);
  const plan = await planTurn(input, caller, dependencies);
  const { begun, ledgerTurn, settleSecret } = await admitTurn(plan, input, context, dependencies);
  const decision = plan.kept.get(begun.lastMode ?? "") ?? plan.decision;
  const { modes } = dependencies;
  const unrouted = { requestId, caller, input, decision, begun, modes };
  const turn: Turn = { ...unrouted, route: findRoute(unrouted, dependencies) };
  const askMode = dependencies.modeAsker?.(turn, settleSecret);
  const running = new RunningTurn({ turn, askMode, ledgerTurn }, context, dependencies);
  return { events: running.events(), abandon: () => running.abandon() };
}

type StartedTurn = { turn: Turn; askMode: ReturnType<ModeAsker>; ledgerTurn: LedgerTurn };

/** A turn under way: prepare, answer, settle. */
class RunningTurn {
  #turn: Turn;
  readonly #ledgerTurn: LedgerTurn;
  readonly #askMode: StartedTurn["askMode"];
  #asked: Promise<Turn> | undefined;
  readonly #dependencies: ChatDependencies & Pick<ChatContext, "waitUntil">;
  readonly #tracked: TrackedRun<readonly NativeEvent[], RunRecord>;
  /** What engines were asked before the answer. */
  readonly #questions: QuestionRecord[] = [];
  readonly #logFields: { requestId: string; mode: string };

  constructor(started: StartedTurn, context: ChatContext, dependencies: ChatDependencies) {
    const { turn, ledgerTurn } = started;
    this.#turn = turn;
    this.#ledgerTurn = ledgerTurn;
    this.#askMode = started.askMode;
    this.#dependencies = { ...dependencies, waitUntil: context.waitUntil };
    this.#logFields = { requestId: turn.requestId, mode: turn.decision.mode };
    this.#tracked = new TrackedRun({
      clientSignal: context.signal,
      waitUntil: context.waitUntil,
      logger: dependencies.logger,
      logFields: this.#logFields,
      save: (record, unstarted) => this.#save(record ?? unstartedRecord(unstarted)),
    });
  }

  async *events(): AsyncGenerator<readonly NativeEvent[], void> {
    const tracked = this.#tracked;
    const { clock, prices } = this.#dependencies;
    try {
      this.#asked = this.#askMode?.(this.#spending);
      if (this.#asked !== undefined) this.#turn = await this.#asked;
      const opening = openingEvents(this.#turn);
      if (opening.length > 0) yield opening;
      const prepared = yield* this.#prepare();
      await tracked.startWhenMade(findAnswerer(prepared, tracked.signal, this.#dependencies.answerers));
      for (let batch = await tracked.next(); batch !== undefined; batch = await tracked.next()) {
        if (batch.length > 0) yield batch;
        // Loads while the answer streams: only its end needs the prices.
        if (!prices.current.facts.library.isLoaded) void prices.whole();
      }
      const { record } = tracked;
      const used = usagesOf({ questions: this.#questions, usages: record?.usages ?? [] });
      const usage = summarizeUsage(used, await prices.whole());
      await tracked.savedWithin(SETTLE_TIMEOUT_MS, clock);
      yield [usageEvent(usage, record?.engine), this.#done(usage)];
    } catch (thrown) {
      tracked.fail(thrown);
      await tracked.savedWithin(SETTLE_TIMEOUT_MS, clock);
      yield [errorEvent(toGatewayError(thrown))];
    } finally {
      this.abandon();
    }
  }

  abandon(): void {
    this.#tracked.abandon();
  }

  #prepare(): AsyncGenerator<readonly NativeEvent[], PreparedTurn> {
    return prepare(this.#turn, {
      ...this.#dependencies,
      ...this.#spending,
      logFields: this.#logFields,
      onToolCall: (call) => this.#ledgerTurn.noteToolCall(call),
    });
  }

  /** For whatever calls an engine before the answer. */
  get #spending() {
    const { signal } = this.#tracked;
    return { signal, onAsked: (question: QuestionRecord) => void this.#questions.push(question) };
  }

  #done(usage: TurnUsage): NativeEvent {
    const { begun, decision } = this.#turn;
    return { type: "done", usage: begun.usedToday, model: decision.mode, tokensOut: usage.completionTokens };
  }

  #save(record: TurnRecord & { text: string }): Promise<void> {
    const settle = (): Promise<void> => {
      const { input, begun } = this.#turn;
      const said = { userMessage: storedMessage(input), assistantMessage: record.text };
      const conversation = { ...said, sessionId: begun.sessionId };
      const end = { conversation, tier: this.#turn.decision.mode };
      return settleRun(this.#ledgerTurn, { ...record, questions: this.#questions }, this.#dependencies, end);
    };
    // A client may leave while a model is asked for the mode: what that has used is known when it has ended.
    const saved = this.#asked === undefined ? settle() : this.#asked.then(settle);
    if (record.state === "completed") followUp(this.#turn, saved, this.#dependencies);
    return saved;
  }
}
