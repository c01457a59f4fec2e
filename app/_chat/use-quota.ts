"use client";

import { useEffect, useState } from "react";
import { ApiError, callApi } from "#lib/browser/api.ts";
import type { ConversationState } from "#lib/browser/conversation.ts";
import { type QuotaView, readQuota } from "#lib/browser/quota.ts";

/** What is left of today's turns, asked again when a turn has ended. */
export function useQuota(phase: ConversationState["phase"]): QuotaView {
  const [quota, setQuota] = useState<QuotaView>(new Map());
  const isAsking = phase === "asking";
  useEffect(() => {
    if (isAsking) return;
    callApi("/api/v1/quota").then(
      (answer) => setQuota(readQuota(answer)),
      (error: unknown) => {
        // The number is a hint; a turn past the limit says so itself.
        if (!(error instanceof ApiError)) throw error;
        setQuota(new Map());
      },
    );
  }, [isAsking]);
  return quota;
}
