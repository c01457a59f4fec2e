import Link from "next/link";
import type { RequestView } from "#lib/browser/admin/requests.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { compact, count, dateTime, duration, usd } from "../../_ui/format.ts";
import { Cell, Row, Table } from "../../_ui/table.tsx";
import { StatusBadge } from "../_parts/state-badges.tsx";
import { known } from "../health-cards.tsx";

export function RequestTable({ rows }: { rows: readonly RequestView[] }) {
  return (
    <Table caption={adminStrings.requestsCaption} head={adminStrings.requestColumns} numeric={[5, 6, 7, 8]}>
      {rows.map((request) => (
        <RequestRow key={request.id} request={request} />
      ))}
    </Table>
  );
}

function RequestRow({ request }: { request: RequestView }) {
  const { id, createdAt, status, mode, engine, user, key, attemptCount, durationMs } = request;
  const time = dateTime(createdAt);
  return (
    <Row>
      <Cell className="whitespace-nowrap">
        <Link
          prefetch={false}
          href={`/admin/requests/${id}`}
          aria-label={adminStrings.openRequest(time)}
          className="font-medium text-accent hover:underline"
        >
          {time}
        </Link>
      </Cell>
      <Cell>
        <StatusBadge status={status} />
      </Cell>
      <Cell>{mode}</Cell>
      <Cell className="min-w-44 font-mono text-xs wrap-anywhere">{engine ?? adminStrings.none}</Cell>
      <Cell className="max-w-48 truncate text-muted">
        {user ?? adminStrings.none}
        {key === null ? null : <span className="block truncate text-xs">{adminStrings.viaKey(key)}</span>}
      </Cell>
      <Cell numeric className={attemptCount > 1 ? "font-medium text-warn" : ""}>
        {count(attemptCount)}
      </Cell>
      <Cell numeric className="whitespace-nowrap">
        {known(durationMs, duration)}
      </Cell>
      <Cell numeric className="whitespace-nowrap text-muted">
        {adminStrings.tokens(compact(request.promptTokens), compact(request.completionTokens))}
      </Cell>
      <Cell numeric>{request.costUsd === null ? adminStrings.unknown : usd(request.costUsd)}</Cell>
    </Row>
  );
}
