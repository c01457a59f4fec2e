"use client";

import { type KeyState, type KeyView, keyState } from "#lib/browser/keys.ts";
import { keysStrings } from "../_strings/keys.ts";
import { ago, count, dateTime, usd } from "../_ui/format.ts";
import { Menu, type MenuItem } from "../_ui/menu.tsx";
import { Badge, type Tone } from "../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../_ui/table.tsx";
import { useNow } from "../_ui/use-now.ts";
import type { KeyDialog } from "./key-dialog.ts";

const TONES: Readonly<Record<KeyState, Tone>> = { live: "good", expired: "warn", revoked: "neutral" };

type Open = (dialog: KeyDialog) => void;

export function KeyTable({ keys, open }: { keys: readonly KeyView[]; open: Open }) {
  const now = useNow();
  return (
    <Table caption={keysStrings.tableCaption} head={keysStrings.columns} numeric={[2, 3]}>
      {keys.map((key) => (
        <KeyRow key={key.id} view={key} now={now} open={open} />
      ))}
    </Table>
  );
}

function KeyRow({ view, now, open }: { view: KeyView; now: number; open: Open }) {
  const state = keyState(view, now);
  return (
    <Row>
      <Cell>
        <span className="font-medium">{view.name}</span>
        <span className="block font-mono text-xs text-muted">{`${view.prefix}…`}</span>
      </Cell>
      <Cell className="text-muted">
        <Limits view={view} />
      </Cell>
      <Cell numeric>
        {keysStrings.requests(count(view.requestsToday))}
        <span className="block text-xs text-muted">{usd(view.spentUsdToday)}</span>
      </Cell>
      <Cell numeric>
        {usd(view.spentUsdThisMonth)}
        {view.usdPerMonth === null ? null : (
          <meter
            aria-label={keysStrings.budget(usd(view.usdPerMonth))}
            className="mt-1 ml-auto block h-1.5 w-20"
            value={view.spentUsdThisMonth}
            max={view.usdPerMonth || 1}
          />
        )}
      </Cell>
      <Cell className="whitespace-nowrap text-muted">
        {view.lastUsedAt === null ? keysStrings.never : ago(view.lastUsedAt, now)}
      </Cell>
      <Cell>
        <Badge tone={TONES[state]}>{keysStrings.states[state]}</Badge>
        <Until view={view} state={state} now={now} />
      </Cell>
      <Cell>
        {state === "revoked" ? null : (
          <Menu label={keysStrings.actions(view.name)} items={actionsFor(view, open)} />
        )}
      </Cell>
    </Row>
  );
}

function actionsFor(key: KeyView, open: Open): MenuItem[] {
  return [
    { label: keysStrings.change, icon: "pencil", onSelect: () => open({ kind: "change", key }) },
    { label: keysStrings.rotate, icon: "refresh", onSelect: () => open({ kind: "rotate", key }) },
    { label: keysStrings.revoke, icon: "trash", danger: true, onSelect: () => open({ kind: "revoke", key }) },
  ];
}

/** What a key may, in a few words each. */
export function limitsOf(view: KeyView): string[] {
  const { requestsPerMinute, requestsAtOnce, usdPerMonth, modes, inFlight } = view;
  return [
    requestsPerMinute === null ? "" : keysStrings.perMinute(count(requestsPerMinute)),
    requestsAtOnce === null ? "" : keysStrings.atOnce(count(requestsAtOnce), inFlight),
    usdPerMonth === null ? "" : keysStrings.budget(usd(usdPerMonth)),
    modes === null ? "" : modes.join(", "),
  ].filter((limit) => limit !== "");
}

function Limits({ view }: { view: KeyView }) {
  const limits = limitsOf(view);
  if (limits.length === 0) return keysStrings.noLimits;
  return limits.map((limit) => (
    <span key={limit} className="block">
      {limit}
    </span>
  ));
}

function Until({ view, state, now }: { view: KeyView; state: KeyState; now: number }) {
  const { expiresAt, previousValidUntil } = view;
  const oldLives = previousValidUntil !== null && Date.parse(previousValidUntil) > now;
  return (
    <span className="mt-1 block text-xs text-muted">
      {state === "live" && expiresAt !== null ? keysStrings.expires(dateTime(expiresAt)) : null}
      {state === "live" && oldLives ? (
        <span className="block">{keysStrings.oldSecret(dateTime(previousValidUntil))}</span>
      ) : null}
    </span>
  );
}
