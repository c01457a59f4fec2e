import type { EngineRequest } from "#lib/providers/protocols/engine-request.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { Transcript } from "#lib/transcription/transcript.ts";
import type { TranscriptionRequest } from "#lib/transcription/transcription-request.ts";

/** The engine writes down what is spoken in a recording. */
export type TranscribePower = {
  /** `dropped`: fields of the request that the engine cannot take, by OpenAI's names. */
  encode(request: TranscriptionRequest, engine: Engine): { request: EngineRequest; dropped: string[] };
  /** Undefined for an answer of another shape. */
  decode(answer: unknown): Transcript | undefined;
  /** Shorter recordings are billed as ones of so many seconds. */
  minBilledSeconds(engine: Engine): number;
};
