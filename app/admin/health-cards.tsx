"use client";

import type { EngineView, HealthView, ModeView, ProviderView } from "#lib/browser/admin/health.ts";
import { adminStrings } from "../_strings/admin.ts";
import { ago, count, duration, percent } from "../_ui/format.ts";
import { Badge, Card } from "../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../_ui/table.tsx";
import { useNow } from "../_ui/use-now.ts";

const { slowest, modes: modeTexts, dead, ledger: ledgerTexts } = adminStrings;

type NamedEngine = { name: string; engine: EngineView };

function enginesOf(providers: readonly ProviderView[]): NamedEngine[] {
  return providers.flatMap(({ id, engines }) =>
    engines.map((engine) => ({ name: `${id}/${engine.model}`, engine })),
  );
}

/** How many engines the list shows. */
const SHOWN = 8;

/** A number, or a dash where none is known. */
export function known(value: number | null, format: (value: number) => string): string {
  return value === null ? adminStrings.none : format(value);
}

/** Those whose slowest answers take longest. */
export function SlowestEngines({ providers }: { providers: readonly ProviderView[] }) {
  const called = enginesOf(providers)
    .filter(({ engine }) => engine.latencyP95 !== null)
    .sort((a, b) => (b.engine.latencyP95 ?? 0) - (a.engine.latencyP95 ?? 0))
    .slice(0, SHOWN);
  return (
    <Card title={slowest.title}>
      {called.length === 0 ? (
        <p className="text-sm text-muted">{slowest.empty}</p>
      ) : (
        <Table caption={slowest.title} head={slowest.columns} numeric={[1, 2, 3, 4, 5]}>
          {called.map(({ name, engine }) => (
            <Row key={name}>
              <Cell className="min-w-44 font-mono text-xs wrap-anywhere">{name}</Cell>
              <Cell numeric>{known(engine.calls, count)}</Cell>
              <Cell numeric>{known(engine.successRate, percent)}</Cell>
              <Cell numeric>{known(engine.firstTokenP50, duration)}</Cell>
              <Cell numeric>{known(engine.latencyP50, duration)}</Cell>
              <Cell numeric className="font-medium">
                {known(engine.latencyP95, duration)}
              </Cell>
            </Row>
          ))}
        </Table>
      )}
    </Card>
  );
}

export function Modes({ modes }: { modes: readonly ModeView[] }) {
  return (
    <Card title={modeTexts.title}>
      <Table caption={modeTexts.title} head={modeTexts.columns} numeric={[1, 2, 3, 4, 5]}>
        {modes.map(({ mode, turns, completed, failed, depthMean, depthMax, engines }) => (
          <Row key={mode}>
            <Cell className="font-medium">{mode}</Cell>
            <Cell numeric>{known(turns, count)}</Cell>
            <Cell numeric>{count(completed)}</Cell>
            <Cell numeric className={failed > 0 ? "text-bad" : ""}>
              {count(failed)}
            </Cell>
            <Cell numeric>{known(depthMean, (mean) => mean.toFixed(2))}</Cell>
            <Cell numeric>{known(depthMax, count)}</Cell>
            <Cell className="min-w-96 font-mono text-xs text-muted">{engines.join(" → ")}</Cell>
          </Row>
        ))}
      </Table>
    </Card>
  );
}

export function DeadModels({ providers }: { providers: readonly ProviderView[] }) {
  const names = enginesOf(providers).filter(({ engine }) => engine.dead);
  return (
    <Card title={dead.title}>
      <p className="text-sm text-muted">{names.length === 0 ? dead.none : dead.text}</p>
      <ul className="mt-3 flex flex-wrap gap-2">
        {names.map(({ name }) => (
          <li key={name}>
            <Badge tone="bad">{name}</Badge>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** What the process that answered says of itself. */
export function LedgerCard({ health }: { health: HealthView }) {
  const now = useNow();
  const { ledger, version, startedAt, instances } = health;
  const facts: readonly [string, string][] = [
    [ledgerTexts.waiting, count(ledger.waiting)],
    [ledgerTexts.parked, count(ledger.parked)],
    [
      ledgerTexts.oldest,
      ledger.waiting + ledger.parked === 0 ? adminStrings.none : duration(ledger.oldestSeconds * 1_000),
    ],
    [ledgerTexts.version, version],
    [ledgerTexts.started, ago(startedAt, now)],
    [ledgerTexts.instances, instances === 0 ? adminStrings.none : count(instances)],
  ];
  return (
    <Card title={ledgerTexts.title}>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 text-sm sm:grid-cols-3">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt className="text-muted">{label}</dt>
            <dd className="font-medium tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      <p className="mt-4 text-sm text-muted">{ledgerTexts.note}</p>
    </Card>
  );
}
