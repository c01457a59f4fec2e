import type { Registry } from "#lib/providers/registry.ts";
import type { Identity } from "#lib/server/wiring/identity.ts";
import type { createImages } from "#lib/server/wiring/images.ts";
import type { TurnLedgerPart } from "#lib/server/wiring/ledger.ts";
import type { createSpeech } from "#lib/server/wiring/speech.ts";
import type { createTranscription } from "#lib/server/wiring/transcription.ts";
import type { EngineDependencies } from "#lib/services/engines/engine-dependencies.ts";
import type { StorageDependencies } from "#lib/services/storage/store-object.ts";
import { derived, type Lazy } from "#lib/shared/lazy.ts";

export type MediaMakers = {
  createImages: typeof createImages;
  createSpeech: typeof createSpeech;
  createTranscription: typeof createTranscription;
};

export type MediaSources = {
  /** What every call of an engine is made with, with the catalogue of one moment: members are `derived` from it. */
  callParts: Lazy<{
    engines: EngineDependencies;
    registry: Registry;
    identity: Identity;
    ledger: TurnLedgerPart;
  }>;
  /** Undefined where there is no object storage. */
  storage: Lazy<StorageDependencies | undefined>;
};

/** What hears, speaks and draws. */
export function mediaParts({ callParts, storage }: MediaSources, make: MediaMakers) {
  const ofCatalogue = () => callParts.value;
  return {
    speech: derived(ofCatalogue, (parts) => make.createSpeech(parts)),
    transcription: derived(ofCatalogue, (parts) => make.createTranscription(parts)),
    images: derived(ofCatalogue, (parts) => make.createImages({ ...parts, storage: () => storage.value })),
  };
}
