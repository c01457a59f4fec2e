/** How a provider's embeddings deviate within the OpenAI protocol. */
export type EmbeddingDialect = {
  /** Appended to the base URL. */
  path: string;
  /** The field for the number of dimensions, if they can be chosen. */
  dimensionsField?: string;
  /** Accepts `encoding_format`. */
  takesBase64?: boolean;
  /** Accepts texts as lists of token ids. */
  takesTokens?: boolean;
  takesUser?: boolean;
  /** The most inputs per call; more are spread over several calls. Undefined: no limit. */
  maxInputs?: number;
};

/** OpenAI's embeddings, and those of compatible servers. */
export const STANDARD_EMBEDDINGS: EmbeddingDialect = {
  path: "/embeddings",
  dimensionsField: "dimensions",
  takesBase64: true,
  takesTokens: true,
  takesUser: true,
};
