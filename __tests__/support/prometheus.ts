/** One sample of a scrape. */
export type Sample = { name: string; labels: Readonly<Record<string, string>>; value: number };

/** A family: what HELP and TYPE say, and its samples. */
export type Family = { type: string; help: string; samples: Sample[] };

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
const SAMPLE = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([^=,]+)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [""],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/**
 * A strict reader of Prometheus' text format 0.0.4, with the rules of `promtool check metrics`. Throws for whatever
 * Prometheus or promtool would not take: a family without HELP or TYPE, in two places, or of a wrong name; a series
 * that is there twice; a histogram whose buckets do not add up.
 */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith("\n")) throw new Error("The last line does not end.");
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let current: (Family & { name: string }) | undefined;
  let help: { name: string; text: string } | undefined;
  for (const line of text.split("\n")) {
    const [, keyword, name = "", rest = ""] = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line) ?? [];
    if (line === "") continue;
    if (keyword === "HELP") help = { name, text: rest };
    else if (keyword === "TYPE") {
      if (!NAME.test(name)) throw new Error(`Not a name: ${name}`);
      if (families.has(name)) throw new Error(`${name} is in two places.`);
      if (SUFFIXES[rest] === undefined) throw new Error(`${name} is of type ${rest}.`);
      if (help?.name !== name || help.text === "") throw new Error(`${name} has no HELP.`);
      checkName(name, rest);
      current = { name, type: rest, help: help.text, samples: [] };
      families.set(name, current);
    } else if (keyword === "UNIT") {
      if (!name.endsWith(`_${rest}`) && !name.endsWith(`_${rest}_total`)) {
        throw new Error(`${name} does not end in its unit, ${rest}.`);
      }
    } else if (line.startsWith("#")) throw new Error(`Not a comment of ours: ${line}`);
    else {
      const sample = readSample(line);
      const base = current?.name ?? "";
      if (!(SUFFIXES[current?.type ?? ""] ?? []).some((suffix) => sample.name === base + suffix)) {
        throw new Error(`${sample.name} stands below ${base}.`);
      }
      const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(series)) throw new Error(`Twice: ${series}`);
      seen.add(series);
      current?.samples.push(sample);
    }
  }
  for (const [name, family] of families) if (family.type === "histogram") checkBuckets(name, family);
  return families;
}

function checkName(name: string, type: string): void {
  if ((type === "counter") !== name.endsWith("_total")) throw new Error(`${name} is a ${type}.`);
  if (/_total_total|__/.test(name)) throw new Error(`${name} is doubled.`);
  if (/_(?:count|sum|bucket)$/.test(name)) throw new Error(`${name} looks like a part of a histogram.`);
  if (/_(?:ms|milliseconds|s|kb|mb)(?:_total)?$/.test(name)) throw new Error(`${name} has no base unit.`);
}

function readSample(line: string): Sample {
  const [, name = "", inside = "", number = ""] = SAMPLE.exec(line) ?? [];
  if (!NAME.test(name)) throw new Error(`Not a sample: ${line}`);
  const value =
    { "+Inf": Number.POSITIVE_INFINITY, "-Inf": Number.NEGATIVE_INFINITY }[number] ?? Number(number);
  if (number === "" || (Number.isNaN(value) && number !== "NaN")) throw new Error(`Not a number: ${line}`);
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  let read = 0;
  for (let match = LABEL.exec(inside); match !== null; match = LABEL.exec(inside)) {
    const [whole, label = "", text = ""] = match;
    if (!LABEL_NAME.test(label) || label in labels) throw new Error(`Not a label: ${label} in ${line}`);
    labels[label] = text.replace(/\\([\\"n])/g, (_, sign: string) => (sign === "n" ? "\n" : sign));
    read += whole.length;
  }
  if (read !== inside.length) throw new Error(`Not labels: ${inside}`);
  return { name, labels, value };
}

/** For each series of a histogram: cumulative buckets, the last one +Inf and equal to the count. */
function checkBuckets(name: string, { samples }: Family): void {
  const series = new Map<string, { buckets: [number, number][]; count?: number; sum?: number }>();
  for (const { name: own, labels, value } of samples) {
    const { le, ...rest } = labels;
    const key = JSON.stringify(Object.entries(rest).sort());
    const one = series.get(key) ?? { buckets: [] };
    series.set(key, one);
    if (own.endsWith("_bucket")) one.buckets.push([le === "+Inf" ? Infinity : Number(le), value]);
    else if (own.endsWith("_count")) one.count = value;
    else one.sum = value;
  }
  for (const { buckets, count, sum } of series.values()) {
    const sorted = [...buckets].sort(([a], [b]) => a - b);
    const isCumulative = sorted.every(
      ([, value], index) => index === 0 || value >= (sorted[index - 1]?.[1] ?? 0),
    );
    const [bound, last] = sorted.at(-1) ?? [];
    if (!isCumulative || bound !== Infinity || last !== count || sum === undefined) {
      throw new Error(`The buckets of ${name} do not add up.`);
    }
  }
}

/** The value of the one sample with these labels; undefined if there is none. */
export function sampleValue(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = [...families].find(
    ([known]) => name === known || name.replace(/_(?:bucket|sum|count)$/, "") === known,
  );
  const found = (family?.[1].samples ?? []).filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  if (found.length > 1) throw new Error(`${name} with ${JSON.stringify(labels)} is ${found.length} series.`);
  return found[0]?.value;
}
