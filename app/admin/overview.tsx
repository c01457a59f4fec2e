"use client";

import { useState } from "react";
import { type ChartData, chartsOf } from "#lib/browser/admin/chart-data.ts";
import { type HealthView, readHealth } from "#lib/browser/admin/health.ts";
import { readSeries, type SeriesView, type Window } from "#lib/browser/admin/series.ts";
import { adminStrings } from "../_strings/admin.ts";
import { count, duration, usd } from "../_ui/format.ts";
import { LoadedView } from "../_ui/loaded.tsx";
import { EmptyState } from "../_ui/states.tsx";
import { Card } from "../_ui/surfaces.tsx";
import { usePolled } from "../_ui/use-polled.ts";
import { TimeChart } from "./_parts/time-chart.tsx";
import { Toolbar } from "./_parts/toolbar.tsx";
import { Attention } from "./attention.tsx";
import { CostFigures, TurnFigures } from "./figures.tsx";
import { DeadModels, LedgerCard, Modes, SlowestEngines } from "./health-cards.tsx";
import { SpendByModel } from "./spend-by-model.tsx";

const texts = adminStrings.charts;

/** How the gateway does, and did within a window. */
export function Overview() {
  const [window, setWindow] = useState<Window>("24h");
  const health = usePolled(`/api/admin/health?window=${window}`, readHealth);
  const series = usePolled(`/api/admin/series?window=${window}`, readSeries);
  return (
    <>
      <Toolbar window={window} choose={setWindow} shown={[health, series]} />
      <div className="space-y-6">
        {health.state.kind === "ready" ? <Attention health={health.state.value} /> : null}
        <LoadedView state={series.state} retry={series.reload} lines={3}>
          {(value) => <TurnFigures turns={chartsOf(value).turns} />}
        </LoadedView>
        <LoadedView state={health.state} retry={health.reload} lines={3}>
          {({ cost }) => (cost === null ? null : <CostFigures cost={cost} />)}
        </LoadedView>
        {series.state.kind === "ready" ? <OverTime series={series.state.value} /> : null}
        {health.state.kind === "ready" ? <OfNow health={health.state.value} /> : null}
      </div>
    </>
  );
}

/** A depth has fractions: two calls for every hundredth request is 0.01. */
const depth = (value: number): string => String(Math.round(value * 100) / 100);

function OverTime({ series }: { series: SeriesView }) {
  const charts = chartsOf(series);
  return (
    <>
      {isEmpty(charts.turns) ? (
        <Card>
          <EmptyState icon="chart" title={adminStrings.emptyTitle} text={adminStrings.emptyText} />
        </Card>
      ) : (
        <div className="grid gap-6 lg:grid-cols-2">
          <TimeChart
            sums
            shape="stack"
            title={texts.turns}
            hint={texts.hints.turns}
            data={charts.turns}
            format={count}
          />
          <TimeChart
            shape="lines"
            title={texts.latency}
            hint={texts.hints.latency}
            data={charts.latency}
            format={duration}
          />
          <TimeChart
            shape="lines"
            title={texts.depth}
            hint={texts.hints.depth}
            data={charts.depth}
            format={depth}
          />
          <TimeChart
            sums
            shape="stack"
            title={texts.spend}
            hint={texts.hints.spend}
            data={charts.spend}
            format={usd}
          />
        </div>
      )}
      <SpendByModel spend={series.spend} />
    </>
  );
}

function isEmpty({ lines }: ChartData): boolean {
  return lines.every(({ values }) => values.every((value) => (value ?? 0) === 0));
}

function OfNow({ health }: { health: HealthView }) {
  return (
    <>
      <SlowestEngines providers={health.providers} />
      <Modes modes={health.modes} />
      <div className="grid gap-6 lg:grid-cols-2">
        <DeadModels providers={health.providers} />
        <LedgerCard health={health} />
      </div>
    </>
  );
}
