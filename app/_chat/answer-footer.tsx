"use client";

import type { TurnView } from "#lib/browser/turn-view.ts";
import { chatStrings } from "../_strings/chat.ts";
import { IconButton } from "../_ui/button.tsx";
import { CopyButton } from "../_ui/copy-button.tsx";
import { usageInWords } from "../_ui/usage-words.ts";

type FooterProps = { view: TurnView; retry: (() => void) | undefined };

/** What can be done with an answer, and what it cost. */
export function AnswerFooter({ view: { text, usage, failure }, retry }: FooterProps) {
  return (
    <div className="flex flex-wrap items-center gap-1 text-xs text-muted">
      {text === "" ? null : <CopyButton text={text} />}
      {retry === undefined || failure !== undefined ? null : (
        <IconButton label={chatStrings.retry} icon="retry" onClick={retry} />
      )}
      {usage === undefined ? null : <span className="tabular-nums">{usageInWords(usage)}</span>}
    </div>
  );
}
