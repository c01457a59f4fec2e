"use client";

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { ApiError, callApi } from "#lib/browser/api.ts";
import { readSession, type Session } from "#lib/browser/session.ts";

type SessionState =
  | { kind: "loading" }
  | { kind: "failed"; error: ApiError }
  | ({ kind: "signed-out" } & Omit<Session, "user">)
  | ({ kind: "signed-in" } & Session & { user: NonNullable<Session["user"]> });

type SessionHandle = SessionState & { refresh: () => void };

const SessionContext = createContext<SessionHandle>({ kind: "loading", refresh: () => undefined });

/** Asks once who is signed in, for all parts of a page. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ kind: "loading" });
  const refresh = useCallback(() => {
    load().then(setState, (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      setState({ kind: "failed", error });
    });
  }, []);
  useEffect(refresh, [refresh]);
  const handle = useMemo(() => ({ ...state, refresh }), [state, refresh]);
  return <SessionContext value={handle}>{children}</SessionContext>;
}

async function load(): Promise<SessionState> {
  const { user, ...rest } = readSession(await callApi("/api/auth/session"));
  return user === null ? { kind: "signed-out", ...rest } : { kind: "signed-in", user, ...rest };
}

/** Who is signed in on this page. */
export function useSession(): SessionHandle {
  return useContext(SessionContext);
}
