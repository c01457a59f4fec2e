"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, callApi } from "#lib/browser/api.ts";

type Page<Item> = { rows: Item[]; nextCursor: string | null };

/** A list that is read page by page. */
export type Pages<Item> = {
  /** Undefined before the first page. */
  rows: readonly Item[] | undefined;
  hasMore: boolean;
  busy: boolean;
  /** Why the newest page did not come. */
  problem: ApiError | undefined;
  more: () => void;
  /** From the first page on. */
  reload: () => void;
};

type State<Item> = { rows: readonly Item[] | undefined; cursor: string | null };

/** Reads the first page of a list, and further ones when they are asked for. `read` must not change between renders. */
export function usePages<Item>(path: string, read: (answer: unknown) => Page<Item>): Pages<Item> {
  const [{ rows, cursor }, setState] = useState<State<Item>>({ rows: undefined, cursor: null });
  const [busy, setBusy] = useState(true);
  const [problem, setProblem] = useState<ApiError>();
  const current = useRef<AbortController>(undefined);
  const load = useCallback(
    (after: string | null) => {
      current.current?.abort();
      const controller = new AbortController();
      current.current = controller;
      setBusy(true);
      setProblem(undefined);
      const url = after === null ? path : `${path}&cursor=${encodeURIComponent(after)}`;
      callApi(url, { signal: controller.signal }).then(
        (answer) => {
          if (controller.signal.aborted) return;
          const page = read(answer);
          setBusy(false);
          setState((before) => ({
            rows: after === null ? page.rows : [...(before.rows ?? []), ...page.rows],
            cursor: page.nextCursor,
          }));
        },
        (error: unknown) => {
          if (controller.signal.aborted) return;
          if (!(error instanceof ApiError)) throw error;
          setBusy(false);
          setProblem(error);
        },
      );
    },
    [path, read],
  );
  useEffect(() => {
    // Rows of other filters are no rows of these.
    setState({ rows: undefined, cursor: null });
    load(null);
    return () => current.current?.abort();
  }, [load]);
  return {
    ...{ rows, busy, problem, hasMore: cursor !== null },
    more: () => load(cursor),
    reload: () => load(null),
  };
}
