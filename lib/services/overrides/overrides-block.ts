import type { OverrideDependencies } from "#lib/services/overrides/manage-overrides.ts";
import type { Override } from "#lib/services/overrides/override.ts";

/**
 * The overrides that apply, for the operator: as the database has them, and they apply here from now on. Throws
 * `database_unavailable` or `not_configured`.
 */
export async function overridesBlock({
  store,
  overrides,
}: OverrideDependencies): Promise<{ overrides: readonly Override[] }> {
  const list = await store.list();
  overrides.update(list);
  return { overrides: list.overrides };
}
