import { createSharpScaler } from "#lib/adapters/images/sharp-scaler.ts";
import { billedCalls, type CallParts } from "#lib/server/wiring/billed-calls.ts";
import type { ImagesDependencies } from "#lib/services/images/draw.ts";

/** What draws. `storage` gives undefined where there is no object storage. */
export function createImages(
  parts: CallParts & { storage: ImagesDependencies["storage"] },
): ImagesDependencies {
  const { engines, storage } = parts;
  return { ...billedCalls(parts, "images"), scaler: createSharpScaler(engines.logger), storage };
}
