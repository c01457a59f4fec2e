import type { MetricData } from "@opentelemetry/sdk-metrics";
import type { ProcessMetrics } from "#lib/adapters/telemetry/prometheus-text.ts";

/** How long the primary waits for all workers, and a worker for the primary, milliseconds. */
const COLLECT_MS = 2_000;
const ASK_MS = 3_000;
/** Scrapes that the primary answers at once. */
const MAX_SCRAPES = 32;

/** What workers and their primary tell each other of metrics. A worker's name is that of its place. */
type Message =
  | { metrics: "place"; worker: string }
  | { metrics: "ask"; id: number }
  | { metrics: "collect"; id: string }
  | { metrics: "part"; id: string; part: MetricData[] }
  | { metrics: "all"; id: number; all: ProcessMetrics[] };

/** One end of the channel between a worker and its primary. */
export type Channel = {
  send(message: object, onSent: (error: Error | null) => void): unknown;
  on(event: "message", listener: (message: unknown) => void): unknown;
};

/** A worker's end: answers the primary, and asks it for the metrics of all workers. */
export class WorkerMetrics {
  readonly #primary: Channel;
  readonly #collect: () => Promise<MetricData[]>;
  readonly #asked = new Map<number, (all: ProcessMetrics[]) => void>();
  #worker = "?";
  #lastId = 0;

  constructor(primary: Channel, collect: () => Promise<MetricData[]>) {
    this.#primary = primary;
    this.#collect = collect;
    primary.on("message", (message) => {
      if (isMessage(message)) void this.#receive(message);
    });
  }

  /** The metrics of all workers; of this one alone if the primary does not answer in time. */
  async all(): Promise<ProcessMetrics[]> {
    const id = ++this.#lastId;
    const answered = new Promise<ProcessMetrics[] | undefined>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), ASK_MS);
      this.#asked.set(id, (all) => {
        clearTimeout(timer);
        resolve(all);
      });
      this.#send({ metrics: "ask", id });
    });
    const all = await answered;
    this.#asked.delete(id);
    return all ?? [{ worker: this.#worker, metrics: await this.#collect() }];
  }

  async #receive(message: Message): Promise<void> {
    switch (message.metrics) {
      case "place":
        this.#worker = message.worker;
        return;
      case "collect":
        // One that cannot tell in time is left out.
        return this.#send({ metrics: "part", id: message.id, part: await this.#collect().catch(() => []) });
      case "all":
        return this.#asked.get(message.id)?.(message.all);
      case "ask":
      case "part":
        return;
    }
  }

  #send(message: Message): void {
    // Without a primary the process is about to end.
    this.#primary.send(message, () => undefined);
  }
}

/** A scrape under way in the primary. */
type Scrape = {
  asker: Channel;
  id: number;
  missing: Set<string>;
  all: ProcessMetrics[];
  timer: NodeJS.Timeout;
};

/** The primary's end: asks all workers on behalf of one. */
export class PrimaryMetrics {
  readonly #workers = new Map<string, Channel>();
  readonly #scrapes = new Map<string, Scrape>();
  #lastId = 0;

  /** @param worker the name of its place, which one that replaces it gets as well. */
  join(worker: string, channel: Channel): void {
    this.#workers.set(worker, channel);
    channel.on("message", (message) => {
      if (isMessage(message)) this.#receive(message, worker, channel);
    });
    this.#send({ metrics: "place", worker }, worker, channel);
  }

  /** The worker has ended: nobody waits for it. */
  leave(worker: string): void {
    this.#workers.delete(worker);
    for (const id of this.#scrapes.keys()) this.#arrived(id, worker, []);
  }

  #receive(message: Message, worker: string, channel: Channel): void {
    if (message.metrics === "ask") this.#ask(message.id, channel);
    else if (message.metrics === "part") this.#arrived(message.id, worker, message.part);
  }

  #ask(id: number, asker: Channel): void {
    // The worker then tells of itself.
    if (this.#scrapes.size >= MAX_SCRAPES) return;
    const scrape = String(++this.#lastId);
    const timer = setTimeout(() => this.#answer(scrape), COLLECT_MS);
    this.#scrapes.set(scrape, { asker, id, missing: new Set(this.#workers.keys()), all: [], timer });
    for (const [worker, channel] of this.#workers) {
      this.#send({ metrics: "collect", id: scrape }, worker, channel);
    }
  }

  #arrived(id: string, worker: string, part: MetricData[]): void {
    const scrape = this.#scrapes.get(id);
    if (scrape?.missing.delete(worker) !== true) return;
    if (part.length > 0) scrape.all.push({ worker, metrics: part });
    if (scrape.missing.size === 0) this.#answer(id);
  }

  #answer(id: string): void {
    const scrape = this.#scrapes.get(id);
    if (scrape === undefined) return;
    this.#scrapes.delete(id);
    clearTimeout(scrape.timer);
    const all = scrape.all.toSorted((a, b) => Number(a.worker) - Number(b.worker));
    // The asker may have died.
    scrape.asker.send({ metrics: "all", id: scrape.id, all } satisfies Message, () => undefined);
  }

  #send(message: Message, worker: string, channel: Channel): void {
    channel.send(message, (error) => {
      if (error !== null && this.#workers.get(worker) === channel) this.leave(worker);
    });
  }
}

/** Both ends are this program: the kind of a message says what is in it. */
function isMessage(message: unknown): message is Message {
  return typeof message === "object" && message !== null && "metrics" in message;
}
