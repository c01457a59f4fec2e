import { findConversions, prepared } from "#lib/tools/exchange-rates/detect.ts";
import type { ExchangeInput } from "#lib/tools/exchange-rates/input.ts";
import { isWord, lookup, mentionsOf } from "#lib/tools/exchange-rates/pairs.ts";
import { type Token, tokensOf } from "#lib/tools/exchange-rates/tokens.ts";
import { VOCABULARY } from "#lib/tools/exchange-rates/vocabulary.ts";
import { type Day, findDay } from "#lib/tools/text/dates.ts";
import type { ToolRequest } from "#lib/tools/tool.ts";

/** A follow-up is short, characters, and this many messages of the user back are looked at. */
const MAX_LENGTH = 80;
const MAX_BACK = 4;
/** What names an amount without asking for anything, characters. */
const MAX_STATEMENT = 300;

/** What changes in an earlier question: "and in euros?", "und 200 Franken?", "and yesterday?". */
type FollowUp = { amount?: number; from?: string; to?: string[]; date?: Day; assumed?: string[] };

/** What the message asks to be converted; a follow-up is filled up from the questions before it. */
export function detectConversions({ message, history }: ToolRequest, today: Day): ExchangeInput[] {
  const direct = findConversions(message, today);
  if (direct.length > 0 || history.length === 0) return direct;
  const change = readFollowUp(message, today);
  if (change === undefined) return [];
  const base = baseOf(history, change, today);
  return base === undefined ? [] : [changed(base, change)];
}

/** The last conversion that was asked for, with the follow-ups since. */
function baseOf(history: ToolRequest["history"], change: FollowUp, today: Day): ExchangeInput | undefined {
  const changes: FollowUp[] = [];
  const asked = history.filter(({ role }) => role === "user").slice(-MAX_BACK);
  for (const { content } of asked.toReversed()) {
    const found = findConversions(content, today).at(-1);
    if (found !== undefined) return changes.reduceRight(changed, found);
    const amount = amountIn(content, change);
    if (amount !== undefined) return changes.reduceRight(changed, amount);
    const earlier = readFollowUp(content, today);
    if (earlier !== undefined) changes.push(earlier);
    // A day or a number alone belongs to the question right before it, whatever that is about.
    else if (change.from === undefined && change.to === undefined) return undefined;
  }
  return undefined;
}

/** "I have 100 dollars", before "how much is that in euros?": the one amount that is named. */
function amountIn(content: string, { from, to: [first, ...more] = [] }: FollowUp): ExchangeInput | undefined {
  if (from !== undefined || first === undefined || content.length > MAX_STATEMENT) return undefined;
  const [mention, ...others] = mentionsOf(tokensOf(prepared(content)));
  if (mention?.amount === undefined || others.length > 0) return undefined;
  return { amount: mention.amount, from: mention.code, to: [first, ...more] };
}

function readFollowUp(message: string, today: Day): FollowUp | undefined {
  if (message.length > MAX_LENGTH) return undefined;
  const text = prepared(message);
  if (!beginsFollowUp(tokensOf(text))) return undefined;
  const when = findDay(text, today);
  const tokens = tokensOf(when?.rest ?? text);
  const mentions = mentionsOf(tokens);
  const numbers = tokens.flatMap((token) => (token.kind === "number" ? [token.value] : []));
  if (
    !tokens.every(
      (token) => token.kind === "currency" || token.kind === "number" || isFollowing(lookup(token)),
    )
  )
    return undefined;
  const [source, ...more] = mentions.filter(({ amount }) => amount !== undefined);
  const targets = mentions.filter(({ amount }) => amount === undefined);
  const isLed = tokens.some((token) => isWord(token));
  if (more.length > 0 || (mentions.length === 0 && numbers.length !== 1 && when === undefined))
    return undefined;
  // A bare "20" or "euro" may be an answer to anything.
  if (!isLed && (mentions.length === 0 || source === undefined) && when === undefined) return undefined;
  const [number] = numbers;
  const amount = source?.amount ?? (mentions.length === 0 ? number : undefined);
  const assumed = mentions.flatMap(({ isAmbiguous, raw, code }) =>
    isAmbiguous ? [`"${raw}" was read as ${code}.`] : [],
  );
  return {
    ...(amount === undefined ? {} : { amount }),
    ...(source === undefined ? {} : { from: source.code }),
    ...(targets.length === 0 ? {} : { to: targets.map(({ code }) => code) }),
    ...(when === undefined ? {} : { date: when.day }),
    ...(assumed.length === 0 ? {} : { assumed }),
  };
}

/** "And …", "in …", a number, a currency: nothing else begins one, unless it is of three words at most. */
function beginsFollowUp(tokens: readonly Token[]): boolean {
  const [first] = tokens.filter(({ raw }) => !/^[¿¡]$/.test(raw));
  const { follow, connect, list } = VOCABULARY.value;
  if (first?.kind !== "word") return first !== undefined && first.kind !== "mark";
  return (
    tokens.filter(isWord).length <= 3 || [follow, connect, list].some((words) => words.has(first.folded))
  );
}

function isFollowing(word: string | undefined): boolean {
  const { follow, connect, filler, list, convert, rate, ask, polite } = VOCABULARY.value;
  if (word === undefined) return false;
  return (
    /^[?!.,…¿¡。、؟]$/.test(word) ||
    [follow, connect, filler, list, convert, rate, ask, polite].some((words) => words.has(word))
  );
}

function changed(base: ExchangeInput, change: FollowUp): ExchangeInput {
  const from = change.from ?? base.from;
  const wanted = (change.to ?? base.to).filter((code) => code !== from || change.to !== undefined);
  const date = change.date ?? base.date;
  const assumed = [...new Set([...(base.assumed ?? []), ...(change.assumed ?? [])])].slice(0, 8);
  return {
    amount: change.amount ?? base.amount,
    from,
    to: wanted.length === 0 ? [base.from] : wanted.slice(0, 6),
    ...(date === undefined ? {} : { date }),
    ...(assumed.length === 0 ? {} : { assumed }),
  };
}
