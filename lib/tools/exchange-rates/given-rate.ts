import { isWord, lookup, type Mention } from "#lib/tools/exchange-rates/pairs.ts";
import type { Token } from "#lib/tools/exchange-rates/tokens.ts";
import { VOCABULARY } from "#lib/tools/exchange-rates/vocabulary.ts";

/** "At a rate of 0.92": the answer is to be worked out, not looked up. */
export function givesRate(tokens: readonly Token[]): boolean {
  const { rate, filler } = VOCABULARY.value;
  return tokens.some((token, at) => {
    if (!isWord(token) || !rate.has(token.folded)) return false;
    let next = at + 1;
    for (let skipped = 0; skipped < 3; skipped++) {
      const word = tokens[next];
      const text = word === undefined ? undefined : lookup(word);
      if (text === undefined || !(filler.has(text) || text === "of" || text === "=" || text === ":")) break;
      next++;
    }
    if (next === at + 1 || tokens[next]?.kind !== "number") return false;
    return tokens[next + 1]?.kind !== "currency" || isPer(tokens[next + 2]);
  });
}

/** "0.9 euros per dollar": not "100 euros in dollars". */
function isPer(token: Token | undefined): boolean {
  const text = token === undefined ? undefined : lookup(token);
  return text !== undefined && (text === "/" || text === "for" || VOCABULARY.value.per.has(text));
}

/** "1 EUR = 1.10 USD": two amounts, and nothing between them but an equals sign or a verb. */
export function equates(tokens: readonly Token[], mentions: readonly Mention[]): boolean {
  return mentions.some((mention, at) => {
    const next = mentions[at + 1];
    if (mention.amount === undefined || next?.amount === undefined) return false;
    const gap = tokens.slice(mention.to + 1, next.from);
    const words = gap.map(lookup);
    return (
      words.length > 0 && words.length <= 3 && words.every((word) => word !== undefined && EQUALS.test(word))
    );
  });
}

const EQUALS =
  /^(?:=|is|are|equals?|to|worth|ist|sind|gleich|vaut|valent|egale?|es|son|igual|a|e|sono|e|равен|равно|это|=|等于|は|है|يساوي|eder)$/;
