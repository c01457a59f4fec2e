import { z } from "zod";
import { MODE_IDS, type ModeId, type Modes } from "#lib/ai-models.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** A model that can be called. */
export type ListedModel = {
  id: string;
  /** As people call it. */
  name: string;
  owner: string;
  /** The context window in tokens, if known. */
  contextTokens: number | undefined;
  /** The most that it writes for one request, in tokens, if known. */
  maxOutputTokens: number | undefined;
};

/**
 * A model in OpenAI's list. `type`, `display_name` and `created_at` are for clients of Anthropic's API that do
 * not say so.
 */
export const modelSchema = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int().describe("Seconds since the epoch."),
  owned_by: z.string(),
  type: z.literal("model"),
  display_name: z.string(),
  created_at: z.string(),
});

/** OpenAI's list, with the paging fields of Anthropic's; there is only one page. */
export const modelListSchema = z.object({
  object: z.literal("list"),
  data: z.array(modelSchema),
  has_more: z.literal(false),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
});

/** A model in Anthropic's list. What is not known of other makers' models is null. */
export const anthropicModelSchema = z.object({
  type: z.literal("model"),
  id: z.string(),
  display_name: z.string(),
  created_at: z.string(),
  capabilities: z.null(),
  max_input_tokens: z.int().nullable(),
  max_tokens: z.int().nullable(),
  lifecycle: z.literal("active"),
  line: z.null(),
  deprecated_at: z.null(),
  retires_at: z.null(),
});

/** One page of Anthropic's list. */
export const anthropicModelListSchema = z.object({
  data: z.array(anthropicModelSchema),
  has_more: z.boolean(),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
});

export type ListedEngine = Pick<ListedModel, "id" | "contextTokens" | "maxOutputTokens"> & {
  label: string;
  provider: string;
};

/** What is listed: modes with an engine, and engines as `provider/model`. */
export type ModelSource = {
  modes: Modes;
  /** Those that have an engine. */
  available: readonly ModeId[];
  engines: readonly ListedEngine[];
};

/** A constant: the creation dates of models are unknown, but clients require one. */
const CREATED = Date.UTC(2026, 0, 1);
const OWNER = "sarmalink-ai";

/** `auto`, the modes, and the engines, each once. */
export function listModels({ modes, available, engines }: ModelSource): ListedModel[] {
  const listed = [
    ...(available.length === 0 ? [] : [modeModel("auto", "Auto")]),
    ...MODE_IDS.filter((id) => available.includes(id)).map((id) => modeModel(id, modes[id].name)),
    ...engines.map(({ label, provider, ...facts }) => ({ ...facts, name: label, owner: provider })),
  ];
  const unique = new Map<string, ListedModel>();
  for (const model of listed) if (!unique.has(model.id)) unique.set(model.id, model);
  return [...unique.values()];
}

/** A name that stands for a mode. */
export function modeModel(id: string, name: string): ListedModel {
  return { id, name, owner: OWNER, contextTokens: undefined, maxOutputTokens: undefined };
}

export function openAiModel({ id, name, owner }: ListedModel): z.infer<typeof modelSchema> {
  return {
    id,
    object: "model",
    created: CREATED / 1_000,
    owned_by: owner,
    type: "model",
    display_name: name,
    created_at: new Date(CREATED).toISOString(),
  };
}

export function openAiModelList(models: readonly ListedModel[]): z.infer<typeof modelListSchema> {
  return {
    object: "list",
    data: models.map(openAiModel),
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}

export function anthropicModel({
  id,
  name,
  contextTokens,
  maxOutputTokens,
}: ListedModel): z.infer<typeof anthropicModelSchema> {
  return {
    type: "model",
    id,
    display_name: name,
    created_at: new Date(CREATED).toISOString(),
    capabilities: null,
    max_input_tokens: contextTokens ?? null,
    max_tokens: maxOutputTokens ?? null,
    lifecycle: "active",
    line: null,
    deprecated_at: null,
    retires_at: null,
  };
}

/** Anthropic's bounds of `limit`, and what it is by default. */
const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 20;
const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT),
  after_id: z.string().optional(),
  before_id: z.string().optional(),
});

/**
 * One page of Anthropic's list. Throws `invalid_request` for a limit out of bounds, an unknown cursor, or two.
 * @param query `limit`, `after_id`, `before_id`; anything else is ignored.
 */
export function anthropicModelList(
  models: readonly ListedModel[],
  query: URLSearchParams,
): z.infer<typeof anthropicModelListSchema> {
  const parsed = pageSchema.safeParse(Object.fromEntries(query));
  if (!parsed.success) throw wrong("limit", `must be a whole number from 1 to ${MAX_LIMIT}`);
  const { limit, after_id: after, before_id: before } = parsed.data;
  if (after !== undefined && before !== undefined) throw wrong("before_id", "excludes after_id");
  const end = before === undefined ? models.length : positionOf(before, "before_id", models);
  const afterAt = after === undefined ? 0 : positionOf(after, "after_id", models) + 1;
  const start = before === undefined ? afterAt : Math.max(0, end - limit);
  const page = models.slice(start, Math.min(end, start + limit));
  return {
    data: page.map(anthropicModel),
    has_more: before === undefined ? start + page.length < models.length : start > 0,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

function positionOf(id: string, param: string, models: readonly ListedModel[]): number {
  const position = models.findIndex((model) => model.id === id);
  if (position === -1) throw wrong(param, "names no model of the list");
  return position;
}

function wrong(param: string, problem: string): GatewayError {
  return new GatewayError("invalid_request", `${param} ${problem}.`, { details: { param } });
}
