import { clearWish, type ImageWish, MAX_PROMPT } from "#lib/router/image-intent/clear-wish.ts";
import { readDrawnMark } from "#lib/router/image-intent/drawn-marker.ts";
import { followUp } from "#lib/router/image-intent/follow-up.ts";
import { wantsEdit } from "#lib/router/image-intent/image-edit.ts";
import type { ImageLanguage } from "#lib/router/image-intent/language.ts";
import { isImageQuestion } from "#lib/router/image-intent/replies.ts";

export type ImageMessage = {
  message: string;
  /** An image is attached to the message. */
  hasImage: boolean;
  /** The conversation before it, the oldest first. */
  history: readonly { role: "user" | "assistant"; content: string }[];
};

/** Messages of the conversation that are read: those of ten turns. */
const MAX_HISTORY = 20;
/** The answer to "What should the image show?", characters. */
const MAX_SUBJECT = 1_000;
const NOT_A_SUBJECT =
  /^(?:no|nope|nothing|never ?mind|forget it|cancel|stop|nvm|nein|nichts|vergiss es|non|rien|laisse|nada|dejalo|deixa|niente|lascia|nee|nie|нет|ничего|забудь|لا|नहीं|hayır|不用|不要|算了|いいえ|いらない|아니|됐어)(?!\p{L})|[?？؟]\s*$|^(?:what|who|how|why|when|where|which|translate|write|explain|summari[sz]e|tell|help)\b/iu;

/** A turn that was for an image. `prompt`: what it was to show; undefined if the user was asked. */
type ImageTurn = ImageWish & { answer?: string };

/** A wish for an image; `change` is what to change of the one before, if the message wants that. */
export type FoundWish = ImageWish & { change?: string };

/**
 * Whether a message asks for an image, and for which: stated clearly, changing the image of the turn before, or
 * answering what it should show. An attached image is for questions, unless it is to be changed.
 *
 * Which turns were for images follows from the user's own messages, since answers are not stored with who gave
 * them. Takes time in proportion to the text that it reads, which is bounded.
 */
export function findImageWish({ message, hasImage, history }: ImageMessage): FoundWish | undefined {
  if (hasImage && wantsEdit(message)) {
    return { language: clearWish(message)?.language ?? "en", prompt: message.trim().slice(0, MAX_PROMPT) };
  }
  const own = clearWish(message);
  if (hasImage || (own !== undefined && followUp(message) === undefined)) return own;
  return next(turnBefore(history), message) ?? own;
}

/** The turn before, if it was for an image. */
function turnBefore(history: ImageMessage["history"]): ImageTurn | undefined {
  let turn: ImageTurn | undefined;
  for (const { role, content } of history.slice(-MAX_HISTORY)) {
    if (role === "user") turn = next(turn, content) ?? clearWish(content);
    else turn = answeredTurn(turn, content);
  }
  return turn;
}

/** What an answer shows of the turn: an image, also one of which the message alone says nothing, or none. */
function answeredTurn(turn: ImageTurn | undefined, answer: string): ImageTurn | undefined {
  const drawn = readDrawnMark(answer);
  if (drawn !== undefined) return { language: "en", prompt: drawn.prompt, ...turn, answer };
  // Code or a drawing in letters: an engine has answered.
  return turn === undefined || /```|<svg/i.test(answer) ? undefined : { ...turn, answer };
}

/** What a message wants after a turn that was for an image. */
function next(turn: ImageTurn | undefined, message: string): FoundWish | undefined {
  if (turn === undefined) return undefined;
  const { language, prompt } = turn;
  if (prompt === undefined)
    return answersQuestion(turn, message) ? { language, prompt: message.trim() } : undefined;
  switch (followUp(message)) {
    case "again":
      return { language, prompt };
    case "change":
      return {
        language: languageOf(message, language),
        prompt: changed(prompt, message.trim()),
        change: message.trim(),
      };
    case undefined:
      return undefined;
  }
}

function answersQuestion({ answer }: ImageTurn, message: string): boolean {
  if (answer === undefined || !isImageQuestion(answer)) return false;
  return (
    message.length <= MAX_SUBJECT && !NOT_A_SUBJECT.test(message.trim()) && clearWish(message) === undefined
  );
}

/** The first description counts most, so the oldest changes go where there is no room. */
function changed(prompt: string, change: string): string {
  const room = MAX_PROMPT - change.length - 2;
  return `${prompt.slice(0, Math.max(0, room))}. ${change}`;
}

function languageOf(message: string, before: ImageLanguage): ImageLanguage {
  return clearWish(message)?.language ?? before;
}
