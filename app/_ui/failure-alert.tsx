"use client";

import { useEffect, useState } from "react";
import type { Failure } from "#lib/browser/turn-view.ts";
import { commonStrings } from "../_strings/common.ts";
import { Button } from "./button.tsx";
import { Alert } from "./surfaces.tsx";

type FailureProps = { title: string; failure: Failure | undefined; retry: (() => void) | undefined };

/** Why there is no complete answer, and when to try again. */
export function FailureAlert({ title, failure, retry }: FailureProps) {
  const seconds = useCountdown(failure?.retryAfter);
  if (failure === undefined) return null;
  return (
    <Alert
      tone="bad"
      title={title}
      action={
        retry === undefined ? null : (
          <Button size="sm" icon="retry" onClick={retry}>
            {commonStrings.retry}
          </Button>
        )
      }
    >
      <p>{failure.message}</p>
      {seconds > 0 ? (
        <p aria-live="off" className="text-muted">
          {commonStrings.retryIn(seconds)}
        </p>
      ) : null}
      {failure.requestId === undefined ? null : (
        <p className="font-mono text-xs text-muted">{commonStrings.requestId(failure.requestId)}</p>
      )}
    </Alert>
  );
}

/** Counts down from a number of seconds to 0. */
function useCountdown(from: number | undefined): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    if (from === undefined) return;
    const end = Date.now() + from * 1_000;
    const tick = (): void => setLeft(Math.max(0, Math.ceil((end - Date.now()) / 1_000)));
    tick();
    const timer = setInterval(tick, 1_000);
    return () => clearInterval(timer);
  }, [from]);
  return left;
}
