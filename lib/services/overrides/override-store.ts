import type { OverrideList, WantedOverride } from "#lib/services/overrides/override.ts";

/**
 * Keeps overrides. Every call returns the whole list as it is afterwards, and throws `database_unavailable` or
 * `not_configured`.
 */
export type OverrideStore = {
  list(): Promise<OverrideList>;
  /**
   * Creates the override of a target, or replaces what is said of it; with an id, that one. Throws `not_found` for an
   * unknown id, and `conflict` if another one has this target, or there are 500.
   */
  put(
    wanted: WantedOverride & { id: string | undefined; userId: string },
  ): Promise<OverrideList & { id: string; created: boolean }>;
  remove(id: string): Promise<OverrideList & { deleted: boolean }>;
};
