import { z } from "zod";
import { otherFields } from "#lib/apis/fields.ts";
import { list, shortText } from "#lib/apis/schemas.ts";
import type { EmbeddingRequest } from "#lib/embeddings/embedding-request.ts";
import { toBase64, toNumbers, type Vector } from "#lib/embeddings/vectors.ts";

const MAX_INPUTS = 2_048;
const text = z.string().min(1, "must not be empty");
const tokens = list(z.int().nonnegative(), 100_000, 1);

/** The body of `POST /api/v1/embeddings`. */
export const embeddingsSchema = z.looseObject({
  model: z.string().min(1).max(256).describe("A known embedding model, or one as `provider/model`."),
  input: z.union([text, list(text, MAX_INPUTS, 1), tokens, list(tokens, MAX_INPUTS, 1)]),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().positive().nullish(),
  user: shortText.nullish(),
});

export const embeddingsAnswerSchema = z.object({
  object: z.literal("list"),
  data: z.array(
    z.object({
      object: z.literal("embedding"),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string().describe("base64 of 32-bit floats")]),
    }),
  ),
  model: z.string(),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int() }),
});

type EmbeddingsBody = z.output<typeof embeddingsSchema>;

const READ = new Set(Object.keys(embeddingsSchema.shape));

/** The request, and the names of fields that no provider receives. */
export function readEmbeddings(body: EmbeddingsBody): EmbeddingRequest & { dropped: string[] } {
  return {
    input: readInput(body.input),
    dimensions: body.dimensions ?? undefined,
    base64: body.encoding_format === "base64",
    user: body.user ?? undefined,
    dropped: Object.keys(otherFields(body, READ)),
  };
}

function readInput(input: EmbeddingsBody["input"]): EmbeddingRequest["input"] {
  if (typeof input === "string") return { kind: "texts", texts: [input] };
  const texts = input.filter((one) => typeof one === "string");
  if (texts.length > 0) return { kind: "texts", texts };
  const numbers = input.filter((one) => typeof one === "number");
  if (numbers.length > 0) return { kind: "tokens", tokens: [numbers] };
  return { kind: "tokens", tokens: input.filter((one) => Array.isArray(one)) };
}

/** The answer in OpenAI's format, with vectors in the encoding that the client requested. */
export function embeddingsBody(
  answer: { vectors: readonly Vector[]; promptTokens: number; model: string },
  { base64 }: EmbeddingRequest,
): z.input<typeof embeddingsAnswerSchema> {
  return {
    object: "list",
    data: answer.vectors.map((vector, index) => ({
      object: "embedding",
      index,
      embedding: base64 ? toBase64(vector) : [...toNumbers(vector)],
    })),
    model: answer.model,
    usage: { prompt_tokens: answer.promptTokens, total_tokens: answer.promptTokens },
  };
}
