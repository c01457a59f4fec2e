import { isDeepStrictEqual } from "node:util";
import {
  type InstalledList,
  type InstalledModel,
  readAbilities,
  readInstalledModels,
} from "#lib/providers/catalogue/installed-models.ts";
import type { Installation } from "#lib/providers/registry.ts";
import { fetchJson } from "#lib/server/wiring/fetch-json.ts";
import { BoundedMap } from "#lib/shared/bounded-map.ts";

/** The most that one answer may take, milliseconds. Nobody waits that long for it. */
const TIMEOUT_MS = 2_000;
/** The host is asked for details of so many models of one list; of others their names must tell. */
const MAX_ASKED = 50;

/**
 * Reads the list of one provider again; never rejects. While the host does not answer, or answers something
 * else, it is the last list; undefined without one. The same object as before if nothing has changed.
 */
export type ListReader = () => Promise<InstalledList | undefined>;

export function createListReader({ provider, name, baseUrl, source }: Installation): ListReader {
  const details = new BoundedMap<string, InstalledModel["abilities"]>(MAX_ASKED);
  let last: InstalledList | undefined;

  /** Older hosts do not list what a model can do. It is asked once, since that does not change. */
  const withDetails = async (entry: InstalledModel, path: string): Promise<InstalledModel> => {
    if (entry.abilities !== undefined) return entry;
    if (!details.has(entry.model)) {
      const answer = await fetchJson(`${baseUrl}${path}`, TIMEOUT_MS, { model: entry.model });
      if (answer !== undefined) details.set(entry.model, readAbilities(answer));
    }
    return { ...entry, abilities: details.get(entry.model) };
  };

  return async () => {
    for (const list of source) {
      const models = readInstalledModels(await fetchJson(`${baseUrl}${list.path}`, TIMEOUT_MS));
      if (models === undefined) continue;
      const { details: path } = list;
      const told =
        path === undefined
          ? []
          : await Promise.all(models.slice(0, MAX_ASKED).map((model) => withDetails(model, path)));
      const next = { provider, name, models: [...told, ...models.slice(told.length)] };
      if (!isDeepStrictEqual(next, last)) last = next;
      break;
    }
    return last;
  };
}
