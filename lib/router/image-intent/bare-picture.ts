import type { FoldedWords } from "#lib/router/image-intent/words.ts";

/** A description without a verb, as people write prompts: "a photorealistic image of a fox, golden hour". */
const PICTURE =
  /^(?:(?:an?|one|two|three|four) (?:(?!(?:good|clear|better|great|bigger|mental|whole|big) )[^ ]{1,20} ){0,4}?(?:images?|pictures?|photos?|photographs?|drawings?|paintings?|illustrations?|portraits?|logos?|icons?|wallpapers?|posters?|sketch|watercolou?r|oil painting|pixel art|concept art|3d render|avatar|cartoon|sticker)|(?:logo|illustration|drawing|wallpaper|watercolou?r painting|oil painting|pixel art|concept art|3d render|(?:black and white|aerial|close-?up|macro) photo(?:graph)?|picture|image|photo)) (?:of|for|showing|depicting) (?:an?|the|two|three|my|our|some|[^ ]{3,20}) /;
const STATEMENT =
  / (?:is|are|was|were|has|have|had|can|will|would|should|shows|showed|means|says|said|paints|worth|how|what|who|why|when|that|which|code|app|website|sizes?|formats?|files?|tips|ideas|meaning|summary|themes|analysis|review|explained|vs)(?: |$)/;
const MAX_LENGTH = 500;

export function barePicture({ joined }: FoldedWords, message: string): boolean {
  if (message.length > MAX_LENGTH || /[?？]/.test(message)) return false;
  const text = `${joined} `;
  return PICTURE.test(text) && !STATEMENT.test(text);
}
