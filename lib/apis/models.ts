import { z } from "zod";
import { MODE_IDS, type Modes } from "#lib/ai-models.ts";

/** A model in a list, with the fields of both OpenAI's and Anthropic's SDKs. */
export const modelSchema = z.object({
  id: z.string(),
  object: z.literal("model"),
  created: z.int().describe("Seconds since the epoch."),
  owned_by: z.string(),
  type: z.literal("model"),
  display_name: z.string(),
  created_at: z.string(),
});
export type ListedModel = z.infer<typeof modelSchema>;

/** The list, with the paging fields of both SDKs; there is only one page. */
export const modelListSchema = z.object({
  object: z.literal("list"),
  data: z.array(modelSchema),
  has_more: z.literal(false),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
});

/** What is listed: the modes, and engines as `provider/model`. */
export type ModelSource = {
  modes: Modes;
  engines: readonly { id: string; label: string; provider: string }[];
};

/** A constant: the creation dates of models are unknown, but clients require one. */
const CREATED = Date.UTC(2026, 0, 1);
const OWNER = "sarmalink-ai";

export function listModels({ modes, engines }: ModelSource): ListedModel[] {
  const listed = [
    model("auto", "Auto", OWNER),
    ...MODE_IDS.map((id) => model(id, modes[id].name, OWNER)),
    ...engines.map(({ id, label, provider }) => model(id, label, provider)),
  ];
  return [...new Map(listed.map((one) => [one.id, one])).values()];
}

function model(id: string, name: string, owner: string): ListedModel {
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

export function modelList(models: ListedModel[]): z.infer<typeof modelListSchema> {
  return {
    object: "list",
    data: models,
    has_more: false,
    first_id: models[0]?.id ?? null,
    last_id: models.at(-1)?.id ?? null,
  };
}
