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

/** Set when somebody has signed out: then the demo user is not signed in again by itself. */
const SIGNED_OUT = "signed-out";

async function load(): Promise<SessionState> {
  const found = readSession(await callApi("/api/auth/session"));
  // On a local run the first visit should simply work.
  if (found.user === null && found.demo && sessionStorage.getItem(SIGNED_OUT) === null) {
    await callApi("/api/auth/demo", { method: "POST" });
    return stateOf(readSession(await callApi("/api/auth/session")));
  }
  return stateOf(found);
}

function stateOf({ user, ...rest }: Session): SessionState {
  return user === null ? { kind: "signed-out", ...rest } : { kind: "signed-in", user, ...rest };
}

/** Ends the session, and goes to the page for signing in. */
export async function signOut(): Promise<void> {
  sessionStorage.setItem(SIGNED_OUT, "yes");
  try {
    await callApi("/api/auth/sign-out", { method: "POST" });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // The page for signing in shows that the gateway cannot be reached, or who is still signed in.
  }
  location.assign("/sign-in");
}

/** Who is signed in on this page. */
export function useSession(): SessionHandle {
  return useContext(SessionContext);
}
