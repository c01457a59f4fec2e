import Link from "next/link";
import type { EngineView } from "#lib/browser/admin/health.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { Button } from "../../_ui/button.tsx";
import { count, duration, percent } from "../../_ui/format.ts";
import { Cell, Row, Table } from "../../_ui/table.tsx";
import { ActionsHead } from "../_parts/actions-head.tsx";
import { EngineState } from "../_parts/state-badges.tsx";
import { known } from "../health-cards.tsx";

type TableProps = {
  provider: string;
  engines: readonly EngineView[];
  now: number;
  off: ReadonlySet<string>;
  switchOff: (target: string) => void;
};

export function EngineTable({ provider, engines, now, off, switchOff }: TableProps) {
  const head = [...adminStrings.engineColumns, <ActionsHead key="actions" />];
  return (
    <Table caption={adminStrings.enginesCaption(provider)} head={head} numeric={[3, 4, 5, 6]}>
      {engines.map((engine) => {
        const name = `${provider}/${engine.model}`;
        const { breaker, benchedUntil, dead } = engine;
        return (
          <Row key={engine.model}>
            <Cell className="min-w-44 font-mono text-xs wrap-anywhere">
              <Link
                prefetch={false}
                href={`/admin/requests?engine=${encodeURIComponent(name)}`}
                className="hover:underline"
              >
                {engine.model}
              </Link>
            </Cell>
            <Cell>
              <EngineState
                {...{ breaker, benchedUntil, now }}
                isDead={dead}
                isOff={off.has(name) || off.has(provider)}
              />
            </Cell>
            <Cell className="text-muted">{engine.modes.join(", ")}</Cell>
            <Cell numeric>{known(engine.calls, count)}</Cell>
            <Cell numeric>{known(engine.successRate, percent)}</Cell>
            <Cell numeric>{known(engine.firstTokenP50, duration)}</Cell>
            <Cell numeric className="whitespace-nowrap">
              {`${known(engine.latencyP50, duration)} / ${known(engine.latencyP95, duration)}`}
            </Cell>
            <Cell>
              {off.has(name) ? null : (
                <Button
                  size="sm"
                  variant="ghost"
                  aria-label={adminStrings.switchOffName(name)}
                  onClick={() => switchOff(name)}
                >
                  {adminStrings.switchOff}
                </Button>
              )}
            </Cell>
          </Row>
        );
      })}
    </Table>
  );
}
