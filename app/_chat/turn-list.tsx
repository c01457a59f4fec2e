"use client";

import { useEffect, useRef, useState } from "react";
import type { Conversation, ConversationState } from "#lib/browser/conversation.ts";
import type { TurnView } from "#lib/browser/turn-view.ts";
import type { Question } from "#lib/browser/turns.ts";
import { chatStrings } from "../_strings/chat.ts";
import { Button } from "../_ui/button.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { toolName } from "../_ui/tool-call.tsx";
import { Answer } from "./answer.tsx";
import { QuestionBubble } from "./question-bubble.tsx";

/** How near the end counts as being at it, pixels. */
const NEAR_END = 80;

type ListProps = { conversation: Conversation; state: ConversationState };

/** The turns of a conversation. The view follows the newest text as long as the reader is at the end. */
export function TurnList({ conversation, state }: ListProps) {
  const { box, isAtEnd, onScroll, toEnd } = useFollow(state);
  const isIdle = state.phase === "idle";
  // One answer is read aloud at a time.
  const [readKey, setReadKey] = useState<number>();
  const replace = (index: number) => (question: Question) => {
    void conversation.replace(index, question);
  };
  const decide = (callId: string, approve: boolean): void => {
    void conversation.decide(callId, approve);
    // The button that was pressed is gone, and the focus with it; the next question takes it from here.
    box.current?.focus({ preventScroll: true });
  };
  return (
    <div className="relative min-h-0 grow">
      <section
        ref={box}
        onScroll={onScroll}
        aria-label={chatStrings.conversation}
        tabIndex={0}
        className="h-full overflow-y-auto"
      >
        <div className="mx-auto w-full max-w-3xl space-y-8 px-4 py-6 sm:px-6">
          {state.turns.map(({ key, question, answer }, index) => (
            <article key={key} className="space-y-4">
              <QuestionBubble question={question} resend={isIdle ? replace(index) : undefined} />
              <Answer
                view={answer}
                question={question.text}
                isRead={key === readKey}
                read={(isOn) => setReadKey(isOn ? key : undefined)}
                retry={isIdle ? () => replace(index)(question) : undefined}
                decide={isIdle && index === state.turns.length - 1 ? decide : undefined}
              />
            </article>
          ))}
          {state.error === undefined ? null : <Alert tone="bad">{state.error.message}</Alert>}
        </div>
      </section>
      <Announcement state={state} />
      {isAtEnd ? null : (
        <Button
          size="sm"
          icon="arrow-down"
          onClick={toEnd}
          className="absolute bottom-3 left-1/2 -translate-x-1/2 shadow-lg"
        >
          {chatStrings.jump}
        </Button>
      )}
    </div>
  );
}

/** Says what became of the last answer, to screen readers; the text itself can be read in place. */
function Announcement({ state: { turns } }: { state: ConversationState }) {
  const last = turns.at(-1)?.answer;
  return (
    <p role="status" className="sr-only">
      {last === undefined ? "" : announcementOf(last)}
    </p>
  );
}

function announcementOf({ state, calls }: TurnView): string {
  const waiting = calls.find((call) => call.state === "asks");
  if (state === "done" && waiting !== undefined) return chatStrings.calls.asking(toolName(waiting.name));
  const running = calls.findLast((call) => call.state === "running");
  return running === undefined
    ? chatStrings.states[state]
    : chatStrings.calls.calling(toolName(running.name));
}

function useFollow(state: ConversationState) {
  const box = useRef<HTMLElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const follows = useRef(true);
  const lastTop = useRef(0);
  const turnCount = state.turns.length;
  const toEnd = (): void => box.current?.scrollTo({ top: box.current.scrollHeight });
  // A new question is always shown.
  useEffect(() => {
    if (turnCount === 0) return;
    follows.current = true;
    setIsAtEnd(true);
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [turnCount]);
  useEffect(() => {
    const view = box.current;
    const content = view?.firstElementChild;
    if (view === null || content == null) return;
    const observer = new ResizeObserver(() => {
      if (follows.current) view.scrollTo({ top: view.scrollHeight });
    });
    observer.observe(content);
    // Files of the next message make the field higher, and this lower.
    observer.observe(view);
    return () => observer.disconnect();
  }, []);
  const onScroll = (): void => {
    const element = box.current;
    if (element === null) return;
    const isNear = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    // Only the person moves up. Something high may have been added below since it was scrolled to the end.
    if (isNear) follows.current = true;
    else if (element.scrollTop < lastTop.current) follows.current = false;
    lastTop.current = element.scrollTop;
    setIsAtEnd(follows.current);
  };
  return { box, isAtEnd, onScroll, toEnd };
}
