import type { ModeId } from "#lib/ai-models.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Override, OverrideList, OverrideRule } from "#lib/services/overrides/override.ts";
import type { Clock } from "#lib/shared/clock.ts";

/** The parts of an engine that rules are about. */
export type NamedEngine = Pick<Engine, "id" | "model"> & { provider: Pick<Engine["provider"], "id"> };

/** An override with its end in the monotonic time of this process. */
type Dated = { override: Override; until: number };

/** The rules that apply until one of them expires. */
type Rules = {
  until: number;
  /** By `*` or a mode: ids of engines, and of providers. */
  off: ReadonlyMap<string, ReadonlySet<string>>;
  order: ReadonlyMap<ModeId, readonly string[]>;
};

type Applied = { rules: Rules; from: readonly unknown[]; engines: readonly unknown[] };

/**
 * What administrators have switched off or reordered. Wherever engines are looked up, they pass through here; without
 * overrides nothing is looked at and nothing is allocated, and with some each chain is worked out once per change.
 * Turns that run keep the engines that they began with.
 */
export class EngineOverrides {
  readonly #clock: Pick<Clock, "now">;
  #version: number | undefined;
  #dated: readonly Dated[] = [];
  /** Undefined while there are none. */
  #rules: Rules | undefined;
  readonly #applied = new Map<ModeId, Applied>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Of the list that applies; undefined until one is known. */
  get version(): number | undefined {
    return this.#version;
  }

  /** Whether engines are as they are configured. */
  get isEmpty(): boolean {
    return this.#current() === undefined;
  }

  /** Those that apply now. */
  get list(): readonly Override[] {
    const now = this.#clock.now();
    return this.#dated.filter(({ until }) => until > now).map(({ override }) => override);
  }

  /**
   * What a change or a reading of them has returned. An older list than the one that applies is no news: of two changes
   * at once the answer to the first may come last.
   */
  update(list: OverrideList): void {
    if (list.version >= (this.#version ?? 0)) this.replace(list);
  }

  replace({ version, overrides }: OverrideList): void {
    const now = this.#clock.now();
    this.#version = version;
    this.#dated = overrides.map((override) => ({
      override,
      until: now + (override.expiresInMs ?? Number.POSITIVE_INFINITY),
    }));
    this.#compile(now);
  }

  /** The chain of a mode as administrators want it; the array that was given if they want nothing else. */
  chain<One extends NamedEngine>(mode: ModeId, engines: readonly One[]): readonly One[] {
    const rules = this.#current();
    if (rules === undefined) return engines;
    const known = this.#applied.get(mode);
    // What was made of this array has its type.
    if (known?.rules === rules && known.from === engines) return known.engines as readonly One[];
    const applied = apply(rules, mode, engines);
    this.#applied.set(mode, { rules, from: engines, engines: applied });
    return applied;
  }

  /** The engines that are not switched off everywhere: for engines that no mode has led to. */
  allowed<One extends NamedEngine>(engines: readonly One[]): readonly One[] {
    const rules = this.#current();
    return rules === undefined ? engines : engines.filter((engine) => !isOff(rules, EVERYWHERE, engine));
  }

  /** The engines of another mode that may answer for this one: without those that are switched off in it. */
  lent<One extends NamedEngine>(mode: ModeId, engines: readonly One[]): readonly One[] {
    const rules = this.#current();
    return rules === undefined ? engines : engines.filter((engine) => !isOff(rules, mode, engine));
  }

  /** Whether the mode had engines when its chain was last asked for, and all of them are switched off. */
  isSwitchedOff(mode: ModeId): boolean {
    const known = this.#applied.get(mode);
    return (
      known !== undefined &&
      known.rules === this.#current() &&
      known.from.length > 0 &&
      known.engines.length === 0
    );
  }

  #current(): Rules | undefined {
    if (this.#rules === undefined) return undefined;
    const now = this.#clock.now();
    if (now >= this.#rules.until) this.#compile(now);
    return this.#rules;
  }

  #compile(now: number): void {
    const active = this.#dated.filter(({ until }) => until > now);
    this.#rules = active.length === 0 ? undefined : rulesOf(active);
    this.#applied.clear();
  }
}

const EVERYWHERE = "*";

function rulesOf(active: readonly Dated[]): Rules {
  const off = new Map<string, Set<string>>();
  const order = new Map<ModeId, readonly string[]>();
  for (const { override } of active) {
    const { rule } = override;
    if (rule.kind === "order") order.set(rule.mode, rule.engines);
    else {
      const where = rule.mode ?? EVERYWHERE;
      off.set(where, (off.get(where) ?? new Set()).add(targetId(rule.target)));
    }
  }
  return { until: Math.min(...active.map(({ until }) => until)), off, order };
}

/** The id of an engine, or of a provider. No provider's id contains a slash. */
export function targetId({ provider, model }: Extract<OverrideRule, { kind: "off" }>["target"]): string {
  return model === undefined ? provider : `${provider}/${model}`;
}

function apply<One extends NamedEngine>(rules: Rules, mode: ModeId, engines: readonly One[]): readonly One[] {
  const left = engines.filter((engine) => !isOff(rules, EVERYWHERE, engine) && !isOff(rules, mode, engine));
  const first = rules.order.get(mode);
  if (first === undefined) return left.length === engines.length ? engines : left;
  const place = new Map(first.map((id, index) => [id, index]));
  const placeOf = ({ id }: One): number => place.get(id) ?? first.length;
  return left.toSorted((one, other) => placeOf(one) - placeOf(other));
}

function isOff({ off }: Rules, where: string, { id, provider }: NamedEngine): boolean {
  const targets = off.get(where);
  return targets !== undefined && (targets.has(id) || targets.has(provider.id));
}
