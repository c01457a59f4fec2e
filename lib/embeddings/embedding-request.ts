/** Texts, or texts that the client has already cut into tokens. */
export type EmbeddingInput =
  | { kind: "texts"; texts: readonly string[] }
  | { kind: "tokens"; tokens: readonly (readonly number[])[] };

export type EmbeddingRequest = {
  input: EmbeddingInput;
  /** Length of the vectors, for models that can shorten them. */
  dimensions: number | undefined;
  /** The client reads vectors as base64 of 32-bit floats, little-endian. */
  base64: boolean;
  user: string | undefined;
  /** The inputs are megabytes long. */
  isLarge?: boolean | undefined;
};

/** What an engine accepts in one call. */
export type EmbeddingLimits = {
  /** Undefined: no limit. */
  maxInputs: number | undefined;
  /** Accepts texts as lists of token ids. */
  takesTokens: boolean;
};

/** Splits the request into parts that the engine accepts, in order; almost always one. */
export function splitEmbedding(
  request: EmbeddingRequest,
  { maxInputs = Number.POSITIVE_INFINITY }: EmbeddingLimits,
): EmbeddingRequest[] {
  const count = inputCount(request.input);
  if (count <= maxInputs) return [request];
  const parts: EmbeddingRequest[] = [];
  for (let from = 0; from < count; from += maxInputs)
    parts.push({ ...request, input: slice(request.input, from, from + maxInputs) });
  return parts;
}

/** How many vectors the input needs. */
export function inputCount(input: EmbeddingInput): number {
  return input.kind === "texts" ? input.texts.length : input.tokens.length;
}

function slice(input: EmbeddingInput, from: number, to: number): EmbeddingInput {
  return input.kind === "texts"
    ? { kind: "texts", texts: input.texts.slice(from, to) }
    : { kind: "tokens", tokens: input.tokens.slice(from, to) };
}
