import type { AttemptView } from "#lib/browser/admin/requests.ts";
import { type TimelineBar, timelineOf } from "#lib/browser/admin/timeline.ts";
import { adminStrings } from "../../../_strings/admin.ts";
import { compact, duration, usd } from "../../../_ui/format.ts";
import { Cell, Row, Table } from "../../../_ui/table.tsx";
import { OutcomeBadge } from "../../_parts/state-badges.tsx";
import { known } from "../../health-cards.tsx";

const HEIGHT = 20;

/** When each attempt was under way, beside each other, from the request's beginning to its end. */
export function Timeline({ attempts }: { attempts: readonly AttemptView[] }) {
  const { totalMs, bars } = timelineOf(attempts);
  return (
    <div>
      <ol className="space-y-2.5">
        {bars.map((bar, index) => (
          // They never change places.
          <li key={String(index)} className="grid items-center gap-x-4 gap-y-1 sm:grid-cols-[15rem_1fr_4rem]">
            <span className="flex min-w-0 items-center gap-2 text-sm">
              <OutcomeBadge outcome={bar.attempt.outcome} />
              <span className="truncate font-mono text-xs" title={bar.attempt.engine}>
                {bar.attempt.engine}
              </span>
            </span>
            <Bar bar={bar} />
            <span className="text-right text-sm text-muted tabular-nums">
              {duration(bar.attempt.latencyMs)}
            </span>
          </li>
        ))}
      </ol>
      <div className="mt-1.5 hidden justify-between text-xs text-muted tabular-nums sm:mr-20 sm:ml-64 sm:flex">
        <span>{duration(0)}</span>
        <span>{duration(totalMs / 2)}</span>
        <span>{duration(totalMs)}</span>
      </div>
    </div>
  );
}

function colorOf(outcome: string): string {
  if (outcome === "ok") return "text-good";
  return outcome === "cancelled" ? "text-strong-line" : "text-bad";
}

function Bar({ bar: { attempt, startMs, left, width, firstToken } }: { bar: TimelineBar }) {
  const label = adminStrings.attemptBar(attempt.engine, duration(startMs), duration(attempt.latencyMs));
  return (
    <svg role="img" aria-label={label} width="100%" height={HEIGHT} className={colorOf(attempt.outcome)}>
      <rect width="100%" height={HEIGHT} rx="4" className="fill-panel" />
      {/* Waiting is pale, and what came is full. */}
      <rect x={`${left}%`} width={`${width}%`} height={HEIGHT} rx="4" fill="currentColor" opacity="0.35" />
      {firstToken === null ? null : (
        <rect
          x={`${firstToken}%`}
          width={`${Math.max(0, left + width - firstToken)}%`}
          height={HEIGHT}
          rx="4"
          fill="currentColor"
        />
      )}
    </svg>
  );
}

export function AttemptTable({ attempts }: { attempts: readonly AttemptView[] }) {
  return (
    <Table
      caption={adminStrings.attemptsCaption}
      head={adminStrings.attemptColumns}
      numeric={[3, 4, 5, 6, 7]}
    >
      {attempts.map((attempt, index) => (
        // They never change places.
        <AttemptRow key={String(index)} attempt={attempt} place={index + 1} />
      ))}
    </Table>
  );
}

function AttemptRow({ attempt, place }: { attempt: AttemptView; place: number }) {
  const { engine, keyIndex, outcome, httpStatus, problem, reason, startedMs, firstTokenMs, latencyMs } =
    attempt;
  const said = [httpStatus === null ? "" : adminStrings.httpStatus(httpStatus), problem ?? "", reason ?? ""];
  return (
    <Row>
      <Cell className="text-muted">{place}</Cell>
      <Cell className="min-w-44 font-mono text-xs wrap-anywhere">
        {engine}
        {keyIndex === null ? null : (
          <span className="block font-sans text-muted">{adminStrings.keyName(keyIndex)}</span>
        )}
      </Cell>
      <Cell className="max-w-72 min-w-44">
        <OutcomeBadge outcome={outcome} />
        <span className="mt-1 block text-xs wrap-anywhere text-muted">
          {said.filter(Boolean).join(" · ")}
        </span>
      </Cell>
      <Cell numeric>{known(startedMs, duration)}</Cell>
      <Cell numeric>{known(firstTokenMs, duration)}</Cell>
      <Cell numeric>{duration(latencyMs)}</Cell>
      <Cell numeric className="whitespace-nowrap text-muted">
        <Tokens usage={attempt.usage} />
      </Cell>
      <Cell numeric className="whitespace-nowrap">
        {costOf(attempt.usage)}
      </Cell>
    </Row>
  );
}

function Tokens({ usage }: { usage: AttemptView["usage"] }) {
  if (usage === null) return adminStrings.none;
  const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = usage;
  const parts = [
    cachedTokens === 0 ? "" : adminStrings.cachedTokens(compact(cachedTokens)),
    reasoningTokens === 0 ? "" : adminStrings.reasoningTokens(compact(reasoningTokens)),
  ].filter(Boolean);
  return (
    <>
      {adminStrings.tokens(compact(promptTokens), compact(completionTokens))}
      {parts.map((part) => (
        <span key={part} className="block text-xs">
          {part}
        </span>
      ))}
    </>
  );
}

function costOf(usage: AttemptView["usage"]): string {
  if (usage === null) return adminStrings.none;
  if (!usage.billed) return adminStrings.free;
  return usage.costUsd === null ? adminStrings.unknown : usd(usage.costUsd);
}
