"use client";

import { memo } from "react";
import { answeringEngine } from "#lib/browser/answer-parts.ts";
import type { TurnView } from "#lib/browser/turn-view.ts";
import { chatStrings } from "../_strings/chat.ts";
import { FailureAlert } from "../_ui/failure-alert.tsx";
import { Icon } from "../_ui/icon.tsx";
import { Picture } from "../_ui/picture.tsx";
import { useLoadableImage } from "../_ui/storage.tsx";
import { AnswerBody } from "./answer-body.tsx";
import { AnswerFooter } from "./answer-footer.tsx";
import type { Decide } from "./call-question.tsx";
import { Sources } from "./sources.tsx";
import { Steps } from "./steps.tsx";
import { Tools } from "./tools.tsx";

type AnswerProps = {
  view: TurnView;
  /** What was asked. */
  question: string;
  /** Whether it is being read aloud. */
  isRead: boolean;
  read: (isOn: boolean) => void;
  /** Asks the question again; absent while an answer is being written. */
  retry: (() => void) | undefined;
  /** Answers a call that asks for consent; absent while that is not possible. */
  decide: Decide | undefined;
};

/** One answer: the way to it, what the model thought, the text, and what it cost. */
export const Answer = memo(
  function Answer({ view, question, isRead, read, retry, decide }: AnswerProps) {
    const { state, text } = view;
    const isRunning = state === "waiting" || state === "answering";
    return (
      <div className="min-w-0 space-y-3">
        <h2 className="sr-only">{answeringEngine(view)?.label ?? chatStrings.states[state]}</h2>
        <Steps view={view} isRunning={isRunning} />
        <Tools tools={view.tools} />
        <Thinking view={view} />
        <AnswerBody view={view} isRunning={isRunning} decide={decide} />
        {view.images.map((url) => (
          <AnswerImage key={url} url={url} question={question} />
        ))}
        <Sources sources={view.sources} />
        {state === "stopped" && text === "" ? (
          <p className="text-sm text-muted">{chatStrings.stoppedEmpty}</p>
        ) : null}
        <FailureAlert title={chatStrings.failedTitle} failure={view.failure} retry={retry} />
        {isRunning ? null : <AnswerFooter {...{ view, question, retry, isRead, read }} />}
      </div>
    );
  },
  (before, after) =>
    before.view === after.view &&
    before.isRead === after.isRead &&
    (before.retry === undefined) === (after.retry === undefined) &&
    (before.decide === undefined) === (after.decide === undefined),
);

function Thinking({ view: { thinking, text, state } }: { view: TurnView }) {
  if (thinking === "") return null;
  const isThinking = state === "answering" && text === "";
  return (
    <details className="rounded-xl border border-line px-4 py-2 text-sm">
      <summary className="text-muted">{isThinking ? chatStrings.thinking : chatStrings.thought}</summary>
      <p className="mt-2 max-h-96 overflow-y-auto wrap-anywhere whitespace-pre-wrap text-muted">{thinking}</p>
    </details>
  );
}

function AnswerImage({ url, question }: { url: string; question: string }) {
  const src = useLoadableImage(url);
  if (src === undefined) {
    return (
      <p className="flex items-center gap-2 text-sm text-muted">
        <Icon name="image" size={16} />
        <span className="wrap-anywhere">{url}</span>
      </p>
    );
  }
  return <Picture src={src} alt={question.trim() === "" ? chatStrings.image : question} />;
}
