"use client";

import { useEffect, useRef, useState } from "react";
import { ApiError } from "#lib/browser/api.ts";
import { transcribe } from "#lib/browser/speech/speech-api.ts";
import { mediaStrings } from "../_strings/media.ts";
import { Button } from "../_ui/button.tsx";
import { Icon } from "../_ui/icon.tsx";
import { DictationProblem } from "./dictation-problem.tsx";
import type { AttemptProps } from "./dictation-props.ts";
import type { RecorderState } from "./recorder.ts";

const texts = mediaStrings.dictation;
/** What `POST /api/v1/stt` takes, bytes. */
const MAX_BYTES = 25_000_000;

type TranscriptionProps = AttemptProps & { recording: Extract<RecorderState, { kind: "recorded" }> };

/** Sends a recording, and hands on what was said in it. A recording that fails can be sent again. */
export function Transcription(props: TranscriptionProps) {
  const [attempt, setAttempt] = useState(0);
  const { recording, close, again } = props;
  if (recording.sound.size > MAX_BYTES) {
    return <DictationProblem text={texts.tooLarge} {...{ close, again }} />;
  }
  return <Sending key={attempt} {...props} resend={() => setAttempt(attempt + 1)} />;
}

type Problem = { text: string; canResend: boolean };

function Sending(props: TranscriptionProps & { resend: () => void }) {
  const { recording, close, again, resend } = props;
  const problem = useTranscription(props);
  if (problem !== undefined) {
    const { text, canResend } = problem;
    return <DictationProblem text={text} {...{ close, again }} resend={canResend ? resend : undefined} />;
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <p role="status" className="flex min-w-0 grow basis-40 items-center gap-2 pl-2 text-muted">
        <Icon name="refresh" size={14} className="animate-spin" />
        {recording.wasCut ? `${texts.tooLong} ${texts.working}` : texts.working}
      </p>
      <Button size="sm" variant="ghost" autoFocus onClick={close}>
        {texts.cancel}
      </Button>
    </div>
  );
}

/** Why there are no words; undefined as long as they may come. */
function useTranscription(props: TranscriptionProps): Problem | undefined {
  const [problem, setProblem] = useState<Problem>();
  const latest = useRef(props);
  useEffect(() => {
    latest.current = props;
  });
  const { sound } = props.recording;
  useEffect(() => {
    const abort = new AbortController();
    transcribe(sound, { signal: abort.signal }).then(
      (text) => {
        if (abort.signal.aborted) return;
        if (text === "") return setProblem({ text: texts.nothing, canResend: false });
        latest.current.insert(text);
        latest.current.close();
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        if (isNotSetUp(error)) return latest.current.setOff();
        setProblem({ text: error.message, canResend: true });
      },
    );
    return () => abort.abort();
  }, [sound]);
  return problem;
}

function isNotSetUp({ code }: ApiError): boolean {
  return code === "no_engine_configured" || code === "not_configured";
}
