import { barePicture } from "#lib/router/image-intent/bare-picture.ts";
import { ENGLISH } from "#lib/router/image-intent/english.ts";
import { type Grammar, grammar } from "#lib/router/image-intent/grammar.ts";
import type { ImageLanguage } from "#lib/router/image-intent/language.ts";
import { OTHER } from "#lib/router/image-intent/languages-other.ts";
import { WEST } from "#lib/router/image-intent/languages-west.ts";
import { isTextOrCode } from "#lib/router/image-intent/not-images.ts";
import { PATTERN_GRAMMARS } from "#lib/router/image-intent/patterns.ts";
import { readVerbFirst } from "#lib/router/image-intent/verb-first.ts";
import { type FoldedWords, foldedWords, wordsOf } from "#lib/router/image-intent/words.ts";
import { lazy } from "#lib/shared/lazy.ts";

/** A wish for an image that a message states by itself. */
export type ImageWish = {
  language: ImageLanguage;
  /** What the image is to show; undefined if the message does not say it ("draw something"). */
  prompt: string | undefined;
};

/** What an image engine takes, characters (contract section 3). */
export const MAX_PROMPT = 2_000;
/** Of a message, where sentences are looked for. */
const HEAD = 1_200;
const TAIL = 600;
const SENTENCE_END = /(?<=[.!?؟…])\s+|[\n。！？]+/u;
/** A message that begins with another task: what it quotes behind that is not asked for. */
const OTHER_TASK =
  /^\W{0,3}(?:translate|summari[sz]e|rewrite|rephrase|paraphrase|proofread|correct|fix|explain|write|what|who|how|why|when|where|which|is|are|does|do|did|analy[sz]e|compare|define|ubersetz\w*|übersetz\w*|fass\w*|erklär\w*|schreib\w*|tradui\w*|résum\w*|écri\w*|explique\w*|tradu\w*|resum\w*|escrib\w*|escrev\w*|riassum\w*|scrivi|spiega\w*)\b|^(?:переведи|объясни|напиши|перескажи|翻译|翻譯|解释|总结|写|翻訳|説明|要約|번역|설명|요약|ترجم|اشرح|لخص|अनुवाद)/iu;

/** As other chats have it. */
const COMMAND = /^\/(?:imagine|image|img)\s+(?:prompt:?\s+)?(?=\S)/i;
const KANA = /[\u3040-\u30ff]/;

const GRAMMARS = lazy((): readonly Grammar[] => [ENGLISH, ...WEST, ...OTHER].map(grammar));

/** The wish for an image in a message, whatever came before it. Looks at its first and its last sentences. */
export function clearWish(message: string): ImageWish | undefined {
  const text = message.trim();
  const sentences = text.slice(0, HEAD).split(SENTENCE_END).filter(isNotBlank);
  const [first = "", second = ""] = sentences;
  const wish = wishIn(first, text);
  if (wish !== undefined || OTHER_TASK.test(first.trim())) return unlessText(wish, message);
  const last = text.slice(-TAIL).split(SENTENCE_END).filter(isNotBlank).at(-1) ?? "";
  const later = wishIn(second, text) ?? (sentences.length > 1 ? wishIn(last, text) : undefined);
  if (later === undefined) return undefined;
  // What comes before it ("My daughter loves foxes.") belongs to it, unless it is a greeting.
  const isGreeting = first.trim().split(/\s+/).length <= 2;
  const prompt = isGreeting ? later.prompt : bounded(text);
  return unlessText(
    { ...later, prompt: later.prompt === undefined && isGreeting ? undefined : prompt },
    message,
  );
}

function unlessText(wish: ImageWish | undefined, message: string): ImageWish | undefined {
  return wish === undefined || isTextOrCode(message) ? undefined : wish;
}

function isNotBlank(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

/** @param message of which the sentence is a part, and from it on the prompt. */
function wishIn(sentence: string, message: string): ImageWish | undefined {
  if (sentence === "") return undefined;
  const command = COMMAND.exec(sentence)?.[0];
  if (command !== undefined) return { language: "en", prompt: bounded(message.slice(command.length)) };
  const text = foldedWords(wordsOf(sentence));
  const [read] = GRAMMARS.value
    .flatMap((one) => {
      const wish = readVerbFirst(text, one);
      return wish === undefined
        ? []
        : [{ ...wish, language: one.language, familiar: familiarWords(text, one) }];
    })
    .sort((a, b) => b.familiar - a.familiar);
  if (read !== undefined) {
    const { language, subject } = read;
    return {
      language,
      prompt: subject === undefined ? undefined : promptFrom(text, subject, sentence, message),
    };
  }
  const bare = barePicture(text, message, GRAMMARS.value);
  if (bare !== undefined) return { language: bare, prompt: bounded(message) };
  return patternWish(sentence, text);
}

/** Words that a language knows: Spanish and Italian share some of their verbs, but not all that stands behind. */
function familiarWords(text: FoldedWords, one: Grammar): number {
  const parts = [
    one.polite,
    one.forWhom,
    one.determiners,
    one.nouns,
    one.barriers,
    one.closing,
    one.anything,
  ];
  return text.words.filter((_, word) => parts.some((part) => part.at(text, word) > 0)).length;
}

/** What is written from a word of the sentence on, to the end of the message. */
function promptFrom(text: FoldedWords, word: number, sentence: string, message: string): string {
  const skipped = text.words.slice(0, word);
  let at = message.indexOf(sentence);
  for (const { written } of skipped) at = message.indexOf(written, at) + written.length;
  return bounded(message.slice(at));
}

function patternWish(sentence: string, { joined }: FoldedWords): ImageWish | undefined {
  for (const { language, wishes, anything, not } of PATTERN_GRAMMARS) {
    // Japanese has the same characters for "draw" and "picture", in the other order.
    if (language === "zh" && KANA.test(joined)) continue;
    for (const wish of wishes) {
      const found = wish.value.exec(joined);
      if (found === null) continue;
      if (not.value.test(joined)) break;
      const subject = (found.groups?.["subject"] ?? "").trim();
      const prompt = anything.value.test(subject) ? undefined : bounded(writtenAs(subject, sentence));
      return { language, prompt };
    }
  }
  return undefined;
}

/** The subject as it was written, if folding has kept its length; else as it was folded. */
function writtenAs(subject: string, sentence: string): string {
  const at = sentence.toLowerCase().indexOf(subject);
  return at === -1 ? sentence : sentence.slice(at, at + subject.length);
}

/** As a prompt: on one line, without "please" and the marks at its end, and no longer than an engine takes. */
function bounded(text: string): string {
  const plain = text
    .slice(0, MAX_PROMPT + 200)
    .replace(/\s+/g, " ")
    .trim()
    .replace(/^[,:;.–—-]+\s?/, "")
    .replace(
      /(?:[\s,]+(?:please|pls|thanks|thank you|for me|bitte|danke|s'il te pla[iî]t|por favor|per favore|пожалуйста))+[.!?]*$/i,
      "",
    )
    .replace(/[\s?？؟!！.。]+$/, "");
  return plain.length <= MAX_PROMPT ? plain : plain.slice(0, MAX_PROMPT).replace(/[\ud800-\udbff]$/, "");
}
