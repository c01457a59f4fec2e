import type { Usage } from "#lib/browser/turn-view.ts";
import { commonStrings } from "../_strings/common.ts";
import { count, usd } from "./format.ts";

const texts = commonStrings.usage;

/** What an answer took, as far as it is known: `420 tokens in, 17 out · $0.0004`. */
export function usageInWords({ promptTokens, completionTokens, cachedTokens, costUsd }: Usage): string {
  return [
    ...(promptTokens === undefined || completionTokens === undefined
      ? []
      : [texts.tokens(count(promptTokens), count(completionTokens))]),
    ...(cachedTokens === undefined || cachedTokens === 0 ? [] : [texts.cached(count(cachedTokens))]),
    costUsd === undefined ? texts.unknownCost : usd(costUsd),
  ].join(" · ");
}
