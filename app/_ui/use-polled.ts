"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, callApi } from "#lib/browser/api.ts";
import type { Loaded } from "./use-loaded.ts";
import { useSession } from "./use-session.tsx";

/** What a page that refreshes itself knows. What it has is shown until something newer is there. */
export type Polled<Value> = {
  state: Loaded<Value>;
  /** When `state` was read, milliseconds; undefined before the first answer. */
  readAt: number | undefined;
  /** Why the newest answer did not come, while an older one is shown. */
  problem: ApiError | undefined;
  /** An answer is under way. */
  busy: boolean;
  reload: () => void;
};

type Inner<Value> = { state: Loaded<Value>; readAt: number | undefined; problem: ApiError | undefined };

/**
 * Loads an answer of the API, and again every `everyMs` while the page is looked at: a hidden page asks nobody, and
 * asks at once when it is seen again. `read` must not change between renders.
 */
export function usePolled<Value>(
  path: string,
  read: (answer: unknown) => Value,
  everyMs = 15_000,
): Polled<Value> {
  const [inner, setInner] = useState<Inner<Value>>({
    ...{ state: { kind: "loading" }, readAt: undefined, problem: undefined },
  });
  const { refresh } = useSession();
  const [busy, setBusy] = useState(false);
  const current = useRef<AbortController>(undefined);
  const reload = useCallback(() => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    setBusy(true);
    callApi(path, { signal: controller.signal }).then(
      (answer) => {
        if (controller.signal.aborted) return;
        setBusy(false);
        setInner({ state: { kind: "ready", value: read(answer) }, readAt: Date.now(), problem: undefined });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        setBusy(false);
        // The session has ended meanwhile: then the page asks to sign in.
        if (error.status === 401) refresh();
        setInner((before) =>
          before.state.kind === "ready"
            ? { ...before, problem: error }
            : { state: { kind: "failed", error }, readAt: undefined, problem: undefined },
        );
      },
    );
  }, [path, read, refresh]);
  useEffect(() => {
    setInner({ state: { kind: "loading" }, readAt: undefined, problem: undefined });
    reload();
    return () => {
      current.current?.abort();
      current.current = undefined;
    };
  }, [reload]);
  useWhileSeen(reload, everyMs, busy);
  return { ...inner, busy, reload };
}

/**
 * Calls `action` every so often while the page is seen, and when it is seen again; not while it is `busy`: an
 * answer that takes longer than a round is waited for.
 */
function useWhileSeen(action: () => void, everyMs: number, busy: boolean): void {
  const isUnderWay = useRef(busy);
  useEffect(() => {
    isUnderWay.current = busy;
  }, [busy]);
  useEffect(() => {
    const ifSeen = (): void => {
      if (document.visibilityState === "visible" && !isUnderWay.current) action();
    };
    const timer = setInterval(ifSeen, everyMs);
    document.addEventListener("visibilitychange", ifSeen);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", ifSeen);
    };
  }, [action, everyMs]);
}
