import { fold } from "#lib/memory/fold.ts";
import { pattern } from "#lib/memory/pattern.ts";
import { stripInvisible } from "#lib/prompts/sanitize.ts";
import { lazy } from "#lib/shared/lazy.ts";
import { endsOf } from "#lib/shared/text.ts";

/** Of each end of a message, characters: what people say of themselves stands at one of them. */
export const MAX_EDGE = 2_000;
const MAX_QUOTE = 2_000;

/** What is to be done with a text that is not about its sender, in the languages that people write in. */
const TEXT_TASK = lazy(() =>
  pattern(
    String.raw`(?<![\p{L}])(?:translat|summari[sz]|rewrit|re-?write|rephras|paraphras|proof-?read|fix (?:the|my|this)|correct (?:the|my|this)|improve (?:the|my|this)|shorten|polish|analy[sz]e|classify|extract|convert|repeat after|reply to|respond to|write|draft|compose|generate|complete the|continue the|explain the (?:sentence|phrase|text)|ubersetz|fasse|zusammenfass|formulier|korrigier|verbesser|schreib|antworte auf|traduc|tradui|resum|reformul|corrig|ecri[st]|escrib|reescrib|redact|scriv|riscriv|riassum|escrev|traduz|vertaal|samenvat|herschrijf|schrijf|oversatt|oversett|sammanfatta|skriv|przetlumacz|podsumuj|napisz|перевед|перепиш|исправ|напиши|сократи|резюмир|cevir|ozetle|yaz(?![\p{L}])|ترجم|لخص|اكتب|अनुवाद|लिख)|翻译|翻譯|翻訳|訳して|总结|總結|要約|改写|润色|写一|번역|요약|써 ?줘|고쳐`,
  ),
);
/** "I write novels" is about its sender, "I want you to write" is not. */
const OF_SENDER = lazy(() =>
  pattern(
    String.raw`^[\s¡¿]*(?:\p{L}+[ ,!]+){0,5}?(?:i|i'm|i've|we|my|our|ich|wir|mein\p{L}{0,2}|je|j'\p{L}+|mon|ma|yo|mi|soy|eu|meu|minha|io|mio|mia|ik|mijn|jag|min|jeg|я|мо[йяеи])(?!\p{L})(?! (?:want|need|would|have to|must|should|am trying|'m trying|mochte|brauche|will|muss|veux|voudrais|dois|quiero|necesito|quero|preciso|voglio|vorrei|devo|wil|moet|vill|vil|хочу|нужно))(?!'d)(?!'m trying)`,
  ),
);
/** How a letter begins: what follows is a text, whoever wrote it. */
const LETTER = lazy(() =>
  pattern(
    String.raw`^\s*(?:dear (?!diary)|to whom|sehr geehrte|liebe[rs]? \p{Lu}|cher|chere|madame|estimad|gentile|prezad|beste |from:|subject:|betreff:|objet :|re:|fwd:|von:|de:)`,
    "i",
  ),
);
const CODE_LINE =
  /(?:[;{}]|\)\s*=>|=>)\s*$|^\s*(?:[#/]{2}|<\/?[a-z]|import |from \S+ import|def |class |function |const |let |var |return |if \(|for \(|SELECT |at \S+\()/;
const QUOTED = new RegExp(
  `"[^"\\n]{0,${MAX_QUOTE}}"|“[^“”\\n]{0,${MAX_QUOTE}}”|„[^„“”\\n]{0,${MAX_QUOTE}}[“”]|«[^«»\\n]{0,${MAX_QUOTE}}»|「[^「」\\n]{0,${MAX_QUOTE}}」`,
  "g",
);
const SENTENCE_END = /(?<=[.!?。！？।؟…])\s+|(?<=[。！？])(?=\S)/u;

/**
 * The sentences of a message that its sender says in their own name: without code, quotations, and texts that are
 * to be translated, rewritten or answered. Linear, and reads no more than the two ends of a long message.
 */
export function ownSentences(message: string): string[] {
  const text = stripInvisible(endsOf(message, MAX_EDGE, "\n")).replace(/[’ʼ`´]/g, "'");
  const lines = withoutFences(text.split("\n")).filter(
    (line) => !/^\s*(?:>|\||\d{4}-\d\d-\d\dT|\[\d)/.test(line) && !CODE_LINE.test(line),
  );
  const isTaskBehind = lines.length > 1 && isTask(lines.findLast((line) => line.trim() !== "") ?? "");
  // "<a text> Summarise this."
  if (isTaskBehind && !isTask(lines[0] ?? "")) return [];
  return sentencesOf(lines);
}

function sentencesOf(lines: readonly string[]): string[] {
  const sentences: string[] = [];
  for (const line of lines) {
    if (LETTER.value.test(line)) break;
    let isTaskLine = false;
    for (const sentence of line.replace(QUOTED, " ").split(SENTENCE_END)) {
      const colon = sentence.search(/[:：]/);
      isTaskLine ||= isTask(colon === -1 ? sentence : sentence.slice(0, colon));
      if (isTask(sentence)) {
        // What stands behind the colon, on this line and below it, is the text.
        if (colon !== -1) return sentences;
      } else if (sentence.trim() !== "") sentences.push(sentence.trim());
    }
    if (isTaskLine) break;
  }
  return sentences;
}

function isTask(sentence: string): boolean {
  const folded = fold(sentence);
  const task = TEXT_TASK.value.exec(folded);
  if (task === null) return false;
  const sender = OF_SENDER.value.exec(folded);
  return sender === null || sender[0].length > task.index;
}

/** Without the lines of fenced code. */
function withoutFences(lines: readonly string[]): string[] {
  let isCode = false;
  return lines.filter((line) => {
    if (!/^\s*(?:```|~~~|''')/.test(line)) return !isCode;
    isCode = !isCode;
    return false;
  });
}
