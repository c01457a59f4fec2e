/** The mark before an item of a list: a bullet, a number or a letter, "Question 2:", a check box. */
const MARK =
  /^[\s>*_#]*(?:[-–—*+•·・▪◦‣●○■►→](?!\S*[-–—*]$)\s*(?:\[[ x]\]\s*)?|[(（]?[0-9０-９٠-٩०-९]{1,2}[.)）、．:：](?!\d)|[①-⑨]|\(?[a-cA-C][.)]\s|(?:question|suggestion|option|q|frage|pregunta|domanda|pergunta|вопрос|質問|问题|問題|질문|سؤال|प्रश्न)\s?[0-9]{1,2}\s?[*_]{0,2}[.:：)-])/iu;
/** The end of a line, or of an element that is no part of a line. */
const BREAK = /\n|<br ?\/?>|<\/(?!(?:b|i|em|strong|a|code|span|u|mark|small)>)[a-z]\w{0,20}>/i;
/** Where a list that is written on one line is cut. */
const INLINE_NUMBER = /[\s;,](?=[(（]?[1-9][.)、．]\s?\D)/u;
const QUESTION = /[?？؟]["'”’»」』)*_,]*$/u;
const SENTENCE_END = /(?<=[?？؟!！。．])\s+|(?<=[?？؟。])(?=\p{L})|(?<=[.!])\s+(?=\p{L})/u;
/** A sentence that leads to the list. */
const LEAD_IN =
  /[:：]["*_\s]*$|^(?:sure|certainly|of course|okay|ok|here (?:are|is)|here's|claro|voici|bien sûr|hier sind|natürlich|certo|ecco)(?!\p{L})/iu;

/**
 * The items of an answer in words. If it has a list, the list's items; else its lines, if they are questions or
 * there are several, since one line that asks nothing is an excuse rather than a suggestion.
 */
export function listedItems(answer: string): string[] {
  const lines = answer
    .split(BREAK)
    .map((line) =>
      line.replace(/^\s*(?:<[a-z][^<>]{0,100}>\s*)*/i, (tags) => (/<li/i.test(tags) ? "- " : "")),
    )
    .filter((line) => line.trim() !== "" && !/^\s*(?:```|~~~|-{3,}\s*$|\*{3,}\s*$)/.test(line));
  const inline = lines.length === 1 ? (lines[0] ?? "").split(INLINE_NUMBER) : [];
  const marked = (inline.length > 2 ? inline : lines).filter((line) => MARK.test(line));
  if (marked.length > 0) return marked.map(withoutMark);
  const spoken = lines.filter((line) => !LEAD_IN.test(line.trim()) || QUESTION.test(line.trim()));
  const sentences = spoken.flatMap((line) => line.split(SENTENCE_END));
  const questions = sentences.map((line) => line.trim()).filter((line) => QUESTION.test(line));
  if (questions.length > 0) return questions.map((line) => line.slice(leadInEnd(line)));
  return spoken.length > 1 ? spoken : [];
}

function withoutMark(line: string): string {
  let rest = line.replace(MARK, "");
  // "- 1. …" has two.
  if (MARK.test(rest)) rest = rest.replace(MARK, "");
  return rest;
}

/** Where a question begins that stands behind "You could ask:". */
function leadInEnd(line: string): number {
  return /^[^:：?？]{1,60}[:：]\s+/u.exec(line)?.[0].length ?? 0;
}
