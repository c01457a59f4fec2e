/** How much of a message is read for what it asks, characters: a long text has its ask at an end of it. */
const MAX_WHOLE = 800;
const END = 300;

/**
 * The parts of a message that may ask for something: all of a short one, both ends of a long one; without sentences
 * that it quotes.
 */
export function askParts(message: string): string[] {
  return ends(message).map(withoutQuotes);
}

function ends(message: string): string[] {
  if (message.length <= MAX_WHOLE) return [message];
  // Half a number or a name at the cut would be another one.
  const start = message.slice(0, END).replace(/\S{1,60}$/u, "");
  const end = message.slice(-END).replace(/^\S{1,60}/u, "");
  return [start, end].map((part) => part.toWellFormed());
}

/** Three words or more: a name may stand in quotes, too. */
const QUOTES =
  /"([^"\n]{8,400})"|“([^”\n]{8,400})”|„([^“”\n]{8,400})[“”]|«([^»\n]{8,400})»|「([^」\n]{4,200})」|『([^』\n]{4,200})』/gu;
const IS_SENTENCE =
  /\p{L}[^\p{L}]+\p{L}+[^\p{L}]+\p{L}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]{4}/u;

function withoutQuotes(part: string): string {
  const outside = part.replace(QUOTES, (quoted) => (IS_SENTENCE.test(quoted) ? " " : quoted));
  // Nothing but a quotation: what stands in it is meant.
  return /\p{L}/u.test(outside) ? outside : part;
}

const CODE_MARKS = /```|`[^`\n]{1,80}`|[{}]|;\s*$|<\/?[a-z]+>|\w\(\)|=>|==|<-/im;

/** Whether a text has the marks of a program in it. */
export function looksLikeCode(part: string): boolean {
  return CODE_MARKS.test(part) || /\bSELECT\b[^;]{1,100}\bFROM\b/.test(part);
}

/** Requests to translate, and for how something is said; "переведи в евро" is none. */
const WORDS_WANTED = new RegExp(
  [
    "\\btranslat(?:e|ion)\\b|\\bhow (?:do|would|can|to) (?:(?:you|i|we|they|one) )?(?:say|pronounce|spell)\\b",
    "\\bübersetz|\\bwie (?:sagt|sag|schreibt|heißt) (?:man|ich)?|\\bauf (?:englisch|deutsch|spanisch|französisch|italienisch)\\b",
    "\\btradui[st]|\\btraduire|\\bcomment (?:dit|dire|on dit|écrit)",
    "\\btradu[cz]|\\bc[óo]mo se (?:dice|escribe|diz|escreve)|\\bcome si (?:dice|scrive)",
    "(?<!\\p{L})перев(?:ед|од|ест)\\p{L}{0,5} (?:\\p{L}{1,12} ){0,3}на \\p{L}{2,12}ский|(?<!\\p{L})по-\\p{L}{3,12}ски(?!\\p{L})|как (?:сказать|будет по)",
    "翻译|翻譯|怎么说|怎麼說|訳して|翻訳|何と言|번역|ترجم|अनुवाद|\\p{L}{3,12}c[ae]y?[ae]? çevir",
  ].join("|"),
  "iu",
);

/** Whether words are wanted, and not what they ask. */
export function asksForWords(part: string): boolean {
  return WORDS_WANTED.test(part);
}
