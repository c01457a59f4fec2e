import { PLUGIN_RULES, START } from "#lib/plugins/plugin-rules.ts";
import { PLUGINS } from "#lib/plugins/plugins.ts";
import { endsOf } from "#lib/shared/text.ts";

export type PluginSearch = {
  message: string;
  /** An image comes with the message. */
  hasImage: boolean;
  /** Whether an operator has set the plugin up. */
  isConfigured(id: string): boolean;
};

/** In a long text the request stands at its beginning or its end; this much of each is read, characters. */
const EDGE = 600;

/**
 * The id of the plugin that a message plainly asks for, if that plugin is set up; undefined for every other message.
 * A plugin that is named (`@rag-over-pdf …`, `use the receipt-scanner plugin to …`) is meant in any language.
 */
export function findPlugin({ message, hasImage, isConfigured }: PluginSearch): string | undefined {
  const text = endsOf(message.trim(), EDGE)
    .toLowerCase()
    .replace(/[\u2018\u2019]/g, "'");
  for (const { id, autoRoute } of PLUGINS) {
    if (autoRoute === undefined || !isConfigured(id)) continue;
    if (autoRoute.request === "image" && !hasImage) continue;
    // An image needs no words.
    if (autoRoute.request === "image" && text === `@${id}`) return id;
    if (isNamed(text, id) || isAskedFor(text, id)) return id;
  }
  return undefined;
}

/** Whether the message gives the work to the plugin by its id, instead of only speaking about it. */
function isNamed(text: string, id: string): boolean {
  if (!text.includes(id)) return false;
  return (
    text.startsWith(`@${id} `) ||
    text.startsWith(`@${id}:`) ||
    text.startsWith(`${id}:`) ||
    new RegExp(`${START}(?:use|ask|call|run) (?:the )?${id}(?: plugin)?(?::|,| to | for | on )`).test(text)
  );
}

/** The message without the plugin's name at its beginning, which says nothing to the plugin. */
export function withoutName(message: string, id: string): string {
  const text = message.trimStart();
  const names = [`@${id}:`, `@${id} `, `${id}:`];
  const name = names.find((one) => text.slice(0, one.length).toLowerCase() === one);
  const rest = name === undefined ? "" : text.slice(name.length).trim();
  return rest === "" ? message : rest;
}

function isAskedFor(text: string, id: string): boolean {
  const rule = PLUGIN_RULES[id];
  if (rule === undefined || rule.unless.some((pattern) => pattern.test(text))) return false;
  return rule.when.some((pattern) => pattern.test(text));
}
