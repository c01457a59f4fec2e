import type uPlot from "uplot";
import { type ChartData, type ChartLineId, stacked } from "#lib/browser/admin/chart-data.ts";
import { axisTime, type ChartShape, colorOf, LINE_LOOKS } from "./chart-look.ts";

type Plot = typeof uPlot;

export type ChartOptions = {
  shape: ChartShape;
  lines: readonly ChartLineId[];
  step: number;
  format: (value: number) => string;
  /** The place in `times` at the pointer; null when it has left. */
  hovered: (index: number | null) => void;
};

export type Drawing = { show(data: ChartData): void; resize(): void; destroy(): void };

const HEIGHT = 200;

/** Draws a chart into an element, in the colours of the theme of now. */
export function drawChart(plot: Plot, place: HTMLElement, options: ChartOptions): Drawing {
  const { shape } = options;
  const chart = new plot(optionsOf(plot, place, options), [[]], place);
  return {
    show: ({ times, lines }) => {
      const layers = shape === "stack" ? stacked(lines).reverse() : lines.map(({ values }) => [...values]);
      chart.setData([[...times], ...layers]);
    },
    resize: () => chart.setSize({ width: place.clientWidth, height: HEIGHT }),
    destroy: () => chart.destroy(),
  };
}

function optionsOf(plot: Plot, place: HTMLElement, options: ChartOptions): uPlot.Options {
  const { shape, step, lines, format, hovered } = options;
  // The highest layer first, so that the others are drawn over its lower part.
  const drawn = shape === "stack" ? [...lines].reverse() : lines;
  const padding = shape === "stack" ? step : 0;
  return {
    width: place.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 20, 0, 0],
    ...(step >= 86_400 && { tzDate: (seconds: number) => plot.tzDate(new Date(seconds * 1_000), "Etc/UTC") }),
    cursor: { y: false, drag: { x: false, y: false }, points: { show: shape === "lines" } },
    scales: {
      x: { range: (_, min, max) => [min, max + padding] },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.1 : 1] },
    },
    series: [{}, ...drawn.map((id) => seriesOf(plot, place, id, shape))],
    axes: axesOf(place, step, format),
    hooks: { setCursor: [({ cursor }) => hovered(cursor.idx ?? null)] },
  };
}

function seriesOf(plot: Plot, place: HTMLElement, id: ChartLineId, shape: ChartShape): uPlot.Series {
  const { color: className, dashed } = LINE_LOOKS[id];
  const color = colorOf(place, className);
  if (shape === "stack") {
    const bars = plot.paths.bars?.({ size: [0.82, 48], align: 1, radius: 0.08 });
    return { stroke: color, fill: color, width: 0, points: { show: false }, ...(bars && { paths: bars }) };
  }
  return {
    ...{ stroke: color, width: 2, spanGaps: true, points: { size: 5, fill: color } },
    ...(dashed && { dash: [6, 4] }),
  };
}

function axesOf(place: HTMLElement, step: number, format: (value: number) => string): uPlot.Axis[] {
  const [text, line] = [colorOf(place, "text-muted"), colorOf(place, "text-line")];
  const look = {
    ...{ stroke: text, font: "12px system-ui, sans-serif", ticks: { show: false } },
    grid: { stroke: line, width: 1 },
  };
  return [
    {
      ...look,
      grid: { show: false },
      space: 72,
      size: 30,
      values: (_, times) => times.map((at) => axisTime(at, step)),
    },
    { ...look, size: 56, space: 40, values: (_, values) => values.map((value) => format(value)) },
  ];
}
