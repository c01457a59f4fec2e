"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, callApi } from "#lib/browser/api.ts";
import { useSession } from "./use-session.tsx";

/** What a page knows of an answer that it asked for. */
export type Loaded<Value> =
  | { kind: "loading" }
  | { kind: "failed"; error: ApiError }
  | { kind: "ready"; value: Value };

/**
 * Loads an answer of the API when a part of a page appears, and again at `reload`, which keeps what is shown
 * until the new answer is there. `read` must not change between renders.
 */
export function useLoaded<Value>(
  path: string,
  read: (answer: unknown) => Value,
): { state: Loaded<Value>; reload: () => void } {
  const [state, setState] = useState<Loaded<Value>>({ kind: "loading" });
  const current = useRef<AbortController>(undefined);
  const { refresh } = useSession();
  const reload = useCallback(() => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    callApi(path, { signal: controller.signal }).then(
      (answer) => {
        if (!controller.signal.aborted) setState({ kind: "ready", value: read(answer) });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        // The session has ended meanwhile: then the page asks to sign in.
        if (error.status === 401) refresh();
        setState({ kind: "failed", error });
      },
    );
  }, [path, read, refresh]);
  useEffect(() => {
    reload();
    return () => current.current?.abort();
  }, [reload]);
  return { state, reload };
}
