import type { EndedTurn } from "#lib/services/telemetry/ended-turn.ts";
import type { Measurement } from "#lib/services/telemetry/metrics.ts";
import type { ModelLabels } from "#lib/services/telemetry/model-labels.ts";
import type { TraceParent, TraceParents } from "#lib/services/telemetry/trace-parent.ts";
import { turnMeasurements } from "#lib/services/telemetry/turn-measurements.ts";
import { type TurnSpans, turnSpans } from "#lib/services/telemetry/turn-spans.ts";

/** Turns that are kept until the libraries have been loaded; those beyond are not counted. */
const MAX_WAITING = 1_000;

/** Where measurements and spans go. */
export type TelemetrySink = {
  /** Undefined if no metrics are wanted. */
  record?: ((measurements: readonly Measurement[]) => void) | undefined;
  /** Undefined if no traces are wanted. */
  trace?: ((spans: TurnSpans, parent: TraceParent | undefined) => void) | undefined;
};

/** Turns ended turns into measurements and spans. Turns may end before there is a sink. */
export class TurnTelemetry {
  readonly #models: ModelLabels;
  readonly #parents: TraceParents | undefined;
  #waiting: EndedTurn[] = [];
  #sink: TelemetrySink | undefined;

  constructor(models: ModelLabels, parents: TraceParents | undefined) {
    this.#models = models;
    this.#parents = parents;
  }

  turnEnded(turn: EndedTurn): void {
    if (this.#sink !== undefined) this.#send(turn, this.#sink);
    else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(turn);
  }

  /** From now on, and for the turns that have ended before. */
  sendTo(sink: TelemetrySink): void {
    this.#sink = sink;
    for (const turn of this.#waiting) this.#send(turn, sink);
    this.#waiting = [];
  }

  #send(turn: EndedTurn, { record, trace }: TelemetrySink): void {
    record?.(turnMeasurements(turn, this.#models));
    trace?.(turnSpans(turn), this.#parents?.take(turn.requestId));
  }
}
