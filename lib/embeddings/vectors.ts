/** One vector as its provider sent it: numbers, or base64 of 32-bit floats, little-endian. */
export type Vector = readonly number[] | string;

/** `promptTokens` is undefined if the provider does not report it. */
export type Embeddings = { vectors: readonly Vector[]; promptTokens: number | undefined };

/** The vectors of an answer; undefined unless there are `count` of them, all of one length. */
export function embeddingsOf(
  found: readonly (Vector | undefined)[],
  count: number,
  promptTokens: number | undefined,
): Embeddings | undefined {
  const vectors = found.flatMap((vector) => (vector === undefined ? [] : [vector]));
  if (found.length !== count || vectors.length !== count || !sameDimensions(vectors)) return undefined;
  return { vectors, promptTokens };
}

/** Joins the answers to the parts of one request; undefined if their vectors differ in length. */
export function joinEmbeddings(parts: readonly Embeddings[]): Embeddings | undefined {
  const [only] = parts;
  if (parts.length === 1) return only;
  const vectors = parts.flatMap((part) => part.vectors);
  if (!sameDimensions(vectors)) return undefined;
  const reported = parts.flatMap((part) => part.promptTokens ?? []);
  const promptTokens = reported.reduce((sum, tokens) => sum + tokens, 0);
  return { vectors, promptTokens: reported.length === parts.length ? promptTokens : undefined };
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** A vector in a provider's answer; undefined if the value is not one. */
export function vectorOf(value: unknown): Vector | undefined {
  if (typeof value === "string") return value.length % 4 === 0 && BASE64.test(value) ? value : undefined;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((number) => typeof number === "number") ? (value as number[]) : undefined;
}

/** Whether all vectors have the same, whole number of dimensions. */
function sameDimensions(vectors: readonly Vector[]): boolean {
  const [first] = vectors;
  if (first === undefined) return true;
  const length = numbersIn(first);
  return length > 0 && Number.isInteger(length) && vectors.every((vector) => numbersIn(vector) === length);
}

function numbersIn(vector: Vector): number {
  return typeof vector === "string" ? Buffer.byteLength(vector, "base64") / 4 : vector.length;
}

/** The vector as numbers. */
export function toNumbers(vector: Vector): readonly number[] {
  if (typeof vector !== "string") return vector;
  const bytes = Buffer.from(vector, "base64");
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4));
}

/** The vector as base64 of 32-bit floats. */
export function toBase64(vector: Vector): string {
  if (typeof vector === "string") return vector;
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((number, index) => {
    bytes.writeFloatLE(number, index * 4);
  });
  return bytes.toString("base64");
}
