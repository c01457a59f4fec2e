import { protocolOf } from "#lib/providers/protocols/index.ts";
import type { EmbedPower } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";

/** How the engine's protocol requests embeddings. Throws `TypeError` for an engine without them, a bug. */
export function embedPowerOf(engine: Engine): EmbedPower {
  const { embed } = protocolOf(engine);
  if (embed === undefined || engine.provider.embeddings === undefined) {
    throw new TypeError(`The engine ${engine.id} has no embeddings.`);
  }
  return embed;
}
