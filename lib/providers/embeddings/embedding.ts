import { tokenCount } from "#lib/chat/usage.ts";
import type { EngineRequest } from "#lib/providers/call/engine-call.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { arrayField, field, isJsonObject, type JsonObject } from "#lib/shared/json.ts";

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

/** One vector as its provider wrote it: numbers, or base64 of 32-bit floats. */
export type Vector = readonly number[] | string;

/** `promptTokens` is absent where the provider does not say. */
export type Embeddings = { vectors: readonly Vector[]; promptTokens: number | undefined };

/** Whether the engine has embeddings at all, and of this kind of input. */
export function canEmbed({ provider }: Engine, input: EmbeddingInput): boolean {
  if (provider.embeddings === undefined) return false;
  return input.kind === "texts" || provider.embeddings.takesTokens === true;
}

/** The request in the engine's own shape, credentials left out, and the fields that it cannot take. */
export function encodeEmbedding(
  request: EmbeddingRequest,
  engine: Engine,
): { request: EngineRequest; dropped: string[] } {
  return engine.provider.protocol === "gemini"
    ? encodeGemini(request, engine)
    : encodeOpenAi(request, engine);
}

/** The request in parts that the engine takes, in order; almost always one. */
export function splitEmbedding(request: EmbeddingRequest, { provider }: Engine): EmbeddingRequest[] {
  const most = provider.embeddings?.mostInputs ?? Number.POSITIVE_INFINITY;
  const count = inputCount(request.input);
  const parts: EmbeddingRequest[] = [];
  for (let from = 0; from < count; from += most) {
    parts.push(count <= most ? request : { ...request, input: slice(request.input, from, from + most) });
  }
  return parts;
}

/** How many vectors the input asks for. */
export function inputCount(input: EmbeddingInput): number {
  return input.kind === "texts" ? input.texts.length : input.tokens.length;
}

function slice(input: EmbeddingInput, from: number, to: number): EmbeddingInput {
  return input.kind === "texts"
    ? { kind: "texts", texts: input.texts.slice(from, to) }
    : { kind: "tokens", tokens: input.tokens.slice(from, to) };
}

/** The answers to the parts of one request as one; undefined when they do not fit together. */
export function joinEmbeddings(parts: readonly Embeddings[]): Embeddings | undefined {
  const [only] = parts;
  if (parts.length === 1) return only;
  const vectors = parts.flatMap((part) => part.vectors);
  if (!areAlike(vectors)) return undefined;
  const told = parts.flatMap((part) => part.promptTokens ?? []);
  const promptTokens = told.reduce((sum, tokens) => sum + tokens, 0);
  return { vectors, promptTokens: told.length === parts.length ? promptTokens : undefined };
}

/** The vectors in an engine's answer, in the order of the input; undefined when it is no such answer. */
export function decodeEmbedding(answer: unknown, count: number): Embeddings | undefined {
  const found = Array.isArray(field(answer, "embeddings")) ? geminiVectors(answer) : openAiVectors(answer);
  const vectors = found.flatMap((vector) => (vector === undefined ? [] : [vector]));
  if (found.length !== count || vectors.length !== count || !areAlike(vectors)) return undefined;
  const usage = field(answer, "usage");
  return {
    vectors,
    promptTokens: tokenCount(field(usage, "prompt_tokens") ?? field(usage, "total_tokens")),
  };
}

function encodeOpenAi(request: EmbeddingRequest, engine: Engine) {
  const { embeddings } = engine.provider;
  const { input } = request;
  const dropped: string[] = [];
  const body: JsonObject = {
    model: engine.model,
    input: input.kind === "texts" ? [...input.texts] : input.tokens.map((tokens) => [...tokens]),
  };
  if (embeddings?.takesBase64 === true) body["encoding_format"] = request.base64 ? "base64" : "float";
  if (request.dimensions !== undefined) {
    const name = embeddings?.dimensionsField;
    if (name === undefined) dropped.push("dimensions");
    else body[name] = request.dimensions;
  }
  if (request.user !== undefined) {
    if (embeddings?.takesUser === true) body["user"] = request.user;
    else dropped.push("user");
  }
  const path = embeddings?.path ?? "/embeddings";
  return { request: { path, headers: { ...engine.headers }, body }, dropped };
}

function encodeGemini(request: EmbeddingRequest, engine: Engine) {
  const texts = request.input.kind === "texts" ? request.input.texts : [];
  const requests = texts.map((text): JsonObject => {
    const one: JsonObject = { model: `models/${engine.model}`, content: { parts: [{ text }] } };
    if (request.dimensions !== undefined) one["outputDimensionality"] = request.dimensions;
    return one;
  });
  return {
    request: {
      path: `/v1beta/models/${encodeURIComponent(engine.model)}:batchEmbedContents`,
      headers: { ...engine.headers },
      body: { requests },
    },
    dropped: request.user === undefined ? [] : ["user"],
  };
}

function geminiVectors(answer: unknown): (Vector | undefined)[] {
  return arrayField(answer, "embeddings").map((one) => vectorOf(field(one, "values")));
}

/** Providers say which input a vector belongs to; the order of the list is not to be relied on. */
function openAiVectors(answer: unknown): (Vector | undefined)[] {
  const vectors: (Vector | undefined)[] = [];
  const data = arrayField(answer, "data");
  data.forEach((one, position) => {
    if (!isJsonObject(one)) return;
    const index = typeof one["index"] === "number" ? one["index"] : position;
    if (Number.isInteger(index) && index >= 0 && index < data.length) {
      vectors[index] = vectorOf(one["embedding"]);
    }
  });
  return Array.from(vectors);
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

function vectorOf(value: unknown): Vector | undefined {
  if (typeof value === "string") return value.length % 4 === 0 && BASE64.test(value) ? value : undefined;
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((number) => typeof number === "number") ? (value as number[]) : undefined;
}

/** Whether all have one length, in whole numbers: those of one model do. */
function areAlike(vectors: readonly Vector[]): boolean {
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
