/** The value below which this share of the samples lies (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Least, median and greatest, as `1 / 2 / 3`. */
export function spread(samples: readonly number[], digits: number): string {
  const values = [Math.min(...samples), percentile(samples, 0.5), Math.max(...samples)];
  return values.map((value) => value.toFixed(digits)).join(" / ");
}

export type Row = { what: string; samples: readonly number[]; unit: string };

/** The rows as a Markdown table: median, p99, number of samples. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, samples, unit }) => {
    const cells = [percentile(samples, 0.5), percentile(samples, 0.99)].map(
      (value) => `${value.toFixed(2)} ${unit}`,
    );
    return `| ${what} | ${cells.join(" | ")} | ${samples.length} |`;
  });
  return ["| | median | p99 | samples |", "|---|---:|---:|---:|", ...lines].join("\n");
}

/** Milliseconds of a clock that all processes of the machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
