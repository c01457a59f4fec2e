import type { ToolCall } from "#lib/browser/tool-calls.ts";
import type { Step, TurnView } from "#lib/browser/turn-view.ts";

/** The parts of an answer in their order: what the engines have said, and the calls between. */
export type AnswerPart =
  | { kind: "text"; offset: number; text: string }
  | { kind: "calls"; offset: number; calls: readonly ToolCall[] };

export function partsOf({ text, calls }: Pick<TurnView, "text" | "calls">): readonly AnswerPart[] {
  const parts: AnswerPart[] = [];
  let from = 0;
  const addText = (to: number): void => {
    if (to > from) parts.push({ kind: "text", offset: from, text: text.slice(from, to) });
    from = to;
  };
  for (const call of calls) {
    addText(call.offset);
    const last = parts.at(-1);
    if (last?.kind === "calls") parts[parts.length - 1] = { ...last, calls: [...last.calls, call] };
    else parts.push({ kind: "calls", offset: call.offset, calls: [call] });
  }
  addText(text.length);
  return parts;
}

/** Where engines took over in the middle of the text, with their labels. */
export function jointsOf({ steps }: TurnView): readonly { offset: number; label: string }[] {
  return steps.flatMap((step) =>
    step.kind === "answer" && step.continues ? [{ offset: step.offset, label: step.label }] : [],
  );
}

/** The engine that answers, or answered last. */
export function answeringEngine({ steps }: TurnView): Extract<Step, { kind: "answer" }> | undefined {
  return steps.findLast((step) => step.kind === "answer");
}
