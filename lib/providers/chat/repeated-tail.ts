import { isHighSurrogate } from "#lib/providers/chat/folded-text.ts";

/** How much of the end of what was sent a continuing engine is asked to repeat, in characters. */
const TAIL_TO_REPEAT = 40;
/** How far back the beginning of a character is looked for, in UTF-16 units: families and flags are long. */
const MAX_BACK = 120;
const JOINER = "\u200d";

let segmenter: Intl.Segmenter | undefined;

/** The text without the first half of a surrogate pair at its end, which no engine can be sent. */
export function withoutHalfCharacter(text: string): string {
  return isHighSurrogate(text.at(-1)) ? text.slice(0, -1) : text;
}

/**
 * The last characters of the text, for an engine to begin with. Begins with a whole character that is no
 * white space, since providers strip white space from the beginning of an answer.
 */
export function tailToRepeat(sent: string): string {
  const text = withoutHalfCharacter(sent);
  const tail = text.slice(startOfTail(text)).trimStart();
  return tail.endsWith(JOINER) ? tail.slice(0, -1) : tail;
}

function startOfTail(text: string): number {
  const wanted = text.length - TAIL_TO_REPEAT;
  if (wanted <= 0) return 0;
  const from = Math.max(0, wanted - MAX_BACK);
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  let start = from;
  for (const { index } of segmenter.segment(text.slice(from))) {
    if (from + index > wanted) break;
    start = from + index;
  }
  // One character longer than all of this, such as a letter under a heap of marks.
  if (start === from && from > 0) start = isHighSurrogate(text[wanted - 1]) ? wanted - 1 : wanted;
  return start;
}

/** Pairs of marks around the quoted tail, the first of which that the tail does not hold is used. */
export const MARKS: readonly (readonly [string, string])[] = [
  ["«", "»"],
  ["⟦", "⟧"],
  ["<<<", ">>>"],
];

/** How the request to continue begins, by which the sandbox knows it. */
export const CONTINUATION_OPENING = "My connection dropped while I was receiving your answer";

/**
 * Asks for the rest of an answer of which this was the end. In the words of a user whose connection broke:
 * models distrust a user message that poses as a notice of the system (askalf/dario, `src/midstream.ts`).
 */
export function askToContinue(tail: string): string {
  const [open, close] = MARKS.find((marks) => !marks.some((mark) => tail.includes(mark))) ?? ["", ""];
  return (
    `${CONTINUATION_OPENING}, and it stops at ${open}${tail}${close}. ` +
    "Please send me the rest. Begin your reply by repeating exactly these last characters, with the same " +
    "spacing and line breaks, and go on from there, within the word, the line or the code block where it " +
    "stopped, as if there had been no interruption. Do not start over, put no quotation marks and no new " +
    "code fence around it, and write no introduction or comment."
  );
}
