"use client";

import Link from "next/link";
import type { ReactNode } from "react";
import { type RequestDetail, readRequestDetail, type ToolCallView } from "#lib/browser/admin/requests.ts";
import { adminStrings } from "../../../_strings/admin.ts";
import { LinkButton } from "../../../_ui/button.tsx";
import { CopyButton } from "../../../_ui/copy-button.tsx";
import { count, dateTime, duration, usd } from "../../../_ui/format.ts";
import { LoadedView } from "../../../_ui/loaded.tsx";
import { Card, Figure } from "../../../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../../../_ui/table.tsx";
import { useLoaded } from "../../../_ui/use-loaded.ts";
import { OutcomeBadge, StatusBadge } from "../../_parts/state-badges.tsx";
import { known } from "../../health-cards.tsx";
import { AttemptTable, Timeline } from "./attempts.tsx";

const { facts } = adminStrings;

/** One request with everything that was done for it. */
export function RequestDetails({ id }: { id: string }) {
  const { state, reload } = useLoaded(`/api/admin/requests/${encodeURIComponent(id)}`, readRequestDetail);
  return (
    <div className="space-y-6">
      <div className="flex flex-wrap items-center gap-2">
        <LinkButton size="sm" variant="ghost" href="/admin/requests">
          {adminStrings.back}
        </LinkButton>
        <span className="font-mono text-xs wrap-anywhere text-muted">{id}</span>
        <CopyButton text={id} />
      </div>
      <LoadedView state={state} retry={reload}>
        {(request) => (
          <>
            <Summary request={request} />
            <Facts request={request} />
            <Card title={adminStrings.timeline}>
              {request.attempts.length === 0 ? (
                <p className="text-sm text-muted">{adminStrings.timelineEmpty}</p>
              ) : (
                <div className="space-y-6">
                  <Timeline attempts={request.attempts} />
                  <AttemptTable attempts={request.attempts} />
                </div>
              )}
            </Card>
            <ToolCalls calls={request.toolCalls} />
          </>
        )}
      </LoadedView>
    </div>
  );
}

function Summary({ request }: { request: RequestDetail }) {
  const { status, durationMs, costUsd, isEstimated, promptTokens, cachedTokens, completionTokens } = request;
  const cached = cachedTokens === 0 ? "" : adminStrings.cachedTokens(count(cachedTokens));
  const hint = [cached, isEstimated ? adminStrings.estimated : ""].filter(Boolean).join(", ");
  return (
    <Card>
      <dl className="grid gap-6 sm:grid-cols-2 lg:grid-cols-4">
        <Figure label={facts.status} value={<StatusBadge status={status} />} />
        <Figure label={facts.duration} value={known(durationMs, duration)} />
        <Figure label={facts.cost} value={costUsd === null ? adminStrings.unknown : usd(costUsd)} />
        <Figure
          label={facts.tokens}
          value={
            <span className="text-lg">
              {adminStrings.tokens(count(promptTokens), count(completionTokens))}
            </span>
          }
          {...(hint !== "" && { hint })}
        />
      </dl>
    </Card>
  );
}

function Facts({ request }: { request: RequestDetail }) {
  const { engine, mode, route, user, userId, key, keyId, createdAt, settledAt, delivered } = request;
  const rows: readonly [string, ReactNode][] = [
    [facts.engine, engine ?? adminStrings.none],
    [facts.mode, mode],
    [facts.route, route ?? adminStrings.unknown],
    [facts.user, <Filtered key="user" name="user" id={userId} text={user} />],
    [facts.key, <Filtered key="key" name="key" id={keyId} text={key} />],
    [facts.began, dateTime(createdAt)],
    [facts.stored, settledAt === null ? adminStrings.none : dateTime(settledAt)],
    [facts.delivered, delivered ? adminStrings.yes : adminStrings.no],
  ];
  return (
    <Card>
      <dl className="grid gap-x-6 gap-y-4 text-sm sm:grid-cols-2 lg:grid-cols-4">
        {rows.map(([label, value]) => (
          <div key={label} className="min-w-0">
            <dt className="text-muted">{label}</dt>
            <dd className="mt-0.5 wrap-anywhere">{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  );
}

type FilteredProps = { name: "user" | "key"; id: string | null; text: string | null };

/** Leads to everything that this user, or this key, has asked. */
function Filtered({ name, id, text }: FilteredProps) {
  if (id === null) return adminStrings.none;
  return (
    <Link
      prefetch={false}
      href={`/admin/requests?${name}=${encodeURIComponent(id)}`}
      className="text-accent hover:underline"
    >
      {text ?? id}
    </Link>
  );
}

function ToolCalls({ calls }: { calls: readonly ToolCallView[] }) {
  if (calls.length === 0) return null;
  return (
    <Card title={adminStrings.tools}>
      <Table caption={adminStrings.tools} head={adminStrings.toolColumns} numeric={[3]}>
        {calls.map(({ tool, source, outcome, latencyMs, reason }, index) => (
          // They never change places.
          <Row key={String(index)}>
            <Cell>{tool ?? adminStrings.none}</Cell>
            <Cell>{source}</Cell>
            <Cell>
              <OutcomeBadge outcome={outcome} />
            </Cell>
            <Cell numeric>{duration(latencyMs)}</Cell>
            <Cell className="text-muted wrap-anywhere">{reason ?? ""}</Cell>
          </Row>
        ))}
      </Table>
    </Card>
  );
}
