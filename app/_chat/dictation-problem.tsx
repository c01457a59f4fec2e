"use client";

import { mediaStrings } from "../_strings/media.ts";
import { Button } from "../_ui/button.tsx";
import { Icon } from "../_ui/icon.tsx";

const texts = mediaStrings.dictation;

type ProblemProps = {
  text: string;
  close: () => void;
  closeLabel?: string;
  /** Records anew. */
  again?: () => void;
  /** Sends the same recording again. */
  resend?: (() => void) | undefined;
};

/** Why there are no words, and what can be done. */
export function DictationProblem(props: ProblemProps) {
  const { text, close, closeLabel = texts.cancel, again, resend } = props;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <p role="alert" className="flex min-w-0 grow basis-40 items-start gap-2 pl-2 wrap-anywhere">
        <Icon name="warning" size={16} className="mt-0.5 text-warn" />
        {text}
      </p>
      {resend === undefined ? null : (
        <Button size="sm" icon="retry" autoFocus onClick={resend}>
          {texts.again}
        </Button>
      )}
      {again === undefined ? null : (
        <Button size="sm" icon="microphone" autoFocus={resend === undefined} onClick={again}>
          {texts.record}
        </Button>
      )}
      <Button size="sm" variant="ghost" autoFocus={again === undefined} onClick={close}>
        {closeLabel}
      </Button>
    </div>
  );
}
