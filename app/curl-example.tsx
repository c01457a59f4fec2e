"use client";

import { useSyncExternalStore } from "react";

const noChanges = () => () => undefined;

/** The origin of this page, so that the command works when it is pasted. */
function useOrigin(fallback: string): string {
  return useSyncExternalStore(
    noChanges,
    () => window.location.origin,
    () => fallback,
  );
}

/** A command that sends `message` to the gateway; on a local run it reads the local key by itself. */
export function CurlExample({ message, fallbackOrigin }: { message: string; fallbackOrigin: string }) {
  const origin = useOrigin(fallbackOrigin);
  const isLocal = /^(?:localhost|127\.0\.0\.1|\[::1\])$/.test(new URL(origin).hostname);
  const key = isLocal ? "$(cat .data/dev-key)" : "$SARMALINK_API_KEY";
  return (
    <pre>{`curl -N ${origin}/api/ai-chat \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '${JSON.stringify({ message })}'`}</pre>
  );
}
