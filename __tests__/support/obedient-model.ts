/** What a model has before it. */
export type Question = {
  instructions: string;
  /** What was said before and is asked now, oldest first. */
  history: readonly string[];
  asked: string;
  hasImage: boolean;
  /** What a tool has answered, where that is the last word. */
  toolResult: string | undefined;
  /** The beginning of the answer, where the client has given one. */
  beginning: string;
  /** From 0 to 1; 0 where nothing is left to chance. */
  chance: number;
};

const BANDS = ["Velvet Static", "Copper Tides", "Paper Comets", "Quiet Engines", "Neon Orchard"];
const ESSAY = "The sea is wide and old, and it keeps what it is given. ".repeat(20);

type Rule = readonly [asked: RegExp, answer: (match: RegExpExecArray, question: Question) => string];

/** The first that the question matches. */
const RULES: readonly Rule[] = [
  [/(?:say|repeat this text) exactly(?:, nothing else)?: (.+)/is, ([, text = ""]) => text],
  [/count from (\d+) to (\d+)/i, ([, from, to]) => countUp(Number(from), Number(to))],
  [/what is (\d+) ?([+*]) ?(\d+)/i, ([, left, sign, right]) => compute(Number(left), sign, Number(right))],
  [
    /add (\d+) to your last answer/i,
    ([, more], { history }) => String(Number(/\d+/.exec(history.at(-2) ?? "")?.[0]) + Number(more)),
  ],
  [
    /what is my name/i,
    (_match, { history }) => /my name is (\w+)/i.exec(history.join("\n"))?.[1] ?? "I do not know.",
  ],
  [/capital of france/i, () => "Paris"],
  [/band name/i, (_match, { chance }) => BANDS[Math.floor(chance * BANDS.length)] ?? ""],
  [/essay|at length/i, () => ESSAY],
];

/** What a model that understands a few questions, and obeys, would say. */
export function answerText(question: Question): string {
  const word = /reply with exactly the word "([^"]+)"/i.exec(question.instructions)?.[1];
  if (word !== undefined) return word;
  if (question.toolResult !== undefined) return `The tool says: ${question.toolResult}`;
  if (question.hasImage) return "Square.";
  for (const [asked, answer] of RULES) {
    const match = asked.exec(question.asked);
    if (match !== null) return continued(answer(match, question), question.beginning);
  }
  return "Hello.";
}

/** What is left of the answer after the end of a given beginning. */
function continued(answer: string, beginning: string): string {
  for (let length = Math.min(answer.length, beginning.length); length > 0; length--)
    if (beginning.endsWith(answer.slice(0, length))) return answer.slice(length);
  return answer;
}

function countUp(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index).join(" ");
}

function compute(left: number, sign: string | undefined, right: number): string {
  return String(sign === "+" ? left + right : left * right);
}
