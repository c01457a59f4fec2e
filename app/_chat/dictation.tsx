"use client";

import { useEffect, useRef, useState } from "react";
import { commonStrings } from "../_strings/common.ts";
import { mediaStrings } from "../_strings/media.ts";
import { Button } from "../_ui/button.tsx";
import { countdown } from "../_ui/format.ts";
import { Icon } from "../_ui/icon.tsx";
import { DictationProblem } from "./dictation-problem.tsx";
import type { AttemptProps, DictationProps } from "./dictation-props.ts";
import { MAX_RECORDING_MS, Recorder, type RecorderState } from "./recorder.ts";
import { Transcription } from "./transcription.tsx";

const texts = mediaStrings.dictation;

/** Records a message and writes it down. Escape discards it. */
export function Dictation(props: DictationProps) {
  const [attempt, setAttempt] = useState(0);
  const { isOff, close } = props;
  return (
    <fieldset
      aria-label={texts.label}
      className="m-2 min-w-0 rounded-xl bg-panel p-2 text-sm"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        close();
      }}
    >
      {isOff ? (
        <DictationProblem text={texts.off} close={close} closeLabel={commonStrings.close} />
      ) : (
        <Attempt key={attempt} {...props} again={() => setAttempt(attempt + 1)} />
      )}
    </fieldset>
  );
}

function Attempt(props: AttemptProps) {
  const { close, again } = props;
  const [state, setState] = useState<RecorderState>({ kind: "asking" });
  const meter = useRef<HTMLMeterElement>(null);
  const recorder = useRef<Recorder>(undefined);
  useEffect(() => {
    const leaving = new AbortController();
    const heard = (level: number): void => {
      if (meter.current !== null) meter.current.value = level;
    };
    recorder.current = new Recorder({ changed: setState, heard }, leaving.signal);
    void recorder.current.start();
    return () => leaving.abort();
  }, []);
  switch (state.kind) {
    case "failed":
      return <DictationProblem text={texts[state.reason]} close={close} again={again} />;
    case "recorded":
      return <Transcription {...props} recording={state} />;
    case "asking":
    case "recording":
      return (
        <div className="flex flex-wrap items-center gap-2">
          {state.kind === "asking" ? (
            <p role="status" className="min-w-0 grow basis-40 pl-2 text-muted">
              {texts.asking}
            </p>
          ) : (
            <Level elapsedMs={state.elapsedMs} meter={meter} />
          )}
          {state.kind === "asking" ? null : (
            <Button
              size="sm"
              variant="primary"
              icon="stop"
              autoFocus
              onClick={() => recorder.current?.stop()}
            >
              {texts.stop}
            </Button>
          )}
          <Button size="sm" variant="ghost" autoFocus={state.kind === "asking"} onClick={close}>
            {texts.cancel}
          </Button>
        </div>
      );
  }
}

type LevelProps = { elapsedMs: number; meter: React.RefObject<HTMLMeterElement | null> };

function Level({ elapsedMs, meter }: LevelProps) {
  return (
    <div className="flex min-w-0 grow basis-40 items-center gap-2 pl-2">
      <Icon name="microphone" size={16} className="text-bad" />
      <span role="status" className="sr-only">
        {texts.recording}
      </span>
      <meter ref={meter} aria-label={texts.level} min={0} max={1} className="h-2 w-24 min-w-0" />
      <span className="text-xs text-muted tabular-nums">
        {texts.elapsed(clock(elapsedMs), clock(MAX_RECORDING_MS))}
      </span>
    </div>
  );
}

/** Whole seconds that have passed, as `0:07`. */
function clock(ms: number): string {
  return countdown(Math.floor(ms / 1_000) * 1_000);
}
