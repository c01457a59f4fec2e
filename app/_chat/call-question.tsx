"use client";

import { useEffect, useId, useRef } from "react";
import type { ToolCall } from "#lib/browser/tool-calls.ts";
import { chatStrings } from "../_strings/chat.ts";
import { toolsStrings } from "../_strings/tools.ts";
import { Button } from "../_ui/button.tsx";
import { Icon } from "../_ui/icon.tsx";
import { Badge } from "../_ui/surfaces.tsx";
import { StrangersText, toolName } from "../_ui/tool-call.tsx";

const texts = chatStrings.calls;

export type Decide = (callId: string, approve: boolean) => void;

type QuestionProps = {
  call: ToolCall;
  /** Absent when it can no longer be answered. */
  decide: Decide | undefined;
  /** The first that waits. */
  isNext: boolean;
};

/** Asks the user for consent to a call: what, where, and with which arguments. */
export function CallQuestion({ call, decide, isNext }: QuestionProps) {
  const { id, name, server = "", arguments: sent = "" } = call;
  const titleId = useId();
  const card = useRef<HTMLFieldSetElement>(null);
  useFocusWhen(isNext && decide !== undefined, card);
  return (
    <fieldset
      ref={card}
      tabIndex={-1}
      aria-labelledby={titleId}
      className="min-w-0 space-y-3 rounded-xl border border-strong-line bg-raised p-4 text-sm"
    >
      <div className="flex flex-wrap items-center gap-2">
        <Icon name="shield" className="text-warn" />
        <h3 id={titleId} className="min-w-0 font-semibold wrap-anywhere">
          {texts.question(toolName(name))}
        </h3>
        {server === "" ? null : <Badge>{server}</Badge>}
        {decide === undefined ? <Badge tone="warn">{texts.unanswered}</Badge> : null}
      </div>
      <p className="text-muted">{server === "" ? texts.ownQuestionText : texts.questionText(server)}</p>
      {sent.trim() === "" || sent.trim() === "{}" ? (
        <p className="text-muted">{toolsStrings.noArguments}</p>
      ) : (
        <StrangersText label={toolsStrings.arguments} text={sent} />
      )}
      {decide === undefined ? null : (
        <div className="flex flex-wrap gap-2">
          <Button variant="primary" size="sm" icon="check" onClick={() => decide(id, true)}>
            {texts.allow}
          </Button>
          <Button size="sm" icon="close" onClick={() => decide(id, false)}>
            {texts.refuse}
          </Button>
        </div>
      )}
    </fieldset>
  );
}

/** The focus goes to the question, not to its button: a key that was meant for something else must not answer it. */
function useFocusWhen(isWanted: boolean, card: { current: HTMLElement | null }): void {
  useEffect(() => {
    if (!isWanted) return;
    const { activeElement } = document;
    // Whoever is writing goes on writing.
    if (activeElement instanceof HTMLTextAreaElement && activeElement.value !== "") return;
    card.current?.focus({ preventScroll: true });
  }, [isWanted, card]);
}
