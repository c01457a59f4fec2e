import type { Breaker } from "#lib/browser/admin/health.ts";
import type { RequestStatus } from "#lib/browser/admin/requests.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { countdown } from "../../_ui/format.ts";
import { Badge, type Tone } from "../../_ui/surfaces.tsx";

const BREAKERS: Readonly<Record<Breaker, Tone>> = { closed: "good", half_open: "warn", open: "bad" };

type EngineStateProps = {
  breaker: Breaker;
  benchedUntil: string | null;
  isOff: boolean;
  isDead?: boolean;
  /** Milliseconds. */
  now: number;
};

/** Whether a provider or an engine can be called, and from when on. */
export function EngineState({ breaker, benchedUntil, isOff, isDead = false, now }: EngineStateProps) {
  const left = benchedUntil === null || now === 0 ? 0 : Date.parse(benchedUntil) - now;
  const isBenched = left > 0;
  return (
    <span className="inline-flex flex-wrap gap-1.5">
      {isOff ? <Badge>{adminStrings.isOff}</Badge> : null}
      {isDead ? <Badge tone="bad">{adminStrings.deadBadge}</Badge> : null}
      {isBenched ? <Badge tone="warn">{adminStrings.benched(countdown(left))}</Badge> : null}
      {breaker === "closed" && (isBenched || isDead || isOff) ? null : (
        <Badge tone={BREAKERS[breaker]}>{adminStrings.breakers[breaker]}</Badge>
      )}
    </span>
  );
}

const STATUSES: Readonly<Record<RequestStatus, Tone>> = {
  ...{ started: "accent", completed: "good", failed: "bad", cancelled: "neutral", interrupted: "warn" },
};

export function StatusBadge({ status }: { status: RequestStatus }) {
  return <Badge tone={STATUSES[status]}>{adminStrings.statuses[status]}</Badge>;
}

/** How a call of a provider or a tool ended. */
export function OutcomeBadge({ outcome }: { outcome: string }) {
  const tone = outcome === "ok" ? "good" : outcome === "cancelled" ? "neutral" : "bad";
  return <Badge tone={tone}>{outcome.replaceAll("_", " ")}</Badge>;
}
