"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError, callApi } from "#lib/browser/api.ts";
import type { ConversationState } from "#lib/browser/conversation.ts";
import { readSessions, type SessionPage } from "#lib/browser/sessions.ts";

/** Milliseconds after the last key until a search begins. */
const TYPING_PAUSE_MS = 250;
const PAGE_SIZE = 30;

export type Sessions = {
  page: SessionPage | undefined;
  error: ApiError | undefined;
  search: string;
  setSearch: (search: string) => void;
  reload: () => void;
  loadMore: () => void;
};

/** The list of saved conversations; loaded again when an answer has ended. */
export function useSessions({ phase }: ConversationState): Sessions {
  const [page, setPage] = useState<SessionPage>();
  const [error, setError] = useState<ApiError>();
  const [search, setSearch] = useState("");
  const latest = useRef(0);
  const load = useCallback(
    (cursor?: string) => {
      const number = ++latest.current;
      callApi(pathFor(search, cursor)).then(
        (answer) => {
          if (number !== latest.current) return;
          const next = readSessions(answer);
          setError(undefined);
          setPage((old) =>
            cursor === undefined ? next : { ...next, sessions: [...(old?.sessions ?? []), ...next.sessions] },
          );
        },
        (thrown: unknown) => {
          if (!(thrown instanceof ApiError)) throw thrown;
          if (number === latest.current) setError(thrown);
        },
      );
    },
    [search],
  );
  useEffect(() => {
    const timer = setTimeout(load, search === "" ? 0 : TYPING_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [load, search]);
  const isAsking = phase === "asking";
  const wasAsking = useRef(false);
  useEffect(() => {
    if (wasAsking.current && !isAsking) load();
    wasAsking.current = isAsking;
  }, [isAsking, load]);
  const loadMore = (): void => {
    if (page?.nextCursor !== undefined) load(page.nextCursor);
  };
  return { page, error, search, setSearch, reload: () => load(), loadMore };
}

function pathFor(search: string, cursor: string | undefined): string {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  if (search.trim() !== "") query.set("search", search.trim());
  if (cursor !== undefined) query.set("cursor", cursor);
  return `/api/sessions?${query}`;
}
