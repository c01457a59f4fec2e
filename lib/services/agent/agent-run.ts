import { type PlannedStep, readPlan } from "#lib/agent/plan.ts";
import { plannerPrompt, type StepResult, summaryPrompt } from "#lib/agent/prompts.ts";
import type { ModeId } from "#lib/ai-models.ts";
import { newRecord, type RunRecord } from "#lib/providers/chat/run.ts";
import { abortError, clientClosed } from "#lib/providers/failures/run-errors.ts";
import { AgentQueue } from "#lib/services/agent/agent-queue.ts";
import { type AgentWork, runStep, runSummary, type StepOutcome } from "#lib/services/agent/agent-step.ts";
import type { AgentDependencies } from "#lib/services/agent/agent-types.ts";
import { ask } from "#lib/services/ask.ts";
import type { QuestionRecord } from "#lib/services/ledger/run-outcome.ts";
import type { TrackableRun } from "#lib/services/run/tracked-run.ts";
import { linkAbort } from "#lib/shared/abort.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";

/** Steps that are done at the same time. */
const MAX_AT_ONCE = 3;
const PLANNER_TIMEOUT_MS = 20_000;
/**
 * Plan and steps together, milliseconds: with the summary's minute they end within the 300 seconds that serverless
 * hosts give a request.
 */
const STEPS_TIME_MS = 220_000;
const PLANNER_TOKENS = 1_500;

/** The record of a run: that of the summary, with the calls of planner and steps beside it. */
export type AgentRecord = RunRecord & { questions: QuestionRecord[]; summary: string };

export type AgentRun = TrackableRun<readonly AgentEvent[], AgentRecord>;

export type AgentPlanning = Omit<AgentWork, "queue" | "onRun" | "stepsUntil"> & { mode: ModeId };

/** Plans, works and sums up. Nothing is called before the first read. */
export function startAgentRun(planning: AgentPlanning, dependencies: AgentDependencies): AgentRun {
  const run = new Agent(planning, dependencies);
  return { events: run, record: run.record };
}

class Agent {
  readonly record: AgentRecord = { ...newRecord(), questions: [], summary: "" };
  readonly #mode: ModeId;
  readonly #work: AgentWork;
  readonly #dependencies: AgentDependencies;
  readonly #queue = new AgentQueue();
  readonly #abort: AbortController;
  readonly #unlink: () => void;
  /** What engines were asked last. */
  #last: RunRecord | undefined;
  #running: Promise<void> | undefined;
  #error: unknown;

  constructor({ mode, ...planning }: AgentPlanning, dependencies: AgentDependencies) {
    this.#mode = mode;
    this.#dependencies = dependencies;
    const { controller, unlink } = linkAbort(planning.signal);
    this.#abort = controller;
    this.#unlink = unlink;
    this.#work = {
      ...planning,
      signal: controller.signal,
      stepsUntil: dependencies.effects.clock.now() + STEPS_TIME_MS,
      queue: this.#queue,
      onRun: (record, meta) => {
        this.#last = record;
        this.record.questions.push(questionOf(record, meta));
      },
    };
  }

  async next(): Promise<IteratorResult<readonly AgentEvent[], void>> {
    this.#running ??= this.#run();
    const events = await this.#queue.next();
    if (events !== undefined) return { done: false, value: events };
    await this.#running;
    if (this.#error !== undefined) throw this.#error;
    return { done: true, value: undefined };
  }

  /** The reader has gone: everything is stopped, and the record is complete when this resolves. */
  async return(): Promise<void> {
    this.#abort.abort(clientClosed());
    this.#queue.close();
    await this.#running;
    if (this.record.state === "running") this.record.state = "cancelled";
  }

  /** Never rejects. */
  async #run(): Promise<void> {
    const { signal } = this.#abort;
    try {
      await this.#steps();
      this.record.state = "completed";
    } catch (thrown) {
      const aborted = signal.aborted ? abortError(signal) : undefined;
      this.#error = aborted ?? thrown;
      const isLeft = aborted?.code === "client_closed_request";
      this.record.state = aborted === undefined ? "failed" : isLeft ? "cancelled" : "interrupted";
    } finally {
      this.record.engine = this.#last?.engine;
      this.#unlink();
      this.#queue.close();
    }
  }

  async #steps(): Promise<void> {
    for (const message of this.#work.problems) await this.#queue.push({ type: "notice", message });
    const steps = await this.#plan();
    for (const [index, { title }] of steps.entries()) await this.#queue.push({ type: "step", index, title });
    this.record.committed = true;
    const outcomes = await this.#workOn(steps);
    const failed = outcomes.flatMap((outcome) => ("error" in outcome ? [outcome.error] : []));
    const [first] = failed;
    if (first !== undefined && failed.length === outcomes.length) throw first;
    const results = steps.map(({ title }, index) => resultOf(index, title, outcomes[index]));
    const { goal, nonce } = this.#work;
    const prompt = summaryPrompt(goal, results, nonce);
    const summary = await runSummary(prompt, this.#work, this.#dependencies);
    if ("error" in summary) throw summary.error;
    this.record.summary = summary.output;
  }

  /** A planner that fails costs the plan, not the run: the goal is the only step then. */
  async #plan(): Promise<PlannedStep[]> {
    const { goal, tools, requestId, signal } = this.#work;
    const names = tools.map(({ tool }) => tool.name);
    const question = {
      ...{ ...plannerPrompt(goal, names), mode: this.#mode },
      ...{ maxOutputTokens: PLANNER_TOKENS, timeoutMs: PLANNER_TIMEOUT_MS },
    };
    const context = {
      ...{ requestId, signal },
      onEnd: (record: QuestionRecord) => {
        this.record.questions.push({ ...record, meta: { agent: "planner" } });
      },
    };
    try {
      return readPlan(await ask(question, context, this.#dependencies), goal);
    } catch (error) {
      if (signal.aborted || !(error instanceof GatewayError)) throw error;
      return readPlan("", goal);
    }
  }

  /** All steps, each as soon as what it needs is there and one of three places is free. */
  async #workOn(steps: readonly PlannedStep[]): Promise<StepOutcome[]> {
    const outcomes: StepOutcome[] = [];
    const running = new Map<number, Promise<void>>();
    const waiting = new Set(steps.keys());
    while (waiting.size > 0 || running.size > 0) {
      for (const index of waiting) {
        const step = steps[index];
        if (running.size === MAX_AT_ONCE) break;
        if (step === undefined || step.needs.some((need) => outcomes[need] === undefined)) continue;
        waiting.delete(index);
        const needs = step.needs.map((need) => resultOf(need, steps[need]?.title ?? "", outcomes[need]));
        const done = this.#step({ index, title: step.title, needs }).then((outcome) => {
          outcomes[index] = outcome;
          running.delete(index);
        });
        // The loop waits for the first one only; the others may fail meanwhile, when the client leaves.
        void Promise.allSettled([done]);
        running.set(index, done);
      }
      try {
        await Promise.race(running.values());
      } catch (error) {
        await Promise.allSettled(running.values());
        throw error;
      }
    }
    return outcomes;
  }

  async #step(step: { index: number; title: string; needs: StepResult[] }): Promise<StepOutcome> {
    const outcome = await runStep(step, this.#work, this.#dependencies);
    const { index } = step;
    if ("output" in outcome) {
      await this.#queue.push({ type: "step_done", index, output: outcome.output });
    } else {
      const { code, message } = outcome.error;
      await this.#queue.push({ type: "step_done", index, output: "", error: { code, message } });
    }
    return outcome;
  }
}

/** What has been asked of engines, which may still go on. */
function questionOf(record: RunRecord, meta: Readonly<Record<string, unknown>>): QuestionRecord {
  return {
    meta,
    isDelivered: true,
    get attempts() {
      return record.attempts;
    },
    get usages() {
      return record.usages;
    },
  };
}

function resultOf(index: number, title: string, outcome: StepOutcome | undefined): StepResult {
  return { index, title, output: outcome !== undefined && "output" in outcome ? outcome.output : undefined };
}
