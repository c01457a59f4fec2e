import { mayNameCurrency } from "#lib/tools/exchange-rates/currency.ts";
import { tokensOf } from "#lib/tools/exchange-rates/tokens.ts";

/** How many currencies a text in plain form names; usual words that are also currencies (`real`, `won`) are none. */
export function currenciesIn(text: string): number {
  if (!mayNameCurrency(text)) return 0;
  return tokensOf(text).filter((token) => token.kind === "currency" && !token.isRisky).length;
}

/** Whether a text speaks of more than one currency, as only a question for a rate does. */
export function comparesCurrencies(text: string): boolean {
  return currenciesIn(text) > 1;
}
