import type { Engine } from "#lib/providers/registry.ts";
import type { EngineKey } from "#lib/providers/vendors/credentials.ts";
import { modelListsOf } from "#lib/providers/vendors/model-lists.ts";
import {
  type AskEffects,
  askModelList,
  askPath,
  type ListAnswer,
} from "#lib/services/model-check/ask-list.ts";

/**
 * Whether one key of a provider is accepted, and the models that are listed with it. A provider whose list is public is
 * asked at a second address, which is not. Costs nothing. Rejects only when the signal aborts.
 */
export async function askKey(
  engine: Engine,
  key: EngineKey,
  effects: AskEffects,
  timeoutMs: number,
): Promise<ListAnswer> {
  const single = { ...engine, keys: [key] };
  const list = await askModelList(single, effects, timeoutMs);
  const [source] = modelListsOf(engine.provider);
  if (!list.ok || source?.keyPath === undefined) return list;
  return (await askPath(single, source, source.keyPath, effects, timeoutMs)) ?? list;
}
