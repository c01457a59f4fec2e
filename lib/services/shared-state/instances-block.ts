import type { RefreshState, SharedState } from "#lib/services/shared-state/shared-state.ts";
import type { Instance } from "#lib/services/shared-state/shared-state-store.ts";

/** The instances of the gateway that run, and how this one is in touch with them. */
export type InstancesBlock = RefreshState & { thisInstance: string; running: readonly Instance[] };

/** For the operator. Throws `database_unavailable` or `not_configured`. */
export async function instancesBlock(shared: SharedState): Promise<InstancesBlock> {
  const running = await shared.instances();
  return { thisInstance: shared.instanceId, ...shared.state, running };
}
