"use client";

import { useRef } from "react";
import { type ChartData, type ChartLine, type ChartLineId, sumOf } from "#lib/browser/admin/chart-data.ts";
import { adminStrings } from "../../_strings/admin.ts";
import { Card } from "../../_ui/surfaces.tsx";
import { Cell, Row, Table } from "../../_ui/table.tsx";
import { bucketTime, type ChartShape, LINE_LOOKS } from "./chart-look.ts";
import { useDrawing } from "./use-drawing.ts";
import "uplot/dist/uPlot.min.css";

const texts = adminStrings.charts;

type ChartProps = {
  title: string;
  hint: string;
  data: ChartData<ChartLineId>;
  shape: ChartShape;
  /** The legend says the sum of each line while nothing is pointed at. */
  sums?: boolean;
  /** A function that does not change between renders. */
  format: (value: number) => string;
};

/** Values over time, with the same figures as a table. */
export function TimeChart({ title, hint, data, shape, sums = false, format }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const { hovered, failed } = useDrawing(place, { data, shape, format });
  const at = hovered === null ? undefined : data.times[hovered];
  return (
    <Card>
      <div className="mb-1 flex flex-wrap items-baseline justify-between gap-x-3">
        <h2 className="font-semibold">{title}</h2>
        <span className="text-sm text-muted tabular-nums">
          {at === undefined ? hint : bucketTime(at, data.step)}
        </span>
      </div>
      <Legend lines={data.lines} at={hovered} sums={sums} format={format} />
      {failed ? <p className="py-6 text-sm text-muted">{texts.failed}</p> : null}
      <div
        ref={place}
        role="img"
        aria-label={texts.summary(title, data.times.length)}
        hidden={failed}
        className="h-50 w-full"
      />
      <details className="mt-3">
        <summary className="w-fit text-sm text-muted hover:text-text">{texts.asTable}</summary>
        <div className="mt-2 max-h-80 overflow-y-auto px-5">
          <DataTable title={title} data={data} format={format} />
        </div>
      </details>
    </Card>
  );
}

type LegendProps = {
  lines: readonly ChartLine<ChartLineId>[];
  at: number | null;
  sums: boolean;
  format: (value: number) => string;
};

function Legend({ lines, at, sums, format }: LegendProps) {
  const shownOf = (line: ChartLine): string => {
    if (at === null) return sums ? format(sumOf(line)) : "";
    const value = line.values[at];
    return value === null || value === undefined ? adminStrings.none : format(value);
  };
  return (
    <ul className="mb-3 flex flex-wrap gap-x-4 gap-y-1 text-sm">
      {lines.map((line) => (
        <li key={line.id} className="flex items-center gap-1.5">
          <Swatch id={line.id} />
          <span className="text-muted">{texts.lines[line.id]}</span>
          <span className="font-medium tabular-nums">{shownOf(line)}</span>
        </li>
      ))}
    </ul>
  );
}

/** A piece of the line, as it is drawn. */
function Swatch({ id }: { id: ChartLineId }) {
  const { color, dashed } = LINE_LOOKS[id];
  return (
    <svg aria-hidden="true" width="14" height="10" viewBox="0 0 14 10" className={color}>
      <path
        d="M1 5h12"
        stroke="currentColor"
        strokeWidth={dashed ? 2 : 6}
        strokeDasharray={dashed ? "4 3" : undefined}
        strokeLinecap={dashed ? "butt" : "round"}
      />
    </svg>
  );
}

type TableProps = Pick<ChartProps, "title" | "data" | "format">;

/** The newest first. */
function DataTable({ title, data: { times, lines, step }, format }: TableProps) {
  const head = [texts.time, ...lines.map(({ id }) => texts.lines[id])];
  return (
    <Table caption={title} head={head} numeric={lines.map((_, index) => index + 1)}>
      {times
        .map((time, index) => (
          <Row key={time}>
            <Cell className="whitespace-nowrap">{bucketTime(time, step)}</Cell>
            {lines.map(({ id, values }) => (
              <Cell numeric key={id}>
                {values[index] === null ? adminStrings.none : format(values[index] ?? 0)}
              </Cell>
            ))}
          </Row>
        ))
        .reverse()}
    </Table>
  );
}
