import type { ImageRequest } from "#lib/images/image-request.ts";
import type { EngineRequest } from "#lib/providers/protocols/engine-request.ts";
import type { MediaAnswer } from "#lib/providers/protocols/media-answer.ts";
import type { Engine } from "#lib/providers/registry.ts";

export type DrawLimits = {
  /** Images that an edit may begin with; 0 for an engine that only draws new ones. */
  maxInputs: number;
  /** The longest side of each, pixels; undefined: the engine scales them itself. */
  maxInputSide?: number;
};

/** The image as it came, whatever its bytes are, and the tokens that the engine counted, if it does. */
export type DrawnBytes = { bytes: Uint8Array; promptTokens?: number; completionTokens?: number };

/** The engine draws. */
export type DrawPower = {
  limits(engine: Engine): DrawLimits;
  /** `dropped`: what of the request the engine cannot take. */
  encode(request: ImageRequest, engine: Engine): { request: EngineRequest; dropped: string[] };
  /** Undefined for an answer of another shape. */
  decode(answer: MediaAnswer): DrawnBytes | undefined;
};
