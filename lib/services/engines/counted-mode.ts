import type { ModeId } from "#lib/ai-models.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import { enginesFor } from "#lib/services/engines/mode-engines.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** The mode in which a turn of this mode counts: itself, or the one whose engines it borrows. */
export async function countedMode(
  mode: ModeId,
  dependencies: Pick<EngineDependencies, "enginesOf" | "howToConfigure" | "overrides">,
): Promise<ModeId> {
  try {
    return (await enginesFor({ wanted: mode, hasImage: false }, dependencies)).mode;
  } catch (error) {
    // Without any engine there are no turns.
    if (error instanceof GatewayError) return mode;
    throw error;
  }
}
