import { tokenCount } from "#lib/chat/usage.ts";
import { embeddingsOf, type Vector, vectorOf } from "#lib/embeddings/vectors.ts";
import type { EmbedPower } from "#lib/providers/protocols/protocol.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { type EmbeddingDialect, STANDARD_EMBEDDINGS } from "#lib/providers/vendors/embedding-dialect.ts";
import { arrayField, field, isJsonObject, type JsonObject } from "#lib/shared/json.ts";

/** `POST …/embeddings` in the provider's dialect. */
export const openAiEmbeddings: EmbedPower = {
  limits(engine) {
    const { maxInputs, takesTokens } = dialectOf(engine);
    return { maxInputs, takesTokens: takesTokens === true };
  },

  encode(request, engine) {
    const dialect = dialectOf(engine);
    const { input } = request;
    const dropped: string[] = [];
    const body: JsonObject = {
      model: engine.model,
      input: input.kind === "texts" ? [...input.texts] : input.tokens.map((tokens) => [...tokens]),
    };
    if (dialect.takesBase64 === true) body["encoding_format"] = request.base64 ? "base64" : "float";
    if (request.dimensions !== undefined) {
      if (dialect.dimensionsField === undefined) dropped.push("dimensions");
      else body[dialect.dimensionsField] = request.dimensions;
    }
    if (request.user !== undefined) {
      if (dialect.takesUser === true) body["user"] = request.user;
      else dropped.push("user");
    }
    const { path } = dialect;
    return {
      request: { kind: "json", path, headers: engine.headers, body, isLarge: request.isLarge },
      dropped,
    };
  },

  decode(answer, count) {
    const usage = field(answer, "usage");
    const promptTokens = tokenCount(field(usage, "prompt_tokens") ?? field(usage, "total_tokens"));
    return embeddingsOf(openAiVectors(answer), count, promptTokens);
  },
};

function dialectOf({ provider }: Engine): EmbeddingDialect {
  return provider.protocol === "openai-compatible"
    ? (provider.embeddings ?? STANDARD_EMBEDDINGS)
    : STANDARD_EMBEDDINGS;
}

/** The vectors by `index`: the order of the list is not reliable. */
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
