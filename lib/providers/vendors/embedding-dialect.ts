/** How a provider of the OpenAI protocol takes texts to embed. */
export type EmbeddingDialect = {
  /** What is appended to the base URL. */
  path: string;
  /** The field for the length of the vectors, if it can be chosen. */
  dimensionsField?: string;
  /** Takes `encoding_format`. */
  takesBase64?: boolean;
  /** Takes texts as lists of token numbers. */
  takesTokens?: boolean;
  takesUser?: boolean;
  /** Inputs that one call may bring; more are spread over several. Undefined: any number. */
  maxInputs?: number;
};

/** Embeddings as OpenAI takes them, and servers that are like it. */
export const STANDARD_EMBEDDINGS: EmbeddingDialect = {
  path: "/embeddings",
  dimensionsField: "dimensions",
  takesBase64: true,
  takesTokens: true,
  takesUser: true,
};
