"use client";

import { useEffect, useState } from "react";

type Status =
  | { kind: "loading" }
  | { kind: "up"; version: string; engines: "sandbox" | "providers" | "none" }
  | { kind: "down"; message: string };

const ENGINES = {
  sandbox: "No provider key is set: the built-in sandbox engine (or a local Ollama) answers.",
  providers: "Providers are configured.",
  none: "No provider is configured, so no chat can be answered yet.",
} as const;

async function fetchStatus(): Promise<Status> {
  const response = await fetch("/api/health", { cache: "no-store" });
  const body = await response.json();
  if (!response.ok)
    return { kind: "down", message: String(body?.error?.message ?? `status ${response.status}`) };
  return {
    kind: "up",
    version: String(body.version),
    engines: body.engines === "sandbox" || body.engines === "none" ? body.engines : "providers",
  };
}

/** The answer of `/api/health` in a sentence. */
export function GatewayStatus() {
  const [status, setStatus] = useState<Status>({ kind: "loading" });
  useEffect(() => {
    fetchStatus().then(setStatus, (error: unknown) => setStatus({ kind: "down", message: String(error) }));
  }, []);
  switch (status.kind) {
    case "loading":
      return <p className="status">Checking the gateway…</p>;
    case "down":
      return <p className="status down">The gateway does not answer: {status.message}</p>;
    case "up":
      return (
        <p className="status up">
          Version {status.version} is running. {ENGINES[status.engines]}
        </p>
      );
  }
}
