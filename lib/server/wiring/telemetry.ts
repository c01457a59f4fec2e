import cluster from "node:cluster";
import type { MetricData } from "@opentelemetry/sdk-metrics";
import { readProcess } from "#lib/adapters/telemetry/process-reading.ts";
import type { SdkSettings, TelemetrySdk } from "#lib/adapters/telemetry/sdk.ts";
import { WorkerMetrics } from "#lib/adapters/telemetry/worker-metrics.ts";
import { MODE_IDS } from "#lib/ai-models.ts";
import type { EngineReport } from "#lib/providers/health/engine-health.ts";
import type { Env } from "#lib/server/env/env.ts";
import type { LiveProviders } from "#lib/server/wiring/live-providers.ts";
import type { Providers } from "#lib/server/wiring/providers.ts";
import { telemetrySettings } from "#lib/server/wiring/telemetry-settings.ts";
import type { Ledger } from "#lib/services/ledger/ledger.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { TurnObserver } from "#lib/services/telemetry/ended-turn.ts";
import { readGauges } from "#lib/services/telemetry/gauges.ts";
import type { Measurement } from "#lib/services/telemetry/metrics.ts";
import { ModelLabels } from "#lib/services/telemetry/model-labels.ts";
import { ObservedLedger } from "#lib/services/telemetry/observed-ledger.ts";
import { TraceParents } from "#lib/services/telemetry/trace-parent.ts";
import { turnLog } from "#lib/services/telemetry/turn-log.ts";
import { TurnTelemetry } from "#lib/services/telemetry/turn-telemetry.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { derived, lazyAsync } from "#lib/shared/lazy.ts";

/** How long the end of the process, or of an invocation on Vercel, waits for a collector, milliseconds. */
const FLUSH_MS = 3_000;
/** Between two times that answers have sent what waits, milliseconds. */
const FLUSH_PAUSE_MS = 1_000;
/** That the collector does not answer is logged at most once in this time, milliseconds. */
const WARN_MS = 60_000;

export type TelemetryParts = {
  env: Env;
  live: Pick<LiveProviders, "current">;
  clock: Clock;
  logger: Logger;
  /** Writes the lines of turns. */
  turnLogger: Pick<Logger, "info">;
};

/** Metrics, traces and the log of turns. What is switched off is not loaded, and no turn pays for it. */
export type Telemetry = {
  /** The ledger, with observers of its turns if anybody wants to know of them. */
  observed(ledger: Ledger): Ledger;
  /** Notes to which trace a request belongs; undefined without traces. */
  noteRequest: ((requestId: string, headers: Headers) => void) | undefined;
  /** Where the gauges of engines come from. */
  readEngines(engines: () => readonly EngineReport[]): void;
  /** The metrics of all processes in Prometheus' text format. Throws `not_configured` if none are kept. */
  scrape(): Promise<string>;
  /**
   * Sends what waits, under a host that does not tell when the process ends: on Vercel each time, since it may be
   * frozen then, elsewhere at most once a second. Never rejects.
   */
  flushBehindAnswer(): Promise<void>;
  /** Sends what waits. Never rejects, and takes no longer than three seconds. */
  close(): Promise<void>;
};

export function createTelemetry(parts: TelemetryParts): Telemetry {
  const settings = telemetrySettings(parts.env);
  const log = parts.env.LOG_TURNS ? [turnLog(parts.turnLogger)] : [];
  return settings === undefined ? withoutSdk(log, parts) : new SdkTelemetry(settings, log, parts);
}

/** At most the log of turns. */
function withoutSdk(observers: readonly TurnObserver[], parts: TelemetryParts): Telemetry {
  return {
    observed: (ledger) =>
      observers.length === 0 ? ledger : new ObservedLedger(ledger, { ...parts, observers }),
    noteRequest: undefined,
    readEngines: () => undefined,
    scrape: async () => {
      const message = "No metrics are kept: set METRICS_TOKEN, ADMIN_USER_IDS or ADMIN_EMAILS.";
      throw new GatewayError("not_configured", message);
    },
    flushBehindAnswer: async () => undefined,
    close: async () => undefined,
  };
}

class SdkTelemetry implements Telemetry {
  readonly #settings: SdkSettings;
  readonly #parts: TelemetryParts;
  readonly #observers: readonly TurnObserver[];
  readonly #parents: TraceParents | undefined;
  readonly #models: ModelLabels;
  readonly #turns: TurnTelemetry;
  readonly #load: () => Promise<TelemetrySdk>;
  readonly #workers: WorkerMetrics | undefined;
  #sdk: TelemetrySdk | undefined;
  #ledger: ObservedLedger | undefined;
  #engines: () => readonly EngineReport[] = () => [];
  #nextFlush = Number.NEGATIVE_INFINITY;
  #nextWarning = Number.NEGATIVE_INFINITY;

  constructor(settings: SdkSettings, log: readonly TurnObserver[], parts: TelemetryParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#parents = settings.traces && new TraceParents();
    const listed = derived(() => parts.live.current, listedModels);
    this.#models = new ModelLabels((provider, model) => listed.value.has(`${provider}/${model}`));
    this.#turns = new TurnTelemetry(this.#models, this.#parents);
    this.#load = lazyAsync(() => this.#start());
    this.#observers = [...log, (turn) => this.#turns.turnEnded(turn)];
    // Undefined outside of a worker of ours.
    const { worker } = cluster;
    this.#workers = worker && new WorkerMetrics(worker, () => this.#collect());
    // On Vercel, the first answers would wait for the libraries: there they are loaded behind one.
    if (!parts.env.VERCEL) void this.#quietly(this.#load());
  }

  get noteRequest(): Telemetry["noteRequest"] {
    const parents = this.#parents;
    return parents && ((requestId, headers) => parents.note(requestId, headers));
  }

  observed(ledger: Ledger): Ledger {
    this.#ledger = new ObservedLedger(ledger, { ...this.#parts, observers: this.#observers });
    return this.#ledger;
  }

  readEngines(engines: () => readonly EngineReport[]): void {
    this.#engines = engines;
  }

  async scrape(): Promise<string> {
    const sdk = await this.#load();
    return sdk.text((await this.#workers?.all()) ?? [{ metrics: await sdk.collect() }]);
  }

  async flushBehindAnswer(): Promise<void> {
    const { metrics, traces } = this.#settings;
    const { clock, env } = this.#parts;
    if ((metrics === undefined && traces === undefined) || clock.now() < this.#nextFlush) return;
    if (!env.VERCEL) this.#nextFlush = clock.now() + FLUSH_PAUSE_MS;
    await this.#quietly(this.#load().then((sdk) => sdk.flush(FLUSH_MS)));
  }

  async close(): Promise<void> {
    if (this.#sdk !== undefined) await this.#quietly(this.#sdk.close(FLUSH_MS));
  }

  async #start(): Promise<TelemetrySdk> {
    const { startSdk } = await import("#lib/adapters/telemetry/sdk.ts");
    const sdk = await startSdk(
      this.#settings,
      () => this.#readGauges(),
      (error) => this.#warn(error),
    );
    this.#sdk = sdk;
    this.#turns.sendTo(sdk);
    return sdk;
  }

  async #collect(): Promise<MetricData[]> {
    return (await this.#load()).collect();
  }

  #readGauges(): Measurement[] {
    const ledger = this.#ledger;
    return readGauges({
      ledger: () => ledger && { ...ledger.gauges(), inFlight: ledger.inFlight },
      engines: this.#engines,
      models: this.#models,
      process: readProcess,
    });
  }

  /** Waits for work, which neither fails nor takes long for those who wait. */
  async #quietly(work: Promise<unknown>): Promise<void> {
    const { clock } = this.#parts;
    const late = Promise.withResolvers<void>();
    const timer = clock.after(FLUSH_MS, late.resolve);
    await Promise.race([late.promise, work.catch((error: unknown) => this.#warn(error))]);
    timer.cancel();
  }

  #warn(error: unknown): void {
    const { clock, logger } = this.#parts;
    if (clock.now() < this.#nextWarning) return;
    this.#nextWarning = clock.now() + WARN_MS;
    const reason = error instanceof Error ? error.message : String(error);
    logger.warn("Metrics or traces could not be sent.", { reason });
  }
}

/** The ids of the engines that an operator has chosen. */
function listedModels({ catalogue, registry }: Providers): ReadonlySet<string> {
  const chains = MODE_IDS.flatMap((id) => registry.resolve(catalogue.modes[id].failover));
  return new Set(chains.map(({ id }) => id));
}
