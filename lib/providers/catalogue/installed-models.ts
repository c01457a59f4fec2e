import type { Capabilities, EngineSpec, ModeId } from "#lib/ai-models.ts";
import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** A model that a provider's host has installed. */
export type InstalledModel = {
  model: string;
  /** What it can do, in Ollama's words; undefined if the list does not say so. */
  abilities: readonly string[] | undefined;
  /** The architectures of its parts, which tell something about models without `abilities`. */
  families: readonly string[];
};

/** The installed models of one provider. */
export type InstalledList = {
  provider: string;
  /** The provider's name in labels. */
  name: string;
  models: readonly InstalledModel[];
};

/** Names of models that only embed or rank, for lists that do not tell. */
const NO_CHAT = /embed|minilm|rerank|^(?:bge|gte|e5)(?:-|$)/;
const NO_CHAT_FAMILIES: ReadonlySet<string> = new Set(["bert", "nomic-bert"]);
const SEEING_FAMILIES: ReadonlySet<string> = new Set(["clip", "mllama"]);
const FOR_CODE = /code|coder|devstral|starcoder/;
/** The tag of a model that is named without one. */
const DEFAULT_TAG = ":latest";

/** A list of models in the format of Ollama or of OpenAI; undefined if it is neither. */
export function readInstalledModels(body: unknown): InstalledModel[] | undefined {
  const isOllamas = Array.isArray(field(body, "models"));
  if (!isOllamas && !Array.isArray(field(body, "data"))) return undefined;
  return arrayField(body, isOllamas ? "models" : "data").flatMap((entry) => {
    const model = stringField(entry, "name") ?? stringField(entry, "model") ?? stringField(entry, "id");
    if (model === undefined) return [];
    const families = arrayField(field(entry, "details"), "families").filter(isString);
    return { model, abilities: readAbilities(entry), families };
  });
}

/** What a model can do, by an entry of the list or by its details; undefined if they do not say so. */
export function readAbilities(entry: unknown): string[] | undefined {
  const abilities = arrayField(entry, "capabilities").filter(isString);
  return abilities.length === 0 ? undefined : abilities;
}

export function canChat({ model, abilities, families }: InstalledModel): boolean {
  if (abilities !== undefined) return abilities.includes("completion");
  return !NO_CHAT.test(bareModelName(model)) && !families.some((family) => NO_CHAT_FAMILIES.has(family));
}

/**
 * A built-in chain with what is really installed: its rows keep their order, those of models that are missing
 * are left out, and all other models that can chat follow. A list that is not known changes nothing.
 */
export function withInstalled(
  mode: ModeId,
  rows: readonly EngineSpec[],
  lists: readonly InstalledList[],
): EngineSpec[] {
  const listOf = new Map(lists.map((list) => [list.provider, list.models]));
  const kept = rows.flatMap((row) => {
    const models = listOf.get(row.provider);
    if (models === undefined) return row;
    const model = models.find((one) => nameOf(one.model) === nameOf(row.model));
    return model === undefined
      ? []
      : { ...row, capabilities: { ...capabilitiesOf(model), ...row.capabilities } };
  });
  const more = lists.flatMap(({ provider, name, models }) =>
    inOrder(mode, models)
      .filter(
        ({ model }) => !kept.some((row) => row.provider === provider && nameOf(row.model) === nameOf(model)),
      )
      .map((one) => ({
        provider,
        model: one.model,
        label: `${name} ${one.model}`,
        capabilities: capabilitiesOf(one),
      })),
  );
  return [...kept, ...more];
}

/** Whether the provider lists its models, and this one is not among them. */
export function lacksModel(lists: readonly InstalledList[], provider: string, model: string): boolean {
  const list = lists.find((one) => one.provider === provider);
  return list?.models.every((one) => nameOf(one.model) !== nameOf(model)) === true;
}

/** The models for a mode, those that it is made for first. */
function inOrder(mode: ModeId, models: readonly InstalledModel[]): InstalledModel[] {
  const chatting = models.filter(canChat);
  const byRank = (rank: (model: InstalledModel) => boolean): InstalledModel[] => [
    ...chatting.filter(rank),
    ...chatting.filter((model) => !rank(model)),
  ];
  switch (mode) {
    case "vision":
      return chatting.filter((model) => capabilitiesOf(model).images !== false);
    case "coder":
      return byRank(isForCode);
    case "reasoner":
      return byRank(({ abilities }) => abilities?.includes("thinking") === true);
    case "smart":
    case "live":
    case "fast":
      return byRank((model) => !isForCode(model));
  }
}

function isForCode({ model }: InstalledModel): boolean {
  return FOR_CODE.test(bareModelName(model));
}

/** What its host says about it. Without abilities only its families tell, and the rest follows from its name. */
function capabilitiesOf({ abilities, families }: InstalledModel): Capabilities {
  if (abilities !== undefined) {
    return { images: abilities.includes("vision"), tools: abilities.includes("tools") };
  }
  return families.some((family) => SEEING_FAMILIES.has(family)) ? { images: true } : {};
}

function nameOf(model: string): string {
  const name = model.toLowerCase();
  return name.lastIndexOf(":") > name.lastIndexOf("/") ? name : `${name}${DEFAULT_TAG}`;
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
