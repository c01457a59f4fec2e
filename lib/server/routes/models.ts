import { z } from "zod";
import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import {
  anthropicModel,
  anthropicModelList,
  anthropicModelListSchema,
  anthropicModelSchema,
  type ListedEngine,
  type ListedModel,
  listModels,
  modelListSchema,
  modelSchema,
  modeModel,
  openAiModel,
  openAiModelList,
} from "#lib/apis/models.ts";
import { lacksModel } from "#lib/providers/catalogue/installed-models.ts";
import { EMBEDDING_MODELS } from "#lib/providers/embeddings/embedding-models.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { parseModelName } from "#lib/router/model-name.ts";
import { jsonResponse, type PlainResponse } from "#lib/server/http/fast/plain-response.ts";
import { clientApi, isAnthropicClient } from "#lib/server/routes/client-api.ts";
import { declareRoute, type GatewayCall } from "#lib/server/routes/gateway-route.ts";
import type { Gateway } from "#lib/server/wiring/gateway.ts";
import { mayUseMode } from "#lib/services/admission/key-admission.ts";
import { modelNotFound } from "#lib/services/engines/model-not-found.ts";
import { NAMED_MODE, type ProxyCaller } from "#lib/services/identity/caller.ts";
import { GatewayError } from "#lib/shared/errors.ts";

const PATH = "/api/v1/models";
const BY_VERSION = "In Anthropic's shape if `anthropic-version` is sent, else in OpenAI's.";

/** `GET /api/v1/models`: what the caller can call, modes and engines as `provider/model`. */
export const models = declareRoute({
  path: PATH,
  access: "proxy",
  errors: "openai",
  errorsFor: clientApi,
  methods: {
    GET: {
      summary: "Modes and configured engines",
      description: `${BY_VERSION} Anthropic's has pages: \`limit\`, \`after_id\`, \`before_id\`.`,
      answers: async () => ({
        200: { description: "The models.", json: z.union([modelListSchema, anthropicModelListSchema]) },
      }),
      answer,
    },
  },
});

/** `GET /api/v1/models/{id}`: one of them, or another name that chats take. */
export const modelById = declareRoute({
  path: `${PATH}/[...id]`,
  access: "proxy",
  errors: "openai",
  errorsFor: clientApi,
  methods: {
    GET: {
      summary: "One model",
      description: `Any name that a chat can ask for. ${BY_VERSION}`,
      answers: async () => ({
        200: { description: "The model.", json: z.union([modelSchema, anthropicModelSchema]) },
      }),
      answer,
    },
  },
});

async function answer({ request, gateway, caller }: GatewayCall<"proxy">): Promise<PlainResponse> {
  const id = idOf(request);
  const isAnthropics = isAnthropicClient(request);
  const { completion, installed } = gateway;
  const available = await availableTo(caller, completion, installed);
  const listed = listModels({ modes: completion.modes, ...available });
  if (id === "") {
    return jsonResponse(
      isAnthropics ? anthropicModelList(listed, new URL(request.url).searchParams) : openAiModelList(listed),
    );
  }
  const found = listed.find((model) => model.id === id) ?? unlisted(id, available.available, completion);
  if (found === undefined) throw modelNotFound([id], completion);
  return jsonResponse(isAnthropics ? anthropicModel(found) : openAiModel(found));
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

type Available = {
  available: readonly ModeId[];
  engines: ListedEngine[];
};

/** The modes with an engine, and the engines, that the caller may use. */
async function availableTo(
  caller: ProxyCaller,
  completion: Gateway["completion"],
  installed: Gateway["installed"],
): Promise<Available> {
  const chains = await Promise.all(
    MODE_IDS.map(async (mode) => ({ mode, engines: await completion.enginesOf(mode) })),
  );
  const lists = installed.lists();
  const embedding = completion.overrides
    .allowed(completion.registry.resolve(Object.values(EMBEDDING_MODELS).flat(), "embeddings"))
    .filter(({ provider, model }) => !lacksModel(lists, provider.id, model));
  const mayName = mayUseMode(caller, NAMED_MODE);
  const engines = mayName ? [...chains.flatMap((chain) => chain.engines), ...embedding] : [];
  return {
    available: chains.flatMap(({ mode, engines: own }) =>
      own.length > 0 && mayUseMode(caller, mode) ? mode : [],
    ),
    engines: engines.map(facts),
  };
}

function facts({ id, label, provider, contextTokens, maxOutputTokens }: Engine): ListedEngine {
  return { id, label, provider: provider.id, contextTokens, maxOutputTokens };
}

/** A name that chats take though it is not listed: an engine that is in no chain, or a name for a mode. */
function unlisted(
  id: string,
  available: readonly ModeId[],
  { registry, overrides }: Gateway["completion"],
): ListedModel | undefined {
  const target = parseModelName(id, registry.isKnown);
  if (target?.kind === "engine") {
    const specs = [{ ...target, label: id }];
    const engines = [...registry.resolve(specs), ...registry.resolve(specs, "embeddings")];
    const [engine] = overrides.allowed(engines);
    if (engine === undefined) return undefined;
    const { label, provider, ...known } = facts(engine);
    return { ...known, id, name: label, owner: provider };
  }
  const isOff = target !== undefined && target.mode !== "auto" && overrides.isSwitchedOff(target.mode);
  // A mode without engines of its own borrows some.
  return target === undefined || isOff || available.length === 0 ? undefined : modeModel(id, id);
}
