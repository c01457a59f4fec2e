import { type AgentPrompt, type StepResult, workerPrompt } from "#lib/agent/prompts.ts";
import type { ToolRun } from "#lib/chat/events.ts";
import type { ChatRequest } from "#lib/chat/request.ts";
import { eligibleEngines } from "#lib/providers/chat/eligibility.ts";
import type { ChatRun, RunEvent, RunRecord } from "#lib/providers/chat/run.ts";
import { runChat } from "#lib/providers/chat/run-chat.ts";
import { runToolRounds } from "#lib/providers/chat/tool-rounds.ts";
import type { ToolRoundLimits } from "#lib/providers/chat/tool-rounds-types.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { AgentQueue } from "#lib/services/agent/agent-queue.ts";
import type { AgentDependencies } from "#lib/services/agent/agent-types.ts";
import type { ToolCallRecord } from "#lib/services/ledger/turn-store.ts";
import { AttemptLog } from "#lib/services/run/attempt-log.ts";
import { offeredRounds } from "#lib/services/tools/offered-rounds.ts";
import { linkAbort } from "#lib/shared/abort.ts";
import { GatewayError, toGatewayError } from "#lib/shared/errors.ts";
import { hash32, truncate } from "#lib/shared/text.ts";
import type { AgentEvent } from "#lib/streaming/agent-events.ts";
import type { OfferedTool } from "#lib/tools/offered-tool.ts";

/** For one step, and for the summary, milliseconds. */
const STEP_TIMEOUT_MS = 60_000;
/** Characters of a step's text, and of the summary's; there it is cut. */
const MAX_OUTPUT = 50_000;
/** Characters of a call's arguments and of its result that a client is shown. */
const MAX_SHOWN = 4_000;
const LIMITS: ToolRoundLimits = {
  rounds: 6,
  timeMs: 45_000,
  resultCharacters: 20_000,
  allCharacters: 80_000,
};

/** What all parts of a run are done with. */
export type AgentWork = {
  requestId: string;
  goal: string;
  engines: readonly Engine[];
  /** Tools that need nobody's consent. */
  tools: readonly OfferedTool[];
  /** What is not available, for the model. */
  problems: readonly string[];
  /** Random per request, for the marks around results. */
  nonce: string;
  signal: AbortSignal;
  /** When all steps must have ended, monotonic milliseconds. */
  stepsUntil: number;
  queue: AgentQueue;
  onToolCall(call: ToolCallRecord): void;
  /** Takes the record of everything that is asked of engines, as soon as it begins. */
  onRun(record: RunRecord, meta: Readonly<Record<string, unknown>>): void;
};

export type StepOutcome = { output: string } | { error: GatewayError };

/** Does one step. Never rejects, but when the client has left. */
export async function runStep(
  step: { index: number; title: string; needs: readonly StepResult[] },
  work: AgentWork,
  dependencies: AgentDependencies,
): Promise<StepOutcome> {
  const { index, title, needs } = step;
  const { goal, problems, nonce } = work;
  const prompt = workerPrompt({ goal, title, needs, problems }, nonce);
  const left = work.stepsUntil - dependencies.effects.clock.now();
  if (left <= 0)
    return { error: new GatewayError("step_timeout", "The run had no time left for this step.") };
  const time = { what: "The step", timeoutMs: Math.min(STEP_TIMEOUT_MS, left) };
  return whileTime(time, work, dependencies, (signal) => {
    const run = startStep(prompt, signal, work, dependencies);
    work.onRun(run.record, { agent: "worker", step: index + 1 });
    return readText(run, index, work, dependencies);
  });
}

/** Writes the summary, without tools. */
export async function runSummary(
  prompt: AgentPrompt,
  work: AgentWork,
  dependencies: AgentDependencies,
): Promise<StepOutcome> {
  const time = { what: "The summary", timeoutMs: STEP_TIMEOUT_MS };
  return whileTime(time, work, dependencies, (signal) => {
    const run = runChat(
      { ...optionsOf(work, dependencies), request: requestOf(prompt), signal },
      dependencies.effects,
    );
    work.onRun(run.record, { agent: "synthesiser" });
    return readText(run, null, work, dependencies);
  });
}

function optionsOf({ engines, requestId }: AgentWork, { run }: AgentDependencies) {
  return { engines, keySeed: hash32(requestId), ...run };
}

function requestOf({ instructions, text }: AgentPrompt): ChatRequest {
  return {
    messages: [
      { role: "system", content: instructions },
      { role: "user", content: text },
    ],
    stream: true,
    awaitsUsage: true,
  };
}

/** With tools, at the engines that can call some; without them, where none can. */
function startStep(
  prompt: AgentPrompt,
  signal: AbortSignal,
  work: AgentWork,
  dependencies: AgentDependencies,
): ChatRun {
  const { effects, logger, randomHex } = dependencies;
  const { tools, requestId, nonce, onToolCall } = work;
  const options = { ...optionsOf(work, dependencies), signal };
  const plain = requestOf(prompt);
  const logFields = { requestId };
  const { functions, ...rounds } = offeredRounds(tools, {
    ...{ clock: effects.clock, logger, logFields, nonce, onToolCall },
  });
  const request: ChatRequest = { ...plain, tools: functions };
  const { engines } = eligibleEngines(options.engines, request);
  if (functions.length === 0 || engines.length === 0) return runChat({ ...options, request: plain }, effects);
  return runToolRounds(
    { ...options, ...rounds, engines, request, decisions: [], limits: LIMITS, randomHex },
    effects,
  );
}

/** Reads a run to its end, or as far as its text may go, and passes the text on as it comes. */
async function readText(
  run: ChatRun,
  index: number | null,
  { queue, requestId }: AgentWork,
  { logger }: AgentDependencies,
): Promise<string> {
  const attempts = new AttemptLog(logger, { requestId });
  let sent = "";
  let isApart = false;
  try {
    for (let batch = await run.events.next(); batch.done !== true; batch = await run.events.next()) {
      attempts.note(run.record.attempts);
      for (const event of batch.value) {
        if (event.type === "tool_run") {
          isApart = sent !== "";
          if (index !== null) await queue.push(toolEvent(event.run, index));
          continue;
        }
        if (event.type === "engine") await queue.push(backendEvent(event.engine, index));
        const text = textIn(event);
        if (text === "") continue;
        const all = truncate(isApart ? `${sent}\n\n${text}` : sent + text, MAX_OUTPUT);
        await queue.push({ type: "token", index, text: all.slice(sent.length) });
        isApart = false;
        sent = all;
        if (sent.length === MAX_OUTPUT) return sent.trim();
      }
    }
  } finally {
    attempts.note(run.record.attempts);
    // A step that is given up stops what is under way.
    if (run.record.state === "running") await run.events.return();
  }
  return sent.trim();
}

function textIn(event: RunEvent): string {
  if (event.type !== "answer") return "";
  let text = "";
  for (const part of event.events) if (part.type === "text" || part.type === "refusal") text += part.text;
  return text;
}

function backendEvent({ label, provider, model }: Engine, index: number | null): AgentEvent {
  return { type: "backend", index, label, provider: provider.id, model };
}

function toolEvent(run: ToolRun, index: number): AgentEvent {
  const { id, name, origin, arguments: args, status } = run;
  const event: AgentEvent & { type: "tool" } = {
    type: "tool",
    index,
    id,
    name: origin?.tool ?? name,
    status,
  };
  if (origin !== undefined) event.plugin = origin.server;
  if (status === "running") event.arguments = truncate(args, MAX_SHOWN);
  if (run.status === "done" || run.status === "failed") event.result = truncate(run.output, MAX_SHOWN);
  return event;
}

/** Gives work so much time. What fails is an outcome; rejects only when the client has left. */
async function whileTime(
  { what, timeoutMs }: { what: string; timeoutMs: number },
  { signal }: AgentWork,
  { effects }: AgentDependencies,
  work: (signal: AbortSignal) => Promise<string>,
): Promise<StepOutcome> {
  const { controller, unlink } = linkAbort(signal);
  const late = new GatewayError(
    "step_timeout",
    `${what} took longer than ${Math.round(timeoutMs / 1_000)} seconds.`,
  );
  const timer = effects.clock.after(timeoutMs, () => controller.abort(late));
  try {
    const output = await work(controller.signal);
    if (output !== "") return { output };
    return {
      error: new GatewayError("engines_unavailable", `${what} came to nothing: the answer was empty.`),
    };
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    return { error: toGatewayError(thrown) };
  } finally {
    timer.cancel();
    unlink();
  }
}
