import { askWhatToDraw, noImageYet } from "#lib/router/image-intent/replies.ts";
import type { Answerer } from "#lib/services/chat/answerer.ts";
import { writtenAnswer } from "#lib/services/chat/written-answer.ts";

/**
 * Answers the turns that are for an image. There is no image engine yet: it says so, with the prompt that the
 * conversation comes to, instead of an engine that would claim to draw. Asks what to draw if nobody has said it.
 */
export const imageAnswerer: Answerer = {
  name: "images",
  answer({ route }) {
    if (route.kind !== "image") return undefined;
    const { prompt, language = "en" } = route;
    return writtenAnswer(prompt === undefined ? askWhatToDraw(language) : noImageYet(prompt, language));
  },
};
