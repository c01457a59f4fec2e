import type { Grammar } from "#lib/router/image-intent/grammar.ts";
import type { ImageLanguage } from "#lib/router/image-intent/language.ts";
import type { FoldedWords } from "#lib/router/image-intent/words.ts";

/** A description without a verb, as people write prompts: "a photorealistic image of a fox, golden hour". */
const PICTURE =
  /^(?:(?:an?|one|two|three|four) (?:(?!(?:good|clear|better|great|bigger|mental|whole|big) )[^ ]{1,20} ){0,4}?(?:images?|pictures?|photos?|photographs?|drawings?|paintings?|illustrations?|portraits?|logos?|icons?|wallpapers?|posters?|sketch|watercolou?r|oil painting|pixel art|concept art|3d render|avatar|cartoon|sticker)|(?:logo|illustration|drawing|wallpaper|watercolou?r painting|oil painting|pixel art|concept art|3d render|(?:black and white|aerial|close-?up|macro) photo(?:graph)?|picture|image|photo)) (?:of|for|showing|depicting) (?:an?|the|two|three|my|our|some|[^ ]{3,20}) /;
const STATEMENT =
  / (?:is|are|was|were|has|have|had|can|will|would|should|shows|showed|means|says|said|paints|worth|how|what|who|why|when|that|which|code|app|website|sizes?|formats?|files?|tips|ideas|meaning|summary|themes|analysis|review|explained|vs)(?: |$)/;
const STATEMENT_ELSEWHERE =
  / (?:ist|sind|war|hat|zeigt|est|sont|etait|montre|es|son|era|muestra|esta|sao|mostra|e|sono|ha|zijn|was|toont|jest|sa) /;
const MAX_LENGTH = 500;

/** The language of such a description; undefined if a message is none. */
export function barePicture(
  text: FoldedWords,
  message: string,
  grammars: readonly Grammar[],
): ImageLanguage | undefined {
  if (message.length > MAX_LENGTH || /[?？]/.test(message)) return undefined;
  const padded = `${text.joined} `;
  if (PICTURE.test(padded)) return STATEMENT.test(padded) ? undefined : "en";
  return STATEMENT_ELSEWHERE.test(padded)
    ? undefined
    : grammars.find((one) => isPicture(text, one))?.language;
}

/** An indefinite article, a picture, and what joins it to its object: "ein Bild von". */
function isPicture(text: FoldedWords, grammar: Grammar): boolean {
  if (grammar.hasLinks || grammar.determiners.at(text, 0) !== 1) return false;
  const picture = grammar.generic.at(text, 0);
  if (picture > 0) return text.words.length > picture;
  const noun = grammar.nouns.at(text, 1);
  return noun > 0 && /^d[ei]?'/.test(text.words[1 + noun]?.folded ?? "");
}
