import type { ModeId } from "#lib/ai-models.ts";
import type { Engine } from "#lib/providers/registry.ts";
import { modelListsOf } from "#lib/providers/vendors/model-lists.ts";
import type { ListAnswer, ListProblem } from "#lib/services/model-check/ask-list.ts";
import type { ChainEntries } from "#lib/services/model-check/chain-entries.ts";
import { listingOf } from "#lib/services/model-check/listed-name.ts";
import { NearNames } from "#lib/services/model-check/near-names.ts";
import { othersTurn } from "#lib/shared/event-loop.ts";

/** An entry of a mode's chain that its provider does not list, with names that it does, as `provider/model`. */
export type GoneModel = { mode: ModeId; engine: string; near: string[] };

/** Entries about which nothing can be said, and why. */
export type UncheckedModels = {
  provider: string;
  engines: string[];
  reason: ListProblem | "not_configured" | "not_asked" | "perhaps_alias";
  message: string;
};

export type ModelReport = {
  /** Entries that their providers list. */
  present: number;
  gone: GoneModel[];
  unchecked: UncheckedModels[];
};

/** The answers of providers, by their ids. */
export type ModelLists = ReadonlyMap<string, ListAnswer>;

/** Entries of one provider for which similar names are looked for; a chain that lacks more is of another provider. */
const MAX_LOOKED_UP = 50;

/** What the lists of the providers say about the entries of the chains. */
export async function modelReport(entries: ChainEntries, lists: ModelLists): Promise<ModelReport> {
  const report: ModelReport = { present: 0, gone: [], unchecked: unconfigured(entries) };
  for (const [provider, own] of byProvider(entries)) {
    const list = lists.get(provider);
    if (list?.ok === true) await compare(own, list.names, report);
    else report.unchecked.push({ provider, engines: idsOf(own), ...whyUnknown(list) });
  }
  return report;
}

type Entries = readonly { mode: ModeId; engine: Engine }[];

async function compare(entries: Entries, names: ReadonlySet<string>, report: ModelReport): Promise<void> {
  const near = new Map<string, string[]>();
  let index: NearNames | undefined;
  for (const { mode, engine } of entries) {
    const { provider, model, id } = engine;
    const listing = listingOf(model, names, modelListsOf(provider)[0]?.unlistedSuffix);
    switch (listing.kind) {
      case "listed":
        report.present++;
        break;
      case "perhaps_alias":
        addAlias(engine, listing.of, report);
        break;
      case "missing":
        if (!near.has(id) && near.size < MAX_LOOKED_UP) {
          await othersTurn();
          index ??= new NearNames(names);
          near.set(
            id,
            index.to(model).map((name) => `${provider.id}/${name}`),
          );
        }
        report.gone.push({ mode, engine: id, near: near.get(id) ?? [] });
    }
  }
}

function addAlias({ id, provider }: Engine, version: string, { unchecked }: ModelReport): void {
  if (unchecked.some(({ engines, reason }) => reason === "perhaps_alias" && engines.includes(id))) return;
  unchecked.push({
    provider: provider.id,
    engines: [id],
    reason: "perhaps_alias",
    message: `Its list has ${version}, of which this may be the short name.`,
  });
}

function whyUnknown(
  list: Extract<ListAnswer, { ok: false }> | undefined,
): Pick<UncheckedModels, "reason" | "message"> {
  if (list === undefined) return { reason: "not_asked", message: "It was not configured at the last check." };
  return { reason: list.reason, message: list.message };
}

function unconfigured({ unconfigured: rows }: ChainEntries): UncheckedModels[] {
  const engines = Map.groupBy(rows, ({ provider }) => provider);
  return [...engines].map(([provider, own]) => ({
    provider,
    engines: [...new Set(own.map(({ model }) => `${provider}/${model}`))],
    reason: "not_configured",
    message: "It is not configured.",
  }));
}

/** Engines of each provider, of which one can ask for its list. */
export function byProvider({ engines }: ChainEntries): Map<string, Entries> {
  return Map.groupBy(engines, ({ engine }) => engine.provider.id);
}

function idsOf(entries: Entries): string[] {
  return [...new Set(entries.map(({ engine }) => engine.id))];
}
