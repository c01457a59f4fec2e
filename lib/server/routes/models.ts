import { MODE_IDS } from "#lib/ai-models.ts";
import { type ListedModel, listModels, modelList, modelListSchema, modelSchema } from "#lib/apis/models.ts";
import { EMBEDDING_MODELS } from "#lib/providers/embeddings/embedding-models.ts";
import { parseModelName } from "#lib/router/model-name.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const PATH = "/api/v1/models";

/** `GET /api/v1/models`: the modes, and the configured engines as `provider/model`. */
export const models = declareRoute({
  path: PATH,
  access: "proxy",
  errors: "openai",
  methods: {
    GET: {
      summary: "Modes and configured engines",
      answers: async () => ({ 200: { description: "One page with all of them.", json: modelListSchema } }),
      answer,
    },
  },
});

/** `GET /api/v1/models/{id}`: one of them, or an unlisted engine that can be called by its name. */
export const modelById = declareRoute({
  path: `${PATH}/[...id]`,
  access: "proxy",
  errors: "openai",
  methods: {
    GET: {
      summary: "One model",
      answers: async () => ({ 200: { description: "The model.", json: modelSchema } }),
      answer,
    },
  },
});

async function answer({ request, gateway }: GatewayCall<"proxy">): Promise<PlainResponse> {
  const id = idOf(request);
  if (id === "") return jsonResponse(modelList(await listed(gateway)));
  const found = (await listed(gateway)).find((model) => model.id === id) ?? unlisted(id, gateway);
  if (found === undefined) {
    throw new GatewayError("model_not_found", `The model "${id}" does not exist, or is not configured.`, {
      details: { param: "model" },
    });
  }
  return jsonResponse(found);
}

/** The rest of the path, since an engine's id contains slashes, encoded or not. */
function idOf(request: Request): string {
  const { pathname } = new URL(request.url);
  const rest = pathname.slice(PATH.length).replace(/^\//, "");
  try {
    return decodeURIComponent(rest);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    throw new GatewayError("invalid_request", "The name of the model is not properly encoded.");
  }
}

async function listed({ completion }: Gateway): Promise<ListedModel[]> {
  const chains = await Promise.all(MODE_IDS.map((mode) => completion.enginesOf(mode)));
  const embedding = completion.registry.resolve(Object.values(EMBEDDING_MODELS).flat(), "embeddings");
  const engines = [...chains.flat(), ...embedding].map(({ id, label, provider }) => ({
    id,
    label,
    provider: provider.id,
  }));
  return listModels({ modes: completion.modes, engines });
}

/** An engine that is in no chain, but can be called by its name. */
function unlisted(id: string, { completion }: Gateway): ListedModel | undefined {
  const { registry, modes } = completion;
  const target = parseModelName(id, registry.isKnown);
  if (target?.kind !== "engine") return undefined;
  const specs = [{ ...target, label: id }];
  const engines = [...registry.resolve(specs), ...registry.resolve(specs, "embeddings")].map((engine) => ({
    id,
    label: engine.label,
    provider: engine.provider.id,
  }));
  return listModels({ modes, engines }).find((model) => model.id === id);
}
