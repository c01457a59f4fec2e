"use client";

import { useEffect, useState, useSyncExternalStore } from "react";
import { Conversation, type ConversationState } from "#lib/browser/conversation.ts";

/** The address of a conversation: reloading it, or sending it to oneself, opens it again. */
function addressOf(sessionId: string | undefined): string {
  return sessionId === undefined ? "/" : `/?session=${encodeURIComponent(sessionId)}`;
}

/** The conversation that the address names. */
export function sessionInAddress(): string | undefined {
  return new URLSearchParams(location.search).get("session") ?? undefined;
}

/** The conversation that the page shows, tied to the page's address. */
export function useConversation(): { conversation: Conversation; state: ConversationState } {
  const [conversation] = useState(
    () => new Conversation({ nextFrame: (callback) => requestAnimationFrame(callback) }),
  );
  const state = useSyncExternalStore(
    (listener) => conversation.subscribe(listener),
    () => conversation.state,
    () => conversation.state,
  );
  const { sessionId, error } = state;
  useEffect(() => {
    const show = (): void => {
      const wanted = sessionInAddress();
      const { sessionId: shown, error: failure, turns } = conversation.state;
      const isFailed = failure !== undefined && turns.length === 0;
      if (wanted === shown && !isFailed) return;
      if (wanted === undefined) conversation.reset();
      else void conversation.open(wanted);
    };
    show();
    addEventListener("popstate", show);
    return () => {
      removeEventListener("popstate", show);
      conversation.stop();
    };
  }, [conversation]);
  useEffect(() => {
    // What is open now, which the effect above may just have changed.
    const { sessionId: current, error: failure } = conversation.state;
    if (sessionId !== current || error !== failure || failure !== undefined) return;
    if (sessionInAddress() !== current) history.pushState(null, "", addressOf(current));
  }, [conversation, sessionId, error]);
  return { conversation, state };
}
