import { fold } from "#lib/memory/fold.ts";
import { MAX_EDGE, ownSentences } from "#lib/memory/own-words.ts";
import { pattern } from "#lib/memory/pattern.ts";
import { POLITE, WISH_HINT, WISH_WORDS, type WishWords } from "#lib/memory/wish-words.ts";
import { lazy } from "#lib/shared/lazy.ts";
import { endsOf } from "#lib/shared/text.ts";

/** What a user asks of the memory in plain words. */
export type MemoryWish =
  | { kind: "remember" }
  /** `what`: what follows the words of the wish. `isAll`: the message says nothing else. */
  | { kind: "forget"; what: string; isAll: boolean }
  | { kind: "forget_all" };

/** Sentences in which a wish is looked for; it stands at the beginning or at the end of a message. */
const MAX_SENTENCES = 6;
/** A longer sentence is a text, characters. */
const MAX_SENTENCE = 600;
const FIRST_PERSON = String.raw`(?<!\p{L})(?:i|i'm|i've|i'd|my|me|mine|we|our|ich|mein\p{L}{0,2}|mir|mich|wir|je|j'\p{L}+|mon|ma|mes|moi|yo|soy|mi|mis|me|eu|meu|minha|sou|io|sono|mio|mia|ho|ik|mijn|jag|min|mitt|jeg|mam|jestem|moj\p{L}?|я|мен[яе]|мне|мо[йяеюи]|у меня|benim|ben|\p{L}+[iu]m[iu]?|saya|aku|tengo|tenemos|vivo|trabajo|estoy|prefiero|hablo|tenho|moro|trabalho|gosto|abito|lavoro|mieszkam|pracuje|живу|работаю)(?!\p{L})|我|咱|私|僕|俺|わたし|저|나는|내|제|난|أنا|اني|ان[اي]|لي|ي(?!\p{L})|मैं|मेर|मुझ|من|ผม|ฉัน|toi`;

const hint = lazy(() => pattern(WISH_HINT));
const patterns = lazy(() => ({
  polite: pattern(`^(?:(?:${POLITE})[\\s,!.:]*){1,6}$`),
  firstPerson: pattern(FIRST_PERSON),
  remember: beginning("remember"),
  forget: beginning("forget"),
  forgetAll: beginning("forgetAll", "[\\s.!?…。！？)]*$"),
}));

function beginning(name: keyof WishWords, end = ""): RegExp {
  const words = WISH_WORDS.map((language) => language[name]).join("|");
  return pattern(`^[\\s¡¿]*(?:(?:${POLITE})[\\s,!.:]+|[请請帮幫]){0,4}(?:${words})${end}`);
}

/**
 * What the message asks the memory to do, if it does so in plain words at the beginning of a sentence. A quoted or
 * pasted wish is none, and neither is a question about memory. Deletes everything only if that is all it says.
 */
export function memoryWish(message: string): MemoryWish | undefined {
  // Most messages end here: a turn waits for this before its first token.
  if (!hint.value.test(fold(endsOf(message, MAX_EDGE)))) return undefined;
  const all = ownSentences(message);
  const sentences = all.length <= MAX_SENTENCES ? all : [...all.slice(0, 3), ...all.slice(-3)];
  const folded = sentences.map(fold).filter(({ length }) => length <= MAX_SENTENCE);
  const { remember, forget, forgetAll, firstPerson } = patterns.value;
  if (folded.some((sentence) => forgetAll.test(sentence)) && folded.every(isOfWish))
    return { kind: "forget_all" };
  for (const sentence of folded) {
    const found = forget.exec(sentence);
    if (found === null) continue;
    const isAll = all.length === 1 && isWhole(message, sentence);
    // "Olvida que vivo": the last word may say something.
    const start = found[0].trimEnd().search(/[a-zа-я'-]*$/);
    return { kind: "forget", what: sentence.slice(start), isAll };
  }
  const asks = folded.some((sentence) => remember.test(sentence) && !isQuestion(sentence));
  return asks && folded.some((sentence) => firstPerson.test(sentence)) ? { kind: "remember" } : undefined;
}

/** "Can you remember my name?", but not "Can you remember that my name is Ada?". */
function isQuestion(sentence: string): boolean {
  return (
    /[?？؟]\s*$/.test(sentence) && !/(?<![a-z])(?:that|dass|que|che|att|dat)(?![a-z])|что/.test(sentence)
  );
}

/** Nothing but the wish and what is said out of politeness. */
function isOfWish(sentence: string): boolean {
  return patterns.value.forgetAll.test(sentence) || patterns.value.polite.test(sentence);
}

/** The message has no other part, such as a quotation, that was left out. */
function isWhole(message: string, sentence: string): boolean {
  return message.trim().length <= sentence.length + 10;
}
