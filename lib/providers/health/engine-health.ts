import type { OutputLimit } from "#lib/providers/failures/output-cap.ts";
import type { EngineBench, KeptBench } from "#lib/providers/health/benches.ts";
import type { Breakers } from "#lib/providers/health/breakers.ts";
import type { BreakerState } from "#lib/providers/health/circuit-breaker.ts";
import {
  type EngineIdentity,
  type EntryIds,
  entryIds,
  type HealthScope,
  readEntryId,
  readModelId,
} from "#lib/providers/health/engine-identity.ts";
import { createPermit, type EnginePermit, NO_CONSEQUENCES } from "#lib/providers/health/engine-permit.ts";
import { HealthExchange } from "#lib/providers/health/health-exchange.ts";
import { type BenchStart, type HealthMemory, newHealthMemory } from "#lib/providers/health/health-memory.ts";
import {
  type HealthSnapshot,
  type Moment,
  toBenchEntry,
  toBreakerEntry,
} from "#lib/providers/health/health-snapshot.ts";
import type { Clock } from "#lib/shared/clock.ts";

export type AdmitOptions = {
  /** The caller has waited as the provider asked: its rate limit does not count. */
  ignoreRateLimit?: boolean;
};

export type EngineReport = {
  scope: string;
  engine: string;
  /** The worse of the model's own and of its address's. */
  breaker: BreakerState;
  /** Milliseconds until it can be called with one of its keys; 0: at once. */
  benchedForMs: number;
  dead: boolean;
};

/**
 * The health of the process's engines: benches of keys and models, circuit breakers per model and per
 * origin. Times are monotonic milliseconds, so a clock that jumps releases nothing.
 *
 * All scopes share one memory; `scope` returns a view for another use of the engines.
 */
export class EngineHealth {
  readonly #memory: HealthMemory;
  readonly #scope: HealthScope;
  /** The entry ids of each engine's keys, created once per engine. */
  readonly #ids = new WeakMap<EngineIdentity, EntryIds[]>();

  /**
   * The health of engines for chat.
   * @param onBench called once for each bench that this process begins, in any scope.
   */
  constructor(
    clock: Pick<Clock, "now" | "wallNow">,
    onBench: (bench: BenchStart) => void = () => undefined,
    shared?: { memory: HealthMemory; scope: HealthScope },
  ) {
    this.#scope = shared?.scope ?? "chat";
    this.#memory = shared?.memory ?? newHealthMemory(clock, onBench);
  }

  /**
   * A view of the same memory for another use. Benches and breakers of models and keys belong to one scope;
   * the breakers of origins are shared by all.
   */
  scope(scope: HealthScope): EngineHealth {
    const { clock, onBench } = this.#memory;
    return new EngineHealth(clock, onBench, { memory: this.#memory, scope });
  }

  /** When this engine with this key could be called, monotonic milliseconds; `now` or earlier: at once. */
  releaseAt(engine: EngineIdentity, keyIndex: number, options: AdmitOptions = {}): number {
    return this.#releaseAt(this.#idsOf(engine, keyIndex), options, this.#memory.clock.now());
  }

  #releaseAt(ids: EntryIds, options: AdmitOptions, now: number): number {
    const { benches, modelBreakers, originBreakers } = this.#memory;
    return Math.max(
      benches.releaseAt(ids, options.ignoreRateLimit === true),
      modelBreakers.releaseAt(ids.model, now),
      originBreakers.releaseAt(ids.origin, now),
    );
  }

  /** The bench that currently blocks this engine with this key, the longest of several; undefined if none. */
  benchOf(engine: EngineIdentity, keyIndex: number): EngineBench | undefined {
    const { benches, modelBreakers, originBreakers, clock } = this.#memory;
    const ids = this.#idsOf(engine, keyIndex);
    const now = clock.now();
    if (this.#wouldAdmit(ids, {}, now)) return undefined;
    const all = [
      ...benches.of(ids),
      openBreaker(modelBreakers, ids.model, now),
      openBreaker(originBreakers, ids.origin, now),
    ];
    let longest: EngineBench | undefined;
    for (const bench of all) {
      if (bench !== undefined && bench.until >= Math.max(now, longest?.until ?? 0)) longest = bench;
    }
    return longest;
  }

  /** Whether `acquire` would give a permit now. */
  wouldAdmit(engine: EngineIdentity, keyIndex: number, options: AdmitOptions = {}): boolean {
    return this.#wouldAdmit(this.#idsOf(engine, keyIndex), options, this.#memory.clock.now());
  }

  #wouldAdmit(ids: EntryIds, options: AdmitOptions, now: number): boolean {
    const { modelBreakers, originBreakers } = this.#memory;
    return (
      this.#releaseAt(ids, options, now) <= now &&
      modelBreakers.wouldAdmit(ids.model, now) &&
      originBreakers.wouldAdmit(ids.origin, now)
    );
  }

  /** A permit for one attempt; undefined while the engine or its key is benched. */
  acquire(engine: EngineIdentity, keyIndex: number, options: AdmitOptions = {}): EnginePermit | undefined {
    if (engine.provider.neverBenched === true) return NO_CONSEQUENCES;
    const { modelBreakers, originBreakers, clock } = this.#memory;
    const ids = this.#idsOf(engine, keyIndex);
    const now = clock.now();
    if (!this.#wouldAdmit(ids, options, now)) return undefined;
    const model = modelBreakers.acquire(ids.model, now);
    if (model === undefined) return undefined;
    const origin = originBreakers.acquire(ids.origin, now);
    if (origin === undefined) {
      modelBreakers.abandoned(model);
      return undefined;
    }
    const called = { scope: this.#scope, engine, keyIndex, ids, startedAt: now };
    return createPermit(called, { model, origin }, this.#memory);
  }

  /** What the engine is known to write at most, from its own refusals. */
  outputLimitOf(engine: EngineIdentity): OutputLimit | undefined {
    const { outputLimits, clock } = this.#memory;
    return outputLimits.get(this.#idsOf(engine, 0).model, clock.now());
  }

  learnOutputLimit(engine: EngineIdentity, limit: OutputLimit): void {
    const { outputLimits, clock } = this.#memory;
    outputLimits.learn(this.#idsOf(engine, 0).model, limit, clock.now());
  }

  /**
   * All engines with an entry, in every scope, for the operator.
   * @param identityOf the address and the keys of an engine (`provider/model`). Without them only what is known of
   *   the model itself is told.
   */
  report(identityOf: (engine: string) => EngineIdentity | undefined = () => undefined): EngineReport[] {
    const { benches, modelBreakers, originBreakers, clock } = this.#memory;
    const now = clock.now();
    const benched = new Map(benches.models());
    const breakers = modelBreakers.states(now);
    const origins = originBreakers.states(now);
    const limited = Array.from(benches.kept(now), modelIdOf).filter((id) => id !== undefined);
    return [...new Set([...benched.keys(), ...breakers.keys(), ...limited])].map((id) => {
      const bench = benched.get(id);
      const { scope, engine } = readModelId(id);
      const identity = identityOf(engine);
      const ofOrigin = identity && origins.get(identity.origin);
      return {
        ...{ scope, engine, breaker: worse(breakers.get(id), ofOrigin) },
        benchedForMs: Math.max(0, this.#firstRelease(id, identity, now) - now),
        dead: bench?.dead === true && bench.until > now,
      };
    });
  }

  /** When the first of an engine's keys lets a call through, monotonic milliseconds. */
  #firstRelease(modelId: string, identity: EngineIdentity | undefined, now: number): number {
    const scope = readModelId(modelId).scope as HealthScope;
    const keys = identity?.keys.map((_, index) => entryIds(scope, identity, index)) ?? [];
    const known = keys.length > 0 ? keys : [{ ...NO_ENTRY, model: modelId }];
    return Math.min(...known.map((ids) => this.#releaseAt(ids, {}, now)));
  }

  /** What the other instances are told of every scope, and what is learnt from them. */
  get exchange(): HealthExchange {
    return new HealthExchange(this.#memory);
  }

  /** All active benches and all breakers that are not closed, of every scope, for the operator. */
  snapshot(): HealthSnapshot {
    const { benches, modelBreakers, originBreakers } = this.#memory;
    const moment = this.#moment();
    return {
      version: 1,
      benches: Array.from(benches.kept(moment.now), (bench) => toBenchEntry(bench, moment)),
      breakers: [
        ...Array.from(modelBreakers.kept(moment.now), (kept) => toBreakerEntry(kept, moment)),
        ...Array.from(originBreakers.kept(moment.now), (kept) => toBreakerEntry(kept, moment)),
      ],
    };
  }

  #moment(): Moment {
    const { clock } = this.#memory;
    return { now: clock.now(), wallNow: clock.wallNow() };
  }

  #idsOf(engine: EngineIdentity, keyIndex: number): EntryIds {
    const known = this.#ids.get(engine);
    const ids = known?.[keyIndex];
    if (ids !== undefined) return ids;
    const made = entryIds(this.#scope, engine, keyIndex);
    if (known === undefined) {
      const all: EntryIds[] = [];
      all[keyIndex] = made;
      this.#ids.set(engine, all);
    } else known[keyIndex] = made;
    return made;
  }
}

/** Ids that nothing has. */
const NO_ENTRY: EntryIds = { model: "", provider: "", origin: "", key: "", rateLimit: "" };

/** The id of the model that a bench is about; undefined if it is about more than one. */
function modelIdOf({ id }: KeptBench): string | undefined {
  const { scope, provider, model } = readEntryId(id) ?? {};
  return model === undefined ? undefined : `${scope}:${provider}/${model}`;
}

const WORST_FIRST: readonly BreakerState[] = ["open", "half_open", "closed"];

function worse(...states: (BreakerState | undefined)[]): BreakerState {
  return WORST_FIRST.find((state) => states.includes(state)) ?? "closed";
}

function openBreaker(breakers: Breakers, id: string, now: number): EngineBench | undefined {
  const cause = breakers.causeOf(id, now);
  return cause === undefined ? undefined : { until: breakers.releaseAt(id, now), cause };
}
