"use client";

import Link from "next/link";
import { type KeyState, type KeyView, keyState } from "#lib/browser/keys.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { keysStrings } from "../../_strings/keys.ts";
import { Button } from "../../_ui/button.tsx";
import { ago, count, usd } from "../../_ui/format.ts";
import { Badge, type Tone } from "../../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../../_ui/table.tsx";
import { useNow } from "../../_ui/use-now.ts";
import { limitsOf } from "../../keys/key-table.tsx";
import { ActionsHead } from "../_parts/actions-head.tsx";

const TONES: Readonly<Record<KeyState, Tone>> = { live: "good", expired: "warn", revoked: "neutral" };

type TableProps = {
  keys: readonly KeyView[];
  /** Shows the keys of one user alone. */
  choose: (userId: string) => void;
  revoke: (key: KeyView) => void;
};

export function AllKeysTable({ keys, choose, revoke }: TableProps) {
  const now = useNow();
  return (
    <Table
      caption={adminStrings.keysCaption}
      head={[...adminStrings.keyColumns, <ActionsHead key="actions" />]}
      numeric={[5, 6]}
    >
      {keys.map((key) => (
        <KeyRow key={key.id} view={key} now={now} choose={choose} revoke={revoke} />
      ))}
    </Table>
  );
}

type RowProps = Omit<TableProps, "keys"> & { view: KeyView; now: number };

function KeyRow({ view, now, choose, revoke }: RowProps) {
  const state = keyState(view, now);
  const limits = limitsOf(view);
  return (
    <Row>
      <Cell>
        <span className="font-medium">{view.name}</span>
        <span className="block font-mono text-xs text-muted">{`${view.prefix}…`}</span>
        <Link
          prefetch={false}
          href={`/admin/requests?key=${view.id}`}
          className="text-xs text-accent hover:underline"
        >
          {adminStrings.keyRequests}
        </Link>
      </Cell>
      <Cell>
        <button
          type="button"
          title={view.userId}
          onClick={() => choose(view.userId)}
          className="font-mono text-xs text-muted hover:text-text hover:underline"
        >
          {`${view.userId.slice(0, 8)}…`}
        </button>
      </Cell>
      <Cell>
        <Badge tone={TONES[state]}>{keysStrings.states[state]}</Badge>
      </Cell>
      <Cell className="whitespace-nowrap text-muted">
        {view.lastUsedAt === null ? keysStrings.never : ago(view.lastUsedAt, now)}
      </Cell>
      <Cell className="text-muted">{limits.length === 0 ? keysStrings.noLimits : limits.join(", ")}</Cell>
      <Cell numeric>
        {keysStrings.requests(count(view.requestsToday))}
        <span className="block text-xs text-muted">{usd(view.spentUsdToday)}</span>
      </Cell>
      <Cell numeric>{usd(view.spentUsdThisMonth)}</Cell>
      <Cell>
        {state === "revoked" ? null : (
          <Button size="sm" variant="danger" onClick={() => revoke(view)}>
            {keysStrings.revoke}
          </Button>
        )}
      </Cell>
    </Row>
  );
}
