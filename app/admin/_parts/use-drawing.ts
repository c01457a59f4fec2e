"use client";

import { type RefObject, useEffect, useRef, useState } from "react";
import type { ChartData, ChartLineId } from "#lib/browser/admin/chart-data.ts";
import type { ChartShape } from "./chart-look.ts";
import { type Drawing, drawChart } from "./draw-chart.ts";

type Wanted = { data: ChartData<ChartLineId>; shape: ChartShape; format: (value: number) => string };

/**
 * Keeps a chart drawn in `place`: again when the theme changes, and with other data, as wide as the place is. The
 * library is loaded when the first chart is there. `format` must not change between renders.
 */
export function useDrawing(
  place: RefObject<HTMLElement | null>,
  { data, shape, format }: Wanted,
): { hovered: number | null; failed: boolean } {
  const [hovered, setHovered] = useState<number | null>(null);
  const [failed, setFailed] = useState(false);
  const drawing = useRef<Drawing>(undefined);
  const newest = useRef(data);
  const theme = useThemeVersion();
  const { step } = data;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let isGone = false;
    // Another theme has other colours.
    void theme;
    const observer = new ResizeObserver(() => drawing.current?.resize());
    import("uplot").then(
      ({ default: plot }) => {
        if (isGone) return;
        const lines = newest.current.lines.map(({ id }) => id);
        drawing.current = drawChart(plot, element, { shape, lines, step, format, hovered: setHovered });
        drawing.current.show(newest.current);
        observer.observe(element);
      },
      () => setFailed(true),
    );
    return () => {
      isGone = true;
      observer.disconnect();
      drawing.current?.destroy();
      drawing.current = undefined;
    };
  }, [place, shape, step, format, theme]);
  useEffect(() => {
    newest.current = data;
    drawing.current?.show(data);
  }, [data]);
  return { hovered, failed };
}

/** A number that changes with the theme. */
function useThemeVersion(): number {
  const [version, setVersion] = useState(0);
  useEffect(() => {
    const changed = (): void => setVersion((before) => before + 1);
    const observer = new MutationObserver(changed);
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", changed);
    return () => {
      observer.disconnect();
      system.removeEventListener("change", changed);
    };
  }, []);
  return version;
}
