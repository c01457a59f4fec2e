import { calcPrice, findProvider } from "@pydantic/genai-prices";
import { PROVIDERS } from "#lib/providers/vendors/providers.ts";

type Match = NonNullable<ReturnType<typeof findProvider>>["models"][number]["match"];

/** The file that `npm run ceilings` writes: the context windows of the installed price library, as data. */
export function contextWindowFile(): string {
  const ids = [...new Set(PROVIDERS.flatMap(({ pricedAs }) => pricedAs ?? []))].sort();
  const entries = ids
    .map((id) => `  ${/^\w+$/.test(id) ? id : JSON.stringify(id)}: \`\n${linesOf(id)}\n\`,\n`)
    .join("");
  return `/** Written by \`npm run ceilings\` from the price library; a test says when it is out of date. */
export const CONTEXT_WINDOWS: Readonly<Record<string, string>> = {
${entries}};
`;
}

function linesOf(providerId: string): string {
  const byWindow = new Map<number, Set<string>>();
  for (const { match } of findProvider({ providerId })?.models ?? []) {
    for (const name of namesIn(match)) {
      // The library is asked what it takes the name for: the first of its rows that matches.
      const tokens = calcPrice({}, name.replace("*", ""), { providerId })?.model.context_window;
      if (tokens === undefined || !/^[\w.:@/-]+\*?$/.test(name)) continue;
      byWindow.set(tokens, (byWindow.get(tokens) ?? new Set()).add(name.toLowerCase()));
    }
  }
  return [...byWindow]
    .sort(([a], [b]) => a - b)
    .map(([tokens, names]) => [tokens, ...[...names].sort()].join(" "))
    .join("\n");
}

/** Names that match, and beginnings of such, with a star. */
function namesIn(match: Match): string[] {
  if ("or" in match) return match.or.flatMap(namesIn);
  if ("equals" in match) return [match.equals];
  return "starts_with" in match ? [`${match.starts_with}*`] : [];
}
