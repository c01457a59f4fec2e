import { type EngineOverrides, targetId } from "#lib/services/overrides/engine-overrides.ts";
import { type EngineCatalogue, knownRule } from "#lib/services/overrides/known-engines.ts";
import type {
  Override,
  OverrideList,
  OverrideRule,
  WantedOverride,
} from "#lib/services/overrides/override.ts";
import type { OverrideStore } from "#lib/services/overrides/override-store.ts";
import type { Logger } from "#lib/services/ports.ts";
import type { Clock } from "#lib/shared/clock.ts";
import { GatewayError } from "#lib/shared/errors.ts";

export type OverrideDependencies = {
  store: OverrideStore;
  /** In effect here at once; other instances read them. */
  overrides: EngineOverrides;
  /** Read once per request, since the configuration may change. */
  catalogue(): Omit<EngineCatalogue, "overridden">;
  clock: Pick<Clock, "wallNow">;
  logger: Logger;
};

/** An administrator, and the request by which they change something. */
export type Change = { userId: string; requestId: string };

/**
 * Creates the override of a target, or replaces what is said of it; with an id, that one. Throws `invalid_request` for
 * engines that are not known, and what the store throws.
 */
export async function putOverride(
  wanted: WantedOverride & { id: string | undefined },
  change: Change,
  { store, overrides, catalogue, clock, logger }: OverrideDependencies,
): Promise<{ override: Override; created: boolean }> {
  if (wanted.expiresAt !== undefined && Date.parse(wanted.expiresAt) <= clock.wallNow()) {
    throw new GatewayError("invalid_request", '"expiresAt": must be in the future.');
  }
  const overridden = overrides.list.flatMap(({ rule }) => enginesIn(rule));
  const rule = await knownRule(wanted.rule, { ...catalogue(), overridden });
  const { id, created, ...list } = await store.put({ ...wanted, rule, userId: change.userId });
  const override = applied(list, overrides).find((one) => one.id === id);
  if (override === undefined) throw new GatewayError("conflict", "The override has expired already.");
  logger.info(created ? "An override was made." : "An override was changed.", fieldsOf(override, change));
  return { override, created };
}

/** Throws `not_found`. */
export async function removeOverride(
  id: string,
  change: Change,
  { store, overrides, logger }: OverrideDependencies,
): Promise<void> {
  const { deleted, ...list } = await store.remove(id);
  applied(list, overrides);
  if (!deleted) throw new GatewayError("not_found", "There is no such override.");
  logger.info("An override was removed.", { override: id, ...change });
}

function applied(list: OverrideList, overrides: EngineOverrides): readonly Override[] {
  overrides.update(list);
  return list.overrides;
}

function fieldsOf({ id, rule, expiresAt }: Override, change: Change) {
  const { kind, mode } = rule;
  return { override: id, kind, mode, engines: enginesIn(rule).join(", "), expiresAt, ...change };
}

function enginesIn(rule: OverrideRule): readonly string[] {
  return rule.kind === "off" ? [targetId(rule.target)] : rule.engines;
}
