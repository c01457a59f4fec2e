import { type AskEffects, askModelList } from "#lib/services/model-check/ask-list.ts";
import type { ChainEntries } from "#lib/services/model-check/chain-entries.ts";
import { byProvider, type ModelLists } from "#lib/services/model-check/model-report.ts";

/** Asks every configured provider of the chains for its list, all at the same time. */
export async function askModelLists(entries: ChainEntries, effects: AskEffects): Promise<ModelLists> {
  const asked = [...byProvider(entries)].flatMap(([provider, [first]]) =>
    first === undefined ? [] : [{ provider, engine: first.engine }],
  );
  const answers = asked.map(
    async ({ provider, engine }) => [provider, await askModelList(engine, effects)] as const,
  );
  return new Map(await Promise.all(answers));
}
