"use client";

import { lazy, Suspense, useRef } from "react";
import type { TurnView } from "#lib/browser/turn-view.ts";
import { chatStrings } from "../_strings/chat.ts";
import { mediaStrings } from "../_strings/media.ts";
import { IconButton } from "../_ui/button.tsx";
import { CopyButton } from "../_ui/copy-button.tsx";
import { Alert } from "../_ui/surfaces.tsx";
import { usageInWords } from "../_ui/usage-words.ts";
import { useAction } from "../_ui/use-action.ts";
import { saveAnswerPdf } from "./save-pdf.ts";

/** What reads aloud is loaded with the first text that is read. */
const ReadAloud = lazy(() => import("./read-aloud.tsx").then((loaded) => ({ default: loaded.ReadAloud })));

type FooterProps = {
  view: TurnView;
  /** What was asked. */
  question: string;
  retry: (() => void) | undefined;
  isRead: boolean;
  /** Begins to read this answer aloud, or ends it. */
  read: (isOn: boolean) => void;
};

/** What can be done with an answer, and what it cost. */
export function AnswerFooter({ view: { text, usage, failure }, question, retry, isRead, read }: FooterProps) {
  const { busy, error, run } = useAction();
  const readButton = useRef<HTMLButtonElement>(null);
  return (
    <div className="space-y-2">
      <div className="flex flex-wrap items-center gap-1 text-xs text-muted">
        {text === "" ? null : <CopyButton text={text} />}
        {retry === undefined || failure !== undefined ? null : (
          <IconButton label={chatStrings.retry} icon="retry" onClick={retry} />
        )}
        {text === "" ? null : (
          <>
            <IconButton
              ref={readButton}
              label={isRead ? mediaStrings.reading.stop : mediaStrings.reading.start}
              icon={isRead ? "stop" : "speaker"}
              onClick={() => read(!isRead)}
            />
            <IconButton
              label={busy ? mediaStrings.pdf.working : mediaStrings.pdf.download}
              icon={busy ? "clock" : "file"}
              aria-busy={busy}
              onClick={() => (busy ? undefined : run(() => saveAnswerPdf(text, question)))}
            />
          </>
        )}
        {usage === undefined ? null : <span className="tabular-nums">{usageInWords(usage)}</span>}
      </div>
      {error === undefined ? null : (
        <Alert tone="bad" title={mediaStrings.pdf.failed}>
          {error}
        </Alert>
      )}
      {isRead ? (
        <Suspense fallback={null}>
          <ReadAloud text={text} ended={() => read(false)} returnFocus={readButton} />
        </Suspense>
      ) : null}
    </div>
  );
}
