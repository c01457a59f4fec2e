import { fold } from "#lib/tools/text/fold.ts";
import { CJK_WORDS, VOCABULARY } from "#lib/tools/weather/vocabulary.ts";

/** A word of a sentence, a comma, or a number. `isUnknown`: no word of ours, so it may be of a place. */
export type Word = { raw: string; folded: string; isUnknown: boolean };

/** Letters with digits are a number or a code. */
const PIECE = /\p{Script=Latin}*\d[\p{Script=Latin}\d]*|[\p{L}\p{M}]+(?:['’.-][\p{L}\p{M}]+)*|[,،、]/gu;
const CJK = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー・]+$/u;
const HANGUL = /^\p{Script=Hangul}+$/u;
/** A Korean particle behind a place, and what Turkish writes behind an apostrophe. */
const PARTICLE = /(?:에서|에는|의|은|는|에)$/;

export function wordsIn(sentence: string): Word[] {
  return [...sentence.matchAll(PIECE)].flatMap(([raw]) => (CJK.test(raw) ? cutRun(raw) : [wordOf(raw)]));
}

function wordOf(raw: string): Word {
  // "İstanbul'da", "today's", but "d'Ivoire" and "L'Aquila".
  const [head = "", tail] = raw.split(/['’]/);
  const word = tail !== undefined && head.length > 2 ? head : raw;
  if (HANGUL.test(word) && !isKnown(fold(word))) return make(word.replace(PARTICLE, "") || word);
  if (tail !== undefined && isKnown(fold(raw))) return make(raw);
  return make(word);
}

const make = (raw: string): Word => {
  const folded = fold(raw);
  return { raw, folded, isUnknown: !isKnown(folded) && !/\d/.test(raw) && /\p{L}/u.test(raw) };
};

function isKnown(folded: string): boolean {
  const { weather, before, time, glue, noPlace, follow } = VOCABULARY.value;
  return [weather, before, time, glue, noPlace, follow].some((words) => words.has(folded));
}

/** Cuts a run of Chinese or Japanese at the words that are known; what is between them is one word. */
function cutRun(run: string): Word[] {
  const words: Word[] = [];
  let open = "";
  const close = (): void => {
    if (open !== "") words.push({ raw: open, folded: open, isUnknown: true });
    open = "";
  };
  for (let at = 0; at < run.length; ) {
    const known = CJK_WORDS.value.find((word) => run.startsWith(word, at));
    // Within a name only longer words count: 大分, 好 and 上 are in many.
    if (known === undefined) {
      open += run[at] ?? "";
      at++;
      continue;
    }
    close();
    words.push({ raw: known, folded: known, isUnknown: false });
    at += known.length;
  }
  close();
  return words;
}
