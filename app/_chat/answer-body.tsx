"use client";

import { jointsOf, partsOf } from "#lib/browser/answer-parts.ts";
import type { ToolCall } from "#lib/browser/tool-calls.ts";
import type { TurnView } from "#lib/browser/turn-view.ts";
import { chatStrings } from "../_strings/chat.ts";
import { toolsStrings } from "../_strings/tools.ts";
import { AnswerText } from "../_ui/answer-text.tsx";
import { Icon } from "../_ui/icon.tsx";
import { ToolCallView } from "../_ui/tool-call.tsx";
import { CallQuestion, type Decide } from "./call-question.tsx";

type BodyProps = { view: TurnView; isRunning: boolean; decide: Decide | undefined };

/** What the engines have said, and between it the tools that they have called. */
export function AnswerBody({ view, isRunning, decide }: BodyProps) {
  const parts = partsOf(view);
  const joints = jointsOf(view).map(({ offset }) => offset);
  const next = view.calls.find(({ state }) => state === "asks")?.id;
  return parts.map((part, index) => {
    const isLast = index === parts.length - 1;
    if (part.kind === "text") {
      const { offset, text } = part;
      const own = joints.filter((joint) => joint > offset && joint < offset + text.length);
      return (
        <AnswerText
          key={`text ${offset}`}
          text={text}
          isGrowing={isRunning && isLast}
          joints={own.map((joint) => joint - offset)}
        />
      );
    }
    return (
      <Calls
        key={`calls ${part.offset}`}
        calls={part.calls}
        {...{ decide, next }}
        isRead={isLast && view.state === "answering"}
      />
    );
  });
}

type CallsProps = {
  calls: readonly ToolCall[];
  decide: Decide | undefined;
  /** The id of the first call that asks. */
  next: string | undefined;
  /** The model has the results of these calls, and has not said anything yet. */
  isRead: boolean;
};

function Calls({ calls, decide, next, isRead }: CallsProps) {
  const isOver = calls.every(({ state }) => state !== "running" && state !== "asks");
  return (
    <>
      <ul aria-label={toolsStrings.calls} className="space-y-2">
        {calls.map((call) => (
          <li key={call.id}>
            {call.state === "asks" ? (
              <CallQuestion call={call} decide={decide} isNext={call.id === next} />
            ) : (
              <ToolCallView call={call} />
            )}
          </li>
        ))}
      </ul>
      {isRead && isOver ? (
        <p className="flex items-center gap-2 text-sm text-muted">
          <Icon name="refresh" size={14} className="animate-spin" />
          {chatStrings.calls.reading}
        </p>
      ) : null}
    </>
  );
}
