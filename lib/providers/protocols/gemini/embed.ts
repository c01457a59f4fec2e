import { embeddingsOf, type Vector, vectorOf } from "#lib/embeddings/vectors.ts";
import type { EmbedPower } from "#lib/providers/protocols/protocol.ts";
import { arrayField, field, type JsonObject } from "#lib/shared/json.ts";

/** `models/…:batchEmbedContents`. It accepts only texts, and does not report their tokens. */
export const geminiEmbeddings: EmbedPower = {
  limits: ({ provider }) => ({ maxInputs: provider.embeddings?.maxInputs, takesTokens: false }),

  encode(request, engine) {
    const texts = request.input.kind === "texts" ? request.input.texts : [];
    const requests = texts.map((text): JsonObject => {
      const one: JsonObject = { model: `models/${engine.model}`, content: { parts: [{ text }] } };
      if (request.dimensions !== undefined) one["outputDimensionality"] = request.dimensions;
      return one;
    });
    return {
      request: {
        kind: "json",
        path: `/v1beta/models/${encodeURIComponent(engine.model)}:batchEmbedContents`,
        headers: engine.headers,
        body: { requests },
        isLarge: request.isLarge,
      },
      dropped: request.user === undefined ? [] : ["user"],
    };
  },

  decode: (answer, count) => embeddingsOf(geminiVectors(answer), count, undefined),
};

function geminiVectors(answer: unknown): (Vector | undefined)[] {
  return arrayField(answer, "embeddings").map((one) => vectorOf(field(one, "values")));
}
