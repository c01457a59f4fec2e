import type { Token } from "#lib/tools/exchange-rates/tokens.ts";
import { VOCABULARY } from "#lib/tools/exchange-rates/vocabulary.ts";

/** A currency in a sentence, with the amount that stands beside it. */
export type Mention = {
  code: string;
  raw: string;
  isAmbiguous: boolean;
  amount: number | undefined;
  /** Its tokens, the amount included. */
  from: number;
  to: number;
};

/** The currencies of a sentence. A usual word (`try`, `won`, `real`) counts only where no noun could follow. */
export function mentionsOf(tokens: readonly Token[]): Mention[] {
  const mentions: Mention[] = [];
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "currency" || (token.isRisky && !endsClause(tokens, at) && !isInPair(tokens, at)))
      continue;
    const before = tokens[at - 1];
    const after = tokens[at + 1];
    const isFree = mentions.at(-1)?.to !== at - 1;
    const { code, raw, isAmbiguous } = token;
    const base = { code, raw, isAmbiguous, from: at, to: at };
    if (before?.kind === "number" && isFree) mentions.push({ ...base, amount: before.value, from: at - 1 });
    else if (token.isTight && after?.kind === "number" && tokens[at + 2]?.kind !== "currency")
      mentions.push({ ...base, amount: after.value, to: withCode(tokens, at + 1, code) });
    else mentions.push({ ...base, amount: undefined });
  }
  // "$500 USD" is one.
  return mentions.filter(
    ({ from, amount }) => amount !== undefined || !mentions.some((one) => one.from < from && from <= one.to),
  );
}

/** The place of an amount, or of the code that repeats its currency behind it: `$500 CAD`. */
function withCode(tokens: readonly Token[], at: number, code: string): number {
  const next = tokens[at + 1];
  return next?.kind === "currency" && next.code === code ? at + 1 : at;
}

/** `USD/TRY`. */
function isInPair(tokens: readonly Token[], at: number): boolean {
  return [-1, 1].some((step) => tokens[at + step]?.raw === "/" && tokens[at + 2 * step]?.kind === "currency");
}

function endsClause(tokens: readonly Token[], at: number): boolean {
  const { filler, list, connect } = VOCABULARY.value;
  const before = tokens[at - 1];
  const next = tokens[at + 1];
  const isLed =
    before?.kind === "number" || (isWord(before) && connect.has(before.folded)) || before?.kind === "mark";
  const isLast =
    next === undefined ||
    next.kind === "mark" ||
    next.kind === "currency" ||
    (isWord(next) && (filler.has(next.folded) || list.has(next.folded) || connect.has(next.folded)));
  return isLed && isLast;
}

export function isWord(token: Token | undefined): token is Token & { kind: "word" } {
  return token?.kind === "word";
}

/** What may be looked up in a vocabulary: words, and marks such as `/`. */
export const lookup = (token: Token): string | undefined => {
  if (token.kind === "word") return token.folded;
  return token.kind === "mark" ? token.raw : undefined;
};

export type Group = { mentions: readonly Mention[]; from: number; to: number };

/** Mentions that a comma or an "and" joins are one group: dollars, yen and pounds. */
export function groupsOf(tokens: readonly Token[], mentions: readonly Mention[]): Group[] {
  const { list } = VOCABULARY.value;
  const groups: Group[] = [];
  for (const mention of mentions) {
    const last = groups.at(-1);
    const gap = last === undefined ? [] : tokens.slice(last.to + 1, mention.from);
    const words = gap.map(lookup);
    const isListed =
      last !== undefined &&
      gap.length > 0 &&
      gap.length <= 2 &&
      words.every((word) => word !== undefined && list.has(word) && word !== "en") &&
      (mention.amount === undefined) === (last.mentions.at(-1)?.amount === undefined);
    if (isListed)
      groups[groups.length - 1] = { mentions: [...last.mentions, mention], from: last.from, to: mention.to };
    else groups.push({ mentions: [mention], from: mention.from, to: mention.to });
  }
  return groups;
}

/** What joins two groups to a conversion: `undefined` if nothing does. */
export type Join = "words" | "nothing" | undefined;

const MAX_GAP = 10;

/** `isAsked`: the sentence has a word such as "exchange rate" or "convert", so that less joins them. */
export function joinOf(gap: readonly Token[], isAsked: boolean): Join {
  const { connect, filler, convert, rate, list } = VOCABULARY.value;
  if (gap.length > MAX_GAP) return undefined;
  const words = gap.map(lookup);
  const isKnown = (word: string | undefined): boolean =>
    word !== undefined &&
    (connect.has(word) ||
      filler.has(word) ||
      convert.has(word) ||
      rate.has(word) ||
      word === "," ||
      word === "?");
  if (!words.every((word) => isKnown(word) || (isAsked && word !== undefined && list.has(word))))
    return undefined;
  if (words.some((word) => word !== undefined && connect.has(word))) return "words";
  return isAsked ? "nothing" : undefined;
}
