/** Characters that are spoken in a second, by slow speakers: letters of an alphabet, and characters of a syllable. */
const LETTERS_A_SECOND = 8;
const SYLLABLES_A_SECOND = 2.5;
const SYLLABLE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{N}]/gu;
const PAUSE_SECONDS = 2;

/** The most seconds that a text is likely to take. Digits count as words, which they are once they are spoken. */
export function maxSpeechSeconds(text: string): number {
  const syllables = text.match(SYLLABLE)?.length ?? 0;
  return (
    Math.ceil((text.length - syllables) / LETTERS_A_SECOND + syllables / SYLLABLES_A_SECOND) + PAUSE_SECONDS
  );
}
