import { findImageWish } from "#lib/router/image-intent/image-intent.ts";
import { hasImage } from "#lib/services/chat/document-input.ts";
import type { RouteFinder } from "#lib/services/chat/route-finder.ts";
import { historyOf } from "#lib/services/chat/turn.ts";

/** Finds the messages that ask for an image. */
export const imageFinder: RouteFinder = {
  name: "images",
  find(turn) {
    const { message } = turn.input;
    const wish = findImageWish({ message, hasImage: hasImage(turn.input), history: historyOf(turn) });
    return wish === undefined ? undefined : { kind: "image", ...wish };
  },
};
