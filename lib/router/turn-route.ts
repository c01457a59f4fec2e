import type { TaskLanguage } from "#lib/manus/task-wish.ts";
import type { ImageLanguage } from "#lib/router/image-intent/language.ts";

/**
 * Who is to answer a turn. The engines answer it too when the one that is named here cannot, or fails before it
 * has said anything.
 */
export type TurnRoute =
  | { kind: "engines" }
  /**
   * `prompt` describes the whole image, also where the message only changes an earlier one ("make it darker");
   * undefined if the message does not say what to draw, so that it has to be asked. `change` is what to change of the
   * image before, in the message's own words. `language` is the message's.
   */
  | { kind: "image"; prompt: string | undefined; change?: string; language?: ImageLanguage }
  /** `plugin` is the id of a row of the plugin registry. */
  | { kind: "plugin"; plugin: string }
  /** A task that runs for minutes, in the background: a new one, or the state of the one with this id. */
  | { kind: "task"; id?: string; language: TaskLanguage };
