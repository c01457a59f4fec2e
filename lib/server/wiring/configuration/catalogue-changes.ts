import { isDeepStrictEqual } from "node:util";
import { MODE_IDS } from "#lib/ai-models.ts";
import type { Providers } from "#lib/server/wiring/providers.ts";
import type { LogFields } from "#lib/services/ports.ts";

/** What another `MODELS_CONFIG` has changed, for the log. */
export function catalogueChanges(before: Providers, after: Providers): LogFields {
  const [old, now] = [before.catalogue, after.catalogue];
  const idsOf = ({ providers }: typeof old): string[] => providers.map(({ id }) => id);
  return {
    modes: list(MODE_IDS.filter((mode) => !isDeepStrictEqual(old.modes[mode], now.modes[mode]))),
    providersAdded: list(idsOf(now).filter((id) => !idsOf(old).includes(id))),
    providersRemoved: list(idsOf(old).filter((id) => !idsOf(now).includes(id))),
    providersChanged: list(
      now.providers
        .filter((one) => old.providers.some((had) => had.id === one.id && !isDeepStrictEqual(had, one)))
        .map(({ id }) => id),
    ),
  };
}

/** The origins that no provider has any more. */
export function abandonedOrigins(before: Providers, after: Providers): string[] {
  const kept = new Set(originsOf(after));
  return originsOf(before).filter((origin) => !kept.has(origin));
}

function originsOf({ registry }: Providers): string[] {
  return registry.configured().flatMap((id) => {
    const endpoint = registry.providerEndpoint(id);
    return endpoint === undefined ? [] : new URL(endpoint).origin;
  });
}

function list(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : names.join(", ");
}
