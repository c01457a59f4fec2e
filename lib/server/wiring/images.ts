import { createSharpScaler } from "#lib/adapters/images/sharp-scaler.ts";
import type { Registry } from "#lib/providers/registry.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { TurnLedgerPart } from "#lib/server/wiring/ledger.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { ImagesDependencies } from "#lib/services/images/draw.ts";

export type ImageParts = {
  engines: EngineDependencies;
  registry: Registry;
  identity: Pick<Identity, "admission">;
  ledger: Pick<TurnLedgerPart, "ledger">;
  /** Undefined where there is no object storage. */
  storage: ImagesDependencies["storage"];
};

/** What draws. Its failures do not affect the health of the same keys for anything else. */
export function createImages({
  engines,
  registry,
  identity,
  ledger,
  storage,
}: ImageParts): ImagesDependencies {
  return {
    ...engines,
    effects: { ...engines.effects, health: engines.effects.health.scope("images") },
    registry,
    admission: identity.admission,
    ledger: ledger.ledger,
    scaler: createSharpScaler(engines.logger),
    storage,
  };
}
