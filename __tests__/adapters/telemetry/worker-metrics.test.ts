import type { MetricData } from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";
import { type Channel, PrimaryMetrics, WorkerMetrics } from "#lib/adapters/telemetry/worker-metrics.ts";

type Link = {
  /** The primary's end. */
  primary: Channel;
  /** The worker's end. */
  worker: Channel;
  /** Nothing arrives any more, as with a process that hangs. */
  cut(): void;
  /** Sending fails from now on, as with a process that has ended. */
  close(): void;
};

/** A channel as between processes: messages arrive later, and as JSON. */
function aLink(): Link {
  let [isCut, isClosed] = [false, false];
  const listeners = { up: [] as ((message: unknown) => void)[], down: [] as ((message: unknown) => void)[] };
  const end = (to: "up" | "down", from: "up" | "down"): Channel => ({
    send: (message, onSent) => {
      const text = JSON.stringify(message);
      setImmediate(() => {
        onSent(isClosed ? new Error("channel closed") : null);
        if (!isCut && !isClosed) for (const listener of listeners[to]) listener(JSON.parse(text));
      });
    },
    on: (_, listener) => listeners[from].push(listener),
  });
  return {
    primary: end("down", "up"),
    worker: end("up", "down"),
    cut: () => {
      isCut = true;
    },
    close: () => {
      isClosed = true;
    },
  };
}

/** A metric of which only the name matters here. */
const metric = (name: string): MetricData => ({ descriptor: { name } }) as MetricData;
const toldBy = (all: { worker?: string | undefined; metrics: readonly MetricData[] }[]) =>
  all.map(({ worker, metrics }) => [worker, metrics[0]?.descriptor.name]);

function aMachine(count: number) {
  const primary = new PrimaryMetrics();
  const links = Array.from({ length: count }, aLink);
  const workers = links.map((link, index) => {
    const worker = new WorkerMetrics(link.worker, async () => [metric(`of ${index + 1}`)]);
    primary.join(String(index + 1), link.primary);
    return worker;
  });
  return { primary, links, workers };
}

test("one worker tells of all", async () => {
  const { workers } = aMachine(12);
  const expected = Array.from({ length: 12 }, (_, index) => [String(index + 1), `of ${index + 1}`]);
  expect(toldBy((await workers[3]?.all()) ?? [])).toEqual(expected);
});

test("scrapes at the same time do not mix", async () => {
  const { workers } = aMachine(3);
  const all = await Promise.all([...workers, ...workers].map((worker) => worker.all()));
  for (const one of all) expect(toldBy(one)).toHaveLength(3);
});

test("a worker that dies meanwhile costs its own series only, and no time", async () => {
  const { primary, links, workers } = aMachine(3);
  links[1]?.cut();
  const asked = workers[0]?.all();
  setTimeout(() => primary.leave("2"), 50);
  const from = performance.now();
  expect(toldBy((await asked) ?? [])).toEqual([
    ["1", "of 1"],
    ["3", "of 3"],
  ]);
  expect(performance.now() - from).toBeLessThan(1_500);
});

test("a worker whose channel is closed already is left out", async () => {
  const { links, workers } = aMachine(2);
  links[1]?.close();
  expect(toldBy((await workers[0]?.all()) ?? [])).toEqual([["1", "of 1"]]);
});

test("a worker that hangs is not waited for longer than two seconds", async () => {
  const { links, workers } = aMachine(2);
  links[1]?.cut();
  expect(toldBy((await workers[0]?.all()) ?? [])).toEqual([["1", "of 1"]]);
});

test("without a primary that answers a worker tells of itself", async () => {
  const { links, workers } = aMachine(2);
  await workers[1]?.all();
  links[1]?.cut();
  expect(toldBy((await workers[1]?.all()) ?? [])).toEqual([["2", "of 2"]]);
});

test("a worker that replaces one takes its place", async () => {
  const { primary, workers } = aMachine(2);
  primary.leave("2");
  const link = aLink();
  new WorkerMetrics(link.worker, async () => [metric("of the new one")]);
  primary.join("2", link.primary);
  expect(toldBy((await workers[0]?.all()) ?? [])).toEqual([
    ["1", "of 1"],
    ["2", "of the new one"],
  ]);
});
