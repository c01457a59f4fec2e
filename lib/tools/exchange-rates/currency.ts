import { lazy } from "#lib/shared/lazy.ts";
import { NAMES, NATIONALITIES } from "#lib/tools/exchange-rates/currency-names.ts";
import { fold } from "#lib/tools/text/fold.ts";

/**
 * The currencies of the European Central Bank's reference rates (ecb.europa.eu, "Euro foreign exchange reference
 * rates"), and the last day of those that it has dropped.
 */
const LISTED: Readonly<Record<string, string | undefined>> = {
  ...Object.fromEntries(
    (
      "EUR USD JPY CZK DKK GBP HUF PLN RON SEK CHF ISK NOK TRY AUD BRL CAD CNY HKD IDR ILS INR KRW MXN MYR NZD " +
      "PHP SGD THB ZAR"
    )
      .split(" ")
      .map((code) => [code, undefined]),
  ),
  RUB: "2022-03-01",
  HRK: "2022-12-30",
  BGN: "2025-12-31",
};

/** Whether there are reference rates of a currency on a date, `YYYY-MM-DD`, or today. */
export function isListed(code: string, date: string | undefined): boolean {
  if (!Object.hasOwn(LISTED, code)) return false;
  const last = LISTED[code];
  return last === undefined || (date !== undefined && date <= last);
}

/** The last day on which rates of the currency were published; undefined if they still are, or never were. */
export function lastListed(code: string): string | undefined {
  return Object.hasOwn(LISTED, code) ? LISTED[code] : undefined;
}

/** A currency's name in English: `British pound`; undefined if it has none. */
export function currencyName(code: string): string | undefined {
  const name = CRYPTO[code] ?? ISO_NAMES.value.of(code);
  return name === code ? undefined : name;
}

const ISO_NAMES = lazy(() => {
  const names = new Intl.DisplayNames("en", { type: "currency" });
  return { of: (code: string) => (/^[A-Z]{3}$/.test(code) ? names.of(code) : undefined) };
});
const CRYPTO: Readonly<Record<string, string>> = {
  BTC: "Bitcoin",
  ETH: "Ether",
  USDT: "Tether",
  USDC: "USD Coin",
  XRP: "XRP",
  SOL: "Solana",
  DOGE: "Dogecoin",
  ADA: "Cardano",
  LTC: "Litecoin",
  BNB: "BNB",
};

/** How many digits a currency has behind the point: JPY 0, KWD 3. */
export function minorDigits(code: string): number {
  if (CRYPTO[code] !== undefined || !/^[A-Z]{3}$/.test(code)) return 8;
  return (
    new Intl.NumberFormat("en", { style: "currency", currency: code }).resolvedOptions()
      .maximumFractionDigits ?? 2
  );
}

/** What a name stands for. `isAmbiguous`: other currencies are called so too; `isRisky`: it is a usual word too. */
export type Named = { code: string; isAmbiguous: boolean; isRisky: boolean };

type NameTable = {
  /** The first words of names of several words. */
  heads: Set<string>;
  whole: Map<string, Named>;
  stems: Map<string, Named>;
  nations: Map<string, string>;
  /** How names begin: up to three letters of those in scripts with spaces, one character of others. */
  beginnings: Set<string>;
};

const TABLE = lazy((): NameTable => {
  const heads = new Set<string>();
  const whole = new Map<string, Named>();
  const stems = new Map<string, Named>();
  for (const [code, names] of Object.entries(NAMES)) {
    for (const entry of names.split(", ")) {
      const name = fold(entry.replace(/^[?!]|\*$/g, ""));
      const named = { code, isAmbiguous: entry.startsWith("?"), isRisky: entry.startsWith("!") };
      (entry.endsWith("*") ? stems : whole).set(name, named);
      const [head = "", second] = name.split(" ");
      if (second !== undefined) heads.add(head);
    }
  }
  const nations = new Map<string, string>();
  for (const [code, names] of Object.entries(NATIONALITIES)) {
    for (const name of names.split(", ")) nations.set(fold(name), code);
  }
  const beginnings = [...whole.keys(), ...stems.keys()].map((name) =>
    name.slice(0, isWithoutSpaces(name.charCodeAt(0)) ? 1 : MAX_BEGINNING),
  );
  return { heads, whole, stems, nations, beginnings: new Set(beginnings) };
});

const MAX_BEGINNING = 3;

/** Chinese, Japanese and Korean characters. */
const isWithoutSpaces = (unit: number): boolean => unit >= 0x1100 && unit < 0xffff;
const isLetter = (unit: number): boolean => (unit >= 0x61 && unit <= 0x7a) || unit >= 0xaa;
const isSymbol = (unit: number): boolean =>
  unit === 0x24 || unit === 0xa3 || unit === 0xa5 || (unit >= 0x20a0 && unit <= 0x20cf);

/** Whether a text may name a currency: a quick look, so that most messages are not cut into words. */
export function mayNameCurrency(text: string): boolean {
  const { beginnings } = TABLE.value;
  const folded = fold(text);
  let isInside = false;
  for (let at = 0; at < folded.length; at++) {
    const unit = folded.charCodeAt(at);
    if (isSymbol(unit)) return true;
    if (isWithoutSpaces(unit)) {
      if (beginnings.has(folded.charAt(at))) return true;
    } else if (isLetter(unit)) {
      const isFound =
        !isInside && (beginnings.has(folded.slice(at, at + 3)) || beginnings.has(folded.slice(at, at + 2)));
      if (isFound) return true;
      isInside = true;
      continue;
    }
    isInside = false;
  }
  // Three capitals may be a code that no list here has.
  return /\b[A-Z]{3}\b/.test(text);
}

/** Begin like names of currencies, and are none: Europe. */
const OTHERS = /^(?:europ|европ|यूरोप)/;

/** How many letters an ending may have. */
const MAX_ENDING = 4;

/** The currency of a folded name: `dollars`, `euro`, `рублях`. */
export function namedCurrency(folded: string): Named | undefined {
  const { whole, stems } = TABLE.value;
  const found = whole.get(folded);
  if (found !== undefined) return found;
  if (OTHERS.test(folded)) return undefined;
  const least = Math.max(2, folded.length - MAX_ENDING);
  for (let length = folded.length; length >= least; length--) {
    const stem = stems.get(folded.slice(0, length));
    if (stem !== undefined && !folded.includes(" ", length)) return stem;
  }
  return undefined;
}

/** Whether a name of several words begins with this one. */
export function beginsName(folded: string): boolean {
  return TABLE.value.heads.has(folded);
}

/** The currency of a nationality: `canadian`. */
export function nationOf(folded: string): string | undefined {
  const { nations } = TABLE.value;
  const found = nations.get(folded);
  if (found !== undefined) return found;
  for (let length = folded.length; length >= 3; length--) {
    const stem = nations.get(`${folded.slice(0, length)}*`);
    if (stem !== undefined) return stem;
  }
  return undefined;
}

/** Whether a text is one of the codes that are known here. */
export function isKnownCode(code: string): boolean {
  return Object.hasOwn(NAMES, code);
}
