import { currenciesIn } from "#lib/tools/exchange-rates/money.ts";
import { clausesOf } from "#lib/tools/text/clauses.ts";
import { type Day, type FoundDay, findDay } from "#lib/tools/text/dates.ts";

/** A day to come is that of the rate only beside its currencies: "I fly tomorrow; how much is 500 GBP in yen?" */
export function dayOfRate(text: string, today: Day): FoundDay | undefined {
  const found = findDay(text, today);
  if (found === undefined || found.day <= today) return found;
  const clauses = clausesOf(text).filter((clause) => currenciesIn(clause.text) > 0);
  const own = findDay(clauses.map((clause) => clause.text).join("\n"), today);
  return own?.day === found.day ? found : undefined;
}
