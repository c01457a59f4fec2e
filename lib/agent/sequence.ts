/** Words that put one sentence of a plan behind another, in languages that write spaces. */
const WORDS = [
  "first(?:ly)?|second(?:ly)?|third(?:ly)?|fourth(?:ly)?|fifth(?:ly)?|to begin(?: with)?|then|next|after that|afterwards?|finally|lastly",
  "zuerst|zunächst|als erstes|danach|dann|anschließend|schließlich|zuletzt|zum schluss",
  "d['’]abord|premièrement|ensuite|puis|après cela|enfin",
  "primero|luego|después|a continuación|por último|finalmente",
  "primeiro|em seguida|depois|por fim",
  "prima|poi|successivamente|infine",
  "сначала|сперва|затем|потом|после этого|наконец",
  "أولاً|أولا|ثانيًا|ثانيا|ثالثًا|ثالثا|ثم|بعد ذلك|أخيرًا|أخيرا",
  "पहले|सबसे पहले|फिर|उसके बाद|अंत में",
  "먼저|다음으로|그다음|그런 다음|마지막으로",
].join("|");
/** The same in languages that do not. */
const UNSPACED = "首先|其次|然后|然後|接着|接著|最后|最後に?|まず|次に|それから|その後";

/** At the beginning of the text or of a sentence, or behind a comma. */
const SEQUENCE = new RegExp(
  `(?:^|[.;!,\\n。；！，、،؛] ?)(?:(?:and|und|et|y|e|и|و) ?)?(?:(?:${WORDS})(?![\\p{L}\\p{N}])[,:،]? ?|(?:${UNSPACED})[，、：,:]? ?)`,
  "giu",
);

/**
 * The sentences of "First …, then …, finally …", in the languages that engines answer in; what stands before the
 * first one is none. Linear.
 */
export function sentencesInSequence(text: string): string[] {
  const spaced = text.replace(/\s+/g, (space) => (space.includes("\n") ? "\n" : " "));
  const [, ...parts] = spaced.split(SEQUENCE);
  return parts.map(withoutStop).filter((part) => part !== "");
}

/** Without the punctuation at the end; a regular expression would take quadratic time. */
function withoutStop(sentence: string): string {
  let end = sentence.length;
  while (end > 0 && " \n.,;。，；、،".includes(sentence.charAt(end - 1))) end -= 1;
  return sentence.slice(0, end).trim();
}
