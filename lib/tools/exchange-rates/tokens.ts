import { multiplierOf, numberWord, parseNumber } from "#lib/tools/exchange-rates/amounts.ts";
import {
  beginsName,
  currencyName,
  isKnownCode,
  type Named,
  namedCurrency,
  nationOf,
} from "#lib/tools/exchange-rates/currency.ts";
import { CJK_WORDS } from "#lib/tools/exchange-rates/vocabulary.ts";
import { fold } from "#lib/tools/text/fold.ts";

/** A piece of a message. */
export type Token =
  | { kind: "number"; value: number; raw: string }
  /** `isTight`: a symbol or a code, which may also stand before its amount. */
  | ({ kind: "currency"; raw: string; isTight: boolean } & Named)
  | { kind: "word"; folded: string; raw: string }
  | { kind: "mark"; raw: string };

const PIECE =
  /(?<number>\d+(?:[.,'’]\d+|[ \u00a0\u202f]\d{3}(?!\d))*(?:[eE]\d{1,2}(?![\p{L}\d]))?)|(?<symbol>[A-Za-z]{0,3}\p{Sc})|(?<word>[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*)|(?<mark>->|=>|\S)/gu;
const CJK = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]+$/u;
const HANGUL = /^\p{Script=Hangul}+$/u;
const ARABIC = /^\p{Script=Arabic}+$/u;
/** Letters of a longest Chinese or Japanese name of a currency. */
const MAX_CJK_NAME = 10;
const MAX_PHRASE = 3;

/** The pieces of a message in plain form: amounts with their multipliers, currencies, words and marks. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const { groups } of text.matchAll(PIECE)) {
    if (groups?.number !== undefined) tokens.push(numberToken(groups.number));
    else if (groups?.symbol !== undefined) tokens.push(...symbolTokens(groups.symbol));
    else if (groups?.word !== undefined) tokens.push(...wordTokens(groups.word));
    else if (groups?.mark !== undefined) tokens.push({ kind: "mark", raw: groups.mark });
  }
  return withAmounts(withPhrases(tokens));
}

function numberToken(raw: string): Token {
  const value = parseNumber(raw);
  return value === undefined ? { kind: "mark", raw } : { kind: "number", value, raw };
}

const word = (raw: string): Token => ({ kind: "word", folded: fold(raw), raw });
const currency = (raw: string, named: Named, isTight: boolean): Token => ({
  kind: "currency",
  raw,
  isTight,
  ...named,
});

function symbolTokens(raw: string): Token[] {
  const named = namedCurrency(fold(raw));
  if (named !== undefined) return [currency(raw, named, true)];
  const letters = raw.slice(0, -1);
  const symbol = raw.slice(-1);
  const alone = namedCurrency(symbol);
  const first = letters === "" ? [] : wordTokens(letters);
  return [...first, alone === undefined ? { kind: "mark", raw: symbol } : currency(symbol, alone, true)];
}

function wordTokens(raw: string): Token[] {
  if (CJK.test(raw)) return cjkTokens(raw);
  if (HANGUL.test(raw)) return hangulTokens(raw);
  if (ARABIC.test(raw)) return arabicTokens(raw);
  // "l'euro", "d'euros", but "Euro'ya", "today's".
  const [head = "", ...rest] = raw.split(/['’]/);
  if (rest.length > 0)
    return head.length <= 2 ? [word(head), ...wordTokens(rest.join("'"))] : wordTokens(head);
  return latinTokens(raw);
}

function latinTokens(raw: string): Token[] {
  if (/^[A-Z]{6}$/.test(raw)) {
    const [first, second] = [raw.slice(0, 3), raw.slice(3)];
    if (isKnownCode(first) && isKnownCode(second))
      return [code(first), { kind: "mark", raw: "/" }, code(second)];
  }
  if (/^[A-Z]{3,5}$/.test(raw) && isKnownCode(raw)) return [code(raw)];
  const folded = fold(raw);
  const [, stem, kurs] = /^(.+?)(kurs|kurse|koers)$/.exec(folded) ?? [];
  const compound = stem === undefined ? undefined : namedCurrency(stem);
  if (compound !== undefined && kurs !== undefined) return [currency(raw, compound, false), word(kurs)];
  const named = namedCurrency(folded);
  if (named !== undefined) return [currency(raw, named, isKnownCode(raw.toUpperCase()))];
  if (/^[A-Z]{3}$/.test(raw) && currencyName(raw) !== undefined)
    return [currency(raw, { code: raw, isAmbiguous: false, isRisky: true }, true)];
  return [word(raw)];
}

const code = (raw: string): Token => currency(raw, { code: raw, isAmbiguous: false, isRisky: false }, true);

/** Cuts a run of Chinese or Japanese into names, known words and single characters. */
function cjkTokens(run: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < run.length; ) {
    const found = cjkToken(run, at);
    tokens.push(found);
    at += found.raw.length;
  }
  return tokens;
}

function cjkToken(run: string, at: number): Token {
  for (let length = Math.min(MAX_CJK_NAME, run.length - at); length > 0; length--) {
    const piece = run.slice(at, at + length);
    const named = namedCurrency(piece);
    if (named !== undefined) return currency(piece, named, false);
    if (CJK_WORDS.has(piece)) return word(piece);
  }
  const [first = ""] = run.slice(at);
  return word(first);
}

const PARTICLES = new Set(
  "는 은 를 을 로 으로 에 에서 이 가 의 면 이면 대 야 이야 인가요 인지 정도 화 화로 와 과 환율 몇 얼마 예요 이에요 입니까 당 도 만".split(
    " ",
  ),
);

/** A Korean word: multipliers, a currency, a particle. */
function hangulTokens(raw: string): Token[] {
  const tokens: Token[] = [];
  let rest = raw;
  while (rest.length > 1 && multiplierOf(rest.slice(0, 1)) !== undefined) {
    tokens.push(word(rest.slice(0, 1)));
    rest = rest.slice(1);
  }
  for (let length = rest.length; length > 0; length--) {
    const named = namedCurrency(rest.slice(0, length));
    const particle = rest.slice(length);
    if (named === undefined || (particle !== "" && !PARTICLES.has(particle))) continue;
    const found = currency(rest.slice(0, length), named, false);
    return [...tokens, found, ...(particle === "" ? [] : [word(particle)])];
  }
  return [word(raw)];
}

/** An Arabic word, with or without its article and preposition: `باليورو` is "in the euro". */
function arabicTokens(raw: string): Token[] {
  for (const [prefix, before] of [
    ["", ""],
    ["بال", "ب"],
    ["لل", "ل"],
    ["وال", "و"],
    ["ال", ""],
    ["ب", "ب"],
    ["ل", "ل"],
    ["و", "و"],
  ] as const) {
    if (!raw.startsWith(prefix)) continue;
    const named = namedCurrency(fold(raw.slice(prefix.length)));
    if (named !== undefined) return [...(before === "" ? [] : [word(before)]), currency(raw, named, false)];
  }
  return [word(raw)];
}

/** Joins names of several words, and nationalities to what they are of: `Canadian dollars`. */
function withPhrases(tokens: readonly Token[]): Token[] {
  const joined: Token[] = [];
  for (let at = 0; at < tokens.length; ) {
    const phrase = phraseAt(tokens, at);
    const next = phrase?.token ?? tokens[at];
    if (next !== undefined) joined.push(next);
    at += phrase?.length ?? 1;
  }
  return joined;
}

type Phrase = { token: Token; length: number };

function phraseAt(tokens: readonly Token[], at: number): Phrase | undefined {
  const first = tokens[at];
  const isHead = first !== undefined && first.kind !== "mark" && beginsName(fold(first.raw));
  for (let length = isHead ? MAX_PHRASE : 1; length > 1; length--) {
    const parts = tokens.slice(at, at + length);
    if (parts.length < length || parts.some(({ kind }) => kind !== "word" && kind !== "currency")) continue;
    const raw = parts.map((part) => part.raw).join(" ");
    const named = namedCurrency(fold(raw));
    if (named !== undefined && raw.includes(" ")) return { token: currency(raw, named, false), length };
  }
  return nationalAt(tokens, at);
}

const BEFORE_NATION = new Set(["new", "hong", "south", "the"]);
const OF = new Set(["de", "des", "di", "do", "da", "del", "of", "the", "of the"]);

/** A nationality before or behind the name of a currency of several countries. */
function nationalAt(tokens: readonly Token[], at: number): Phrase | undefined {
  const first = tokens[at];
  if (first?.kind === "word") {
    const skip = BEFORE_NATION.has(first.folded) ? 1 : 0;
    const nation = tokens[at + skip];
    const of = nation?.kind === "word" ? nationOf(nation.folded) : undefined;
    if (of === undefined) return undefined;
    const gap = tokens[at + skip + 1]?.raw === "-" ? 1 : 0;
    const noun = tokens[at + skip + gap + 1];
    if (noun?.kind !== "currency" || !(noun.isAmbiguous || noun.code === of)) return undefined;
    return { token: national(noun, of), length: skip + gap + 2 };
  }
  if (first?.kind !== "currency" || !first.isAmbiguous || first.isTight) return undefined;
  for (const skip of [1, 2, 3]) {
    const nation = tokens[at + skip];
    if (nation?.kind !== "word") return undefined;
    const of = nationOf(nation.folded);
    if (of !== undefined) return { token: national(first, of), length: skip + 1 };
    if (!OF.has(nation.folded) && !BEFORE_NATION.has(nation.folded)) return undefined;
  }
  return undefined;
}

function national(noun: Token & { kind: "currency" }, code: string): Token {
  return { ...noun, code, isAmbiguous: false, isRisky: false };
}

const OF_MILLIONS = new Set(["de", "d", "of", "di"]);

/** Joins numbers to what multiplies them: `1.5 k`, `2 lakh`, `5 万`, `two hundred`, `2 millions d'`. */
function withAmounts(tokens: readonly Token[]): Token[] {
  const joined: Token[] = [];
  for (const token of tokens) {
    const before = joined.at(-1);
    if (token.kind !== "word") {
      joined.push(token);
      continue;
    }
    const factor = multiplierOf(token.folded);
    const value = numberWord(token.folded);
    const isShort = /^[bmk]$/.test(token.folded);
    if (factor !== undefined && before?.kind === "number") {
      joined[joined.length - 1] = {
        kind: "number",
        value: rounded(before.value * factor),
        raw: `${before.raw} ${token.raw}`,
      };
    } else if (factor !== undefined && !isShort)
      joined.push({ kind: "number", value: factor, raw: token.raw });
    else if (value !== undefined) joined.push({ kind: "number", value, raw: token.raw });
    else if (OF_MILLIONS.has(token.folded) && before?.kind === "number" && /\p{L}/u.test(before.raw))
      continue;
    else joined.push(token);
  }
  return joined;
}

/** 1.1 × 1000 is 1100.0000000000002 otherwise. */
const rounded = (value: number): number => Number(value.toPrecision(15));
