"use client";

import { type RefObject, useEffect, useRef, useState } from "react";
import { ApiError } from "#lib/browser/api.ts";
import type { ReadingState } from "#lib/browser/speech/reading.ts";
import { mediaStrings } from "../_strings/media.ts";
import { Button } from "../_ui/button.tsx";
import { FailureAlert } from "../_ui/failure-alert.tsx";
import { Icon } from "../_ui/icon.tsx";
import { useReading } from "./use-reading.ts";

const texts = mediaStrings.reading;

type ReadAloudProps = {
  text: string;
  ended: () => void;
  /** Where the focus goes from here when it has ended. */
  returnFocus: RefObject<HTMLElement | null>;
};

/** Reads an answer aloud, says how far it is, and pauses. */
export function ReadAloud(props: ReadAloudProps) {
  const [attempt, setAttempt] = useState(0);
  return <Controls key={attempt} {...props} again={() => setAttempt(attempt + 1)} />;
}

function Controls({ text, ended, returnFocus, again }: ReadAloudProps & { again: () => void }) {
  const { state, count, pause, resume } = useReading(text);
  const controls = useRef<HTMLFieldSetElement>(null);
  const isOver = state.kind === "ended" && count > 0;
  useEffect(() => {
    if (!isOver) return;
    if (controls.current?.contains(document.activeElement) === true) returnFocus.current?.focus();
    ended();
  }, [isOver, ended, returnFocus]);
  if (state.kind === "failed") {
    return <FailureAlert title={texts.failed} failure={failureOf(state.error)} retry={again} />;
  }
  return (
    <fieldset
      ref={controls}
      aria-label={texts.label}
      className="flex w-fit max-w-full flex-wrap items-center gap-2 rounded-xl bg-panel py-1 pr-3 pl-1 text-sm"
    >
      {state.kind === "paused" ? (
        <Button size="sm" variant="ghost" icon="play" onClick={resume}>
          {texts.resume}
        </Button>
      ) : (
        <Button size="sm" variant="ghost" icon="pause" onClick={pause}>
          {texts.pause}
        </Button>
      )}
      {state.kind === "loading" ? <Icon name="refresh" size={14} className="animate-spin" /> : null}
      <span role="status" className="text-muted tabular-nums">
        {wordsFor(state, count)}
      </span>
    </fieldset>
  );
}

function wordsFor(state: ReadingState, count: number): string {
  switch (state.kind) {
    case "loading":
    case "playing":
    case "paused":
      return texts[state.kind](state.piece + 1, count);
    case "ended":
    case "failed":
      return texts.nothing;
  }
}

function failureOf(error: unknown) {
  if (!(error instanceof ApiError)) {
    return { code: "unplayable", message: texts.unplayable, retryAfter: undefined, requestId: undefined };
  }
  const { code, message, retryAfter, requestId } = error;
  return { code, message: isNotSetUp(code) ? texts.off : message, retryAfter, requestId };
}

function isNotSetUp(code: string): boolean {
  return code === "no_engine_configured" || code === "not_configured";
}
