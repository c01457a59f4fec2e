import type { EngineHealthView, ProviderHealth } from "#lib/apis/native/admin-health-answer-schema.ts";
import { type EngineIdentity, entryIds, type HealthScope } from "#lib/providers/health/engine-identity.ts";
import type { AccountAlarm } from "#lib/services/admin/account-alarms.ts";
import type { CallStatistics, ProviderStatistics } from "#lib/services/admin/ledger-statistics.ts";
import type { BreakerState, LiveBench, LiveHealth } from "#lib/services/admin/live-health.ts";

/** A provider, as the configuration has it. */
export type ConfiguredProvider = {
  id: string;
  /** Of its base URL. */
  origin: string;
  keys: readonly { fingerprint: string }[];
};

/** A model of a provider, and the modes in whose chains it is. */
export type ChainEngine = { model: string; modes: string[] };

export type ProviderHealthSources = {
  /** Without keys if the provider is no longer configured. */
  provider: ConfiguredProvider;
  chain: readonly ChainEngine[];
  /** Undefined if it had no call. */
  statistics: ProviderStatistics | undefined;
  live: LiveHealth;
  alarms: readonly AccountAlarm[];
  /** Of a provider or an engine without a call: zeros, or null if the database was not read. */
  noCalls: CallFigures;
};

/** Null if the database could not be read. */
export type CallFigures = Pick<EngineHealthView, keyof CallStatistics>;
type BenchView = EngineHealthView["benches"][number];

/** The use that matters for an engine about whose use nothing else is known. */
const CHAT: HealthScope = "chat";

/** One provider: its calls from the ledger, and what this process knows of it now. */
export function providerHealth(sources: ProviderHealthSources, now: number): ProviderHealth {
  const { provider, statistics, live, alarms, noCalls } = sources;
  const { id, keys, origin } = provider;
  const benches = live.benches.filter((bench) => bench.provider === id);
  const engines = enginesOf(sources, benches, now);
  const breakers = [live.breakerOfOrigin(origin), ...engines.map(({ breaker }) => breaker)];
  return {
    id,
    configured: keys.length > 0,
    ...figuresOf(statistics ?? noCalls),
    breaker: worst(breakers),
    benchedUntil: isoAfter(providerRelease(sources, engines, now), now),
    alarms: alarms.map(({ code, message, since, until, key, model }) => {
      return { code, message, since: iso(since), retriedAt: iso(until), ...keyView(key, keys), model };
    }),
    keys: keys.flatMap(({ fingerprint }, index) => keyHealth({ fingerprint, index }, benches)),
    benches: benches.filter(({ model }) => model === undefined).map((bench) => benchView(bench, keys)),
    engines: engines.map(({ release: _, ...view }) => view),
  };
}

type EngineWithRelease = EngineHealthView & { release: number };

/** The engines of the chains first, then what clients have named, and what is benched. */
function enginesOf(
  { provider, chain, statistics, live, noCalls }: ProviderHealthSources,
  benches: readonly LiveBench[],
  now: number,
): EngineWithRelease[] {
  const known = new Map(statistics?.engines.map((engine) => [engine.model, engine]));
  const prefix = `${provider.id}/`;
  const inMemory = [...live.engines]
    .filter((id) => id.startsWith(prefix))
    .map((id) => id.slice(prefix.length));
  const chained = chain.map(({ model }) => model);
  const others = [...known.keys(), ...inMemory].filter((model) => !chained.includes(model));
  return [...new Set([...chained, ...others.sort()])].map((model) => {
    const modes = chain.find((engine) => engine.model === model)?.modes ?? [];
    const own = benches.filter((bench) => bench.model === model);
    const uses = modes.length > 0 ? [CHAT] : usesOf(live, provider.id, model);
    const release = engineRelease(provider, model, uses, live);
    return {
      model,
      modes,
      ...figuresOf(known.get(model) ?? noCalls),
      breaker: worst(uses.map((use) => live.breakerOf(`${use}:${prefix}${model}`))),
      benchedUntil: isoAfter(release, now),
      dead: own.some(({ isDead }) => isDead),
      benches: own.map((bench) => benchView(bench, provider.keys)),
      release,
    };
  });
}

function usesOf(live: LiveHealth, provider: string, model: string): HealthScope[] {
  const uses = live.usesOf(provider, model) as readonly HealthScope[];
  return uses.length === 0 ? [CHAT] : [...uses];
}

/** When the first of the keys lets a call through, epoch milliseconds; 0: at once. */
function engineRelease(
  provider: ConfiguredProvider,
  model: string,
  uses: readonly HealthScope[],
  live: LiveHealth,
): number {
  const engine = identityOf(provider, model);
  const releases = uses.flatMap((use) =>
    engine.keys.map((_, index) => live.releaseAt(entryIds(use, engine, index))),
  );
  return releases.length === 0 ? 0 : Math.min(...releases);
}

/** A provider is benched as long as every one of its engines is; without engines, as long as all of its keys. */
function providerRelease(
  { provider, live }: ProviderHealthSources,
  engines: readonly EngineWithRelease[],
  now: number,
): number {
  const alive = engines.filter(({ dead, modes }) => !dead || modes.length > 0);
  if (alive.length > 0) return Math.min(...alive.map(({ release }) => Math.max(release, now)));
  const engine = identityOf(provider, "");
  const releases = engine.keys.map((_, index) => {
    const { provider: whole, key, origin } = entryIds(CHAT, engine, index);
    return live.releaseAt({ provider: whole, key, origin });
  });
  return releases.length === 0 ? 0 : Math.min(...releases);
}

function identityOf({ id, origin, keys }: ConfiguredProvider, model: string): EngineIdentity {
  return { provider: { id }, model, origin, keys };
}

/** A provider that needs no key has none to show. */
function keyHealth(
  { fingerprint, index }: { fingerprint: string; index: number },
  benches: readonly LiveBench[],
): ProviderHealth["keys"] {
  if (fingerprint === "") return [];
  const bench = benches.find(({ level, key }) => level === "key" && key === fingerprint);
  if (bench === undefined) return [{ index, fingerprint }];
  return [{ index, fingerprint, benchedUntil: iso(bench.until), cause: causeName(bench) }];
}

function benchView(bench: LiveBench, keys: ConfiguredProvider["keys"]): BenchView {
  const { level, use, until, cause, key } = bench;
  const named = { level, use, until: iso(until), cause: causeName(bench), reason: cause.reason };
  return { ...named, ...keyView(key, keys) };
}

function keyView(
  fingerprint: string | undefined,
  keys: ConfiguredProvider["keys"],
): { keyIndex?: number; fingerprint?: string } {
  if (fingerprint === undefined || fingerprint === "") return {};
  const keyIndex = keys.findIndex((key) => key.fingerprint === fingerprint);
  return keyIndex === -1 ? { fingerprint } : { keyIndex, fingerprint };
}

function causeName({ cause: { kind, problem } }: LiveBench): string {
  return problem ?? kind;
}

/** With the rate of success: of the calls that were not cancelled, since those say nothing about the engine. */
function figuresOf(figures: CallFigures): CallFigures & Pick<EngineHealthView, "successRate"> {
  const { calls, succeeded, rateLimited, outcomes, latencyMs, firstTokenMs } = figures;
  const judged = calls === null || succeeded === null ? 0 : calls - (outcomes?.["cancelled"] ?? 0);
  const successRate = judged > 0 ? Math.round(((succeeded ?? 0) / judged) * 10_000) / 10_000 : null;
  return { calls, succeeded, rateLimited, successRate, outcomes, latencyMs, firstTokenMs };
}

const BAD_FIRST: readonly BreakerState[] = ["open", "half_open", "closed"];

function worst(states: readonly BreakerState[]): BreakerState {
  return BAD_FIRST.find((state) => states.includes(state)) ?? "closed";
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function isoAfter(time: number, now: number): string | undefined {
  return time > now ? iso(time) : undefined;
}
