import { mayNameCurrency } from "#lib/tools/exchange-rates/currency.ts";
import { equates, givesRate } from "#lib/tools/exchange-rates/given-rate.ts";
import type { ExchangeInput } from "#lib/tools/exchange-rates/input.ts";
import {
  type Group,
  groupsOf,
  isWord,
  joinOf,
  type Mention,
  mentionsOf,
} from "#lib/tools/exchange-rates/pairs.ts";
import { dayOfRate } from "#lib/tools/exchange-rates/rate-day.ts";
import { type Token, tokensOf } from "#lib/tools/exchange-rates/tokens.ts";
import { VOCABULARY } from "#lib/tools/exchange-rates/vocabulary.ts";
import { askParts, asksForWords, looksLikeCode } from "#lib/tools/text/asks.ts";
import type { Day, FoundDay } from "#lib/tools/text/dates.ts";
import { plainForm } from "#lib/tools/text/fold.ts";
import { OTHER_ASKS } from "#lib/tools/text/other-asks.ts";

/** Calls for one message, and currencies in one call. */
const MAX_CALLS = 3;
const MAX_TARGETS = 6;
const MAX_NAMED = 20;
/** Words beside a pair of currencies without an amount, in a message that does not ask for anything. */
const MAX_OTHER_WORDS = 2;

/** What a message asks to be converted, without regard to the conversation. */
export function findConversions(message: string, today: Day): ExchangeInput[] {
  const found = askParts(message).flatMap((part) => inPart(part, today));
  return found.filter((input, at) => found.findIndex((one) => same(one, input)) === at).slice(0, MAX_CALLS);
}

const same = (one: ExchangeInput, other: ExchangeInput): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

/** A message in plain form, with what would be mistaken for the end of a sentence written out. */
export function prepared(part: string): string {
  return plainForm(part)
    .replace(/\bU\.\s?S\.(?:A\.)?/g, "US")
    .replace(/=\s?\?/g, "=")
    .replace(/\b(vs|approx|ca|fr|rs|kr|rp)\./gi, "$1");
}

function inPart(part: string, today: Day): ExchangeInput[] {
  if (!mayNameCurrency(part) || looksLikeCode(part) || asksForWords(part)) return [];
  const text = prepared(part);
  const plain = tokensOf(text);
  // Most messages name no currency, and are not read any further.
  if (!plain.some(({ kind }) => kind === "currency")) return [];
  const when = dayOfRate(text, today);
  const tokens = when === undefined ? plain : tokensOf(when.rest);
  const { code } = OTHER_ASKS.value;
  if (tokens.some((token) => isWord(token) && code.has(token.folded))) return [];
  const context = { when, text };
  const sentences = sentencesOf(tokens);
  // A problem that says its own rate.
  if (sentences.some((sentence) => givesRate(sentence) || equates(sentence, mentionsOf(sentence)))) return [];
  return sentences.flatMap((sentence) => inSentence(sentence, context));
}

type Context = { when: FoundDay | undefined; text: string };

function sentencesOf(tokens: readonly Token[]): Token[][] {
  const sentences: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "mark" && /^[.!?。!?؟।]$/.test(token.raw)) sentences.push([]);
    else sentences.at(-1)?.push(token);
  }
  return sentences;
}

function inSentence(tokens: readonly Token[], context: Context): ExchangeInput[] {
  // A list of prices asks for nothing.
  if (tokens.filter(({ kind }) => kind === "currency").length > MAX_NAMED) return [];
  const mentions = mentionsOf(tokens);
  if (mentions.length === 0) return [];
  const words = tokens.filter(isWord).map(({ folded }) => folded);
  const { rate, convert, forecast } = VOCABULARY.value;
  const { prose } = OTHER_ASKS.value;
  const isAsked = words.some((word) => rate.has(word) || convert.has(word)) || isBarePair(tokens);
  const isProse = words.some((word) => prose.has(word) || forecast.has(word));
  const pairs = pairsOf(tokens, groupsOf(tokens, mentions), isAsked);
  const inputs = pairs.flatMap(({ sources, targets }) => {
    const hasAmount = sources.some(({ amount }) => amount !== undefined);
    if (isProse || (!hasAmount && (!asksForRate(tokens) || words.some((word) => MEANING.test(word)))))
      return [];
    return sources.flatMap((source) => inputOf(source, targets, context));
  });
  return inputs.length > 0 || isProse || pairs.length > 0 ? inputs : alone(tokens, mentions, context);
}

/** "eur usd", "ドル円 今いくら": two currencies side by side, and nothing else that says anything. */
function isBarePair(tokens: readonly Token[]): boolean {
  const at = tokens.findIndex(({ kind }) => kind === "currency");
  const from = tokens[at - 1]?.kind === "number" ? at - 1 : at;
  const others = [...tokens.slice(0, Math.max(from, 0)), ...tokens.slice(at + 2)];
  return (
    tokens[at + 1]?.kind === "currency" && others.every((token) => isWord(token) && isGlue(token.folded))
  );
}

/** What a rate is, or how it comes about. */
const MEANING =
  /^(?:means?|meaning|determined|calculated|set|works?|bestimmt|bedeutet|berechnet|signifie|determine|significa|determina|означает|значит|определяется)$/;

type Pair = { sources: readonly Mention[]; targets: readonly Mention[] };

function pairsOf(tokens: readonly Token[], groups: readonly Group[], isAsked: boolean): Pair[] {
  const pairs: Pair[] = [];
  const [only, ...more] = groups;
  // "The euro and dollar exchange rates" are one rate.
  if (isAsked && more.length === 0 && only?.mentions.length === 2) {
    const [source, target] = only.mentions;
    if (source?.amount === undefined && source !== undefined && target !== undefined)
      return [{ sources: [source], targets: [target] }];
  }
  for (let at = 0; at + 1 < groups.length; at++) {
    const [first, second] = [groups[at], groups[at + 1]];
    if (first === undefined || second === undefined) continue;
    const gap = tokens.slice(first.to + 1, second.from);
    const pair = pairOf(tokens, first, second, gap, isAsked);
    if (pair === undefined) continue;
    pairs.push(pair);
    at++;
  }
  return pairs;
}

function pairOf(
  tokens: readonly Token[],
  first: Group,
  second: Group,
  gap: readonly Token[],
  isAsked: boolean,
): Pair | undefined {
  const { per, for: forWords, convert } = VOCABULARY.value;
  const hasAmount = ({ mentions }: Group): boolean => mentions.some(({ amount }) => amount !== undefined);
  const forward = { sources: first.mentions, targets: second.mentions };
  const backward = { sources: second.mentions, targets: first.mentions };
  const isTurned = hasAmount(second) || isHowMany(tokens, first);
  // "1 USD = 0.92 EUR" says a rate, it does not ask for one.
  if (hasAmount(first) && hasAmount(second)) return undefined;
  // "Convert to euros: 500 dollars".
  const isLed = isTurned && isPrecededByConnector(tokens, first);
  if (joinOf(gap, isAsked || isLed || isHowMany(tokens, first)) === undefined) return undefined;
  const only = gap.filter(isWord);
  const isFor = only.length === 1 && only.every(({ folded }) => forWords.has(folded));
  const words = tokens.filter(isWord);
  if (isFor && hasAmount(first) && !words.some(({ folded }) => convert.has(folded))) return undefined;
  const isPer = only.some(({ folded }) => per.has(folded)) && !hasAmount(first);
  return isTurned || isPer ? backward : forward;
}

/** "How many euros …": the amount, or the unit, comes behind. */
function isHowMany(tokens: readonly Token[], { from, mentions }: Group): boolean {
  const { howMany } = VOCABULARY.value;
  if (mentions.some(({ amount }) => amount !== undefined)) return false;
  const before = tokens.slice(0, from).filter(isWord);
  const isOf = /^(?:d|de|di)$/.test(before.at(-1)?.folded ?? "");
  return howMany.has(before.at(isOf ? -2 : -1)?.folded ?? "");
}

function isPrecededByConnector(tokens: readonly Token[], { from }: Pick<Group, "from">): boolean {
  const before = tokens[from - 1];
  return isWord(before) && VOCABULARY.value.connect.has(before.folded);
}

/** A pair without an amount is asked for by a word, or by standing nearly alone. */
function asksForRate(tokens: readonly Token[]): boolean {
  const { rate, convert, ask } = VOCABULARY.value;
  const words = tokens.filter(isWord);
  if (words.some(({ folded }) => rate.has(folded) || convert.has(folded) || ask.has(folded))) return true;
  return words.filter(({ folded }) => !isGlue(folded)).length <= MAX_OTHER_WORDS && words.length <= 8;
}

const isGlue = (word: string): boolean => {
  const { connect, filler, list, polite, rate, convert, ask } = VOCABULARY.value;
  return [connect, filler, list, polite, rate, convert, ask].some((words) => words.has(word));
};

/** One currency, and nothing else but a wish to convert it or to know its rate. */
function alone(tokens: readonly Token[], mentions: readonly Mention[], context: Context): ExchangeInput[] {
  const [mention, ...others] = mentions;
  if (mention === undefined || others.some(({ code }) => code !== mention.code)) return [];
  const { rate, convert, price } = VOCABULARY.value;
  const words = tokens.filter(isWord).map(({ folded }) => folded);
  const inside = tokens.filter(
    (token, at) => token.kind === "number" && (at < mention.from || at > mention.to),
  );
  if (inside.length > 0 || !words.every(isGlue)) return [];
  // "How much is that in euros?" is about what was said before.
  const isPrice = !isPrecededByConnector(tokens, mention) && words.some((word) => price.has(word));
  const isWanted =
    mention.amount === undefined
      ? isPrice || words.some((word) => rate.has(word))
      : words.some((word) => convert.has(word));
  return isWanted ? inputOf(mention, homeTargets(mention.code, context.text), context) : [];
}

/** The currency of most people who write like this, and the euro or the dollar. */
function homeTargets(from: string, text: string): Mention[] {
  const home = HOMES.find(([script]) => script.test(text))?.[1];
  const codes = [home, "EUR", "USD"].filter((code) => code !== undefined && code !== from).slice(0, 2);
  return codes.map((code = "EUR") => ({
    code,
    raw: code,
    isAmbiguous: false,
    amount: undefined,
    from: -1,
    to: -1,
  }));
}

const HOMES: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/u, "JPY"],
  [/\p{Script=Hangul}/u, "KRW"],
  [/\p{Script=Han}/u, "CNY"],
  [/\p{Script=Devanagari}/u, "INR"],
  [/\p{Script=Cyrillic}/u, "RUB"],
];

function inputOf(source: Mention, targets: readonly Mention[], { when, text }: Context): ExchangeInput[] {
  const isChinese = /\p{Script=Han}/u.test(text) && !/[\p{Script=Hiragana}\p{Script=Katakana}]/u.test(text);
  const codeOf = ({ code, raw }: Mention): string => (raw === "¥" && isChinese ? "CNY" : code);
  const to = [...new Set(targets.map(codeOf))].slice(0, MAX_TARGETS);
  const [first] = to;
  if (first === undefined) return [];
  const assumed = [source, ...targets].flatMap((mention) =>
    mention.isAmbiguous ? [`"${mention.raw}" was read as ${codeOf(mention)}.`] : [],
  );
  if (targets.some(({ from }) => from === -1)) assumed.push("No currency to convert into was named.");
  if (when?.assumed !== undefined) assumed.push(when.assumed);
  return [
    {
      amount: source.amount ?? 1,
      from: codeOf(source),
      to: [first, ...to.slice(1)],
      ...(when === undefined ? {} : { date: when.day }),
      ...(assumed.length === 0 ? {} : { assumed: [...new Set(assumed)].slice(0, 8) }),
    },
  ];
}
