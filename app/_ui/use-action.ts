"use client";

import { useState } from "react";
import { ApiError } from "#lib/browser/api.ts";

/** Something that a button does: while it runs the button is busy, and what went wrong stands beside it. */
export function useAction(): {
  busy: boolean;
  error: string | undefined;
  run: (action: () => Promise<void>) => void;
} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const run = (action: () => Promise<void>): void => {
    setBusy(true);
    setError(undefined);
    action().then(
      () => setBusy(false),
      (thrown: unknown) => {
        setBusy(false);
        if (!(thrown instanceof ApiError)) throw thrown;
        setError(thrown.message);
      },
    );
  };
  return { busy, error, run };
}
