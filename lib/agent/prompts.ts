import { MAX_STEPS } from "#lib/agent/plan.ts";
import { stripInvisible, untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";
import { endsOf } from "#lib/shared/text.ts";

/** Characters of each end of an earlier result that a later step, and the summary, are shown. */
const SHOWN_OF_RESULT = 6_000;

/** A prompt in two parts: what the gateway says, and what the model is to work on. */
export type AgentPrompt = { instructions: string; text: string };

export type StepResult = {
  index: number;
  title: string;
  /** Undefined if the step has failed. */
  output: string | undefined;
};

export function plannerPrompt(goal: string, toolNames: readonly string[]): AgentPrompt {
  const tools =
    toolNames.length === 0
      ? ""
      : ` Whoever does a step has these tools: ${toolNames.join(", ")}; name none that is not among them.`;
  return {
    instructions:
      `You plan how to reach a goal in one to ${MAX_STEPS} steps, as few as it needs. Each step is done by an assistant ` +
      `who sees the goal, the step and the results of the steps that it needs, and nothing else.${tools} Steps that do ` +
      "not need each other are done at the same time. The results are put together afterwards: plan no step for that. " +
      'Answer only with JSON: [{"title": "what to do, in the language of the goal", "needs": [numbers of earlier steps]}]. ' +
      'The first step has number 1. A step that needs no other has "needs": [].',
    text: stripInvisible(goal),
  };
}

export function workerPrompt(
  {
    goal,
    title,
    needs,
    problems,
  }: { goal: string; title: string; needs: readonly StepResult[]; problems: readonly string[] },
  nonce: string,
): AgentPrompt {
  return {
    instructions:
      "You do one step of a larger task. Do this step only, completely, and answer with its result: no plan, no " +
      "questions, no remarks about what you are going to do. Use tools where facts are needed, and say so if something " +
      `could not be found out. ${untrustedNotice(nonce)}`,
    text: [
      `The goal: ${stripInvisible(goal)}`,
      ...needs.map((result) => resultText(result, nonce)),
      ...(problems.length === 0 ? [] : [problemsText(problems, nonce)]),
      `Your step: ${title}`,
    ].join("\n\n"),
  };
}

export function summaryPrompt(goal: string, results: readonly StepResult[], nonce: string): AgentPrompt {
  return {
    instructions:
      "You write the final answer from the results of several steps. Answer the goal itself, in its language, complete " +
      "and without repeating yourself; do not tell how it was done. Use only what the results say. If a step has failed, " +
      `say plainly what is missing because of it. ${untrustedNotice(nonce)}`,
    text: [`The goal: ${stripInvisible(goal)}`, ...results.map((result) => resultText(result, nonce))].join(
      "\n\n",
    ),
  };
}

/** Servers have a say in the words for what they cannot do: data, too. */
function problemsText(problems: readonly string[], nonce: string): string {
  return `Not available here:\n${wrapUntrusted(problems.join("\n"), "tools", nonce)}`;
}

/** Results are what models and tools wrote: data. */
function resultText({ index, title, output }: StepResult, nonce: string): string {
  const name = `step ${index + 1}`;
  if (output === undefined) return `Step ${index + 1} (${title}) has failed: there is no result.`;
  const shown = endsOf(output, SHOWN_OF_RESULT, "\n[…]\n");
  return `Step ${index + 1}, ${title}:\n${wrapUntrusted(shown, name, nonce)}`;
}
