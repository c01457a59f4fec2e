import { CONTEXT_WINDOWS } from "#lib/providers/catalogue/context-window-data.ts";
import { bareModelName } from "#lib/providers/catalogue/model-rules.ts";

type Windows = { exact: ReadonlyMap<string, number>; prefixes: readonly (readonly [string, number])[] };

const read = new Map<string, Windows>();

/**
 * The context window of a model in tokens, by the id under which its provider is priced; undefined if the
 * price library does not know it.
 */
export function contextWindow(pricedAs: string | undefined, model: string): number | undefined {
  const data = pricedAs === undefined ? undefined : CONTEXT_WINDOWS[pricedAs];
  if (pricedAs === undefined || data === undefined) return undefined;
  const windows = read.get(pricedAs) ?? readWindows(data);
  read.set(pricedAs, windows);
  return find(windows, model.toLowerCase()) ?? find(windows, bareModelName(model));
}

function find({ exact, prefixes }: Windows, name: string): number | undefined {
  return exact.get(name) ?? prefixes.find(([prefix]) => name.startsWith(prefix))?.[1];
}

/** One line a window: its tokens, then the models that have it; a name with `*` stands for its beginning. */
function readWindows(data: string): Windows {
  const exact = new Map<string, number>();
  const prefixes: [string, number][] = [];
  for (const line of data.trim().split("\n")) {
    const [tokens = "", ...names] = line.split(" ");
    for (const name of names) {
      if (name.endsWith("*")) prefixes.push([name.slice(0, -1), Number(tokens)]);
      else exact.set(name, Number(tokens));
    }
  }
  // The longest beginning says most.
  prefixes.sort(([a], [b]) => b.length - a.length);
  return { exact, prefixes };
}
