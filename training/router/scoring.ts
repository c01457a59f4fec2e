import { MODE_IDS, type ModeId } from "#lib/ai-models.ts";
import type { Intent } from "#lib/router/intent/intent.ts";
import { routeIntent } from "#lib/router/intent/route-intent.ts";
import type { LabelledMessage } from "./messages.ts";

export type Routed = { message: LabelledMessage; intent: Intent };

/** What the router makes of messages; without live tools, whose rules would only help it. */
export function routeAll(messages: readonly LabelledMessage[]): Routed[] {
  return messages.map((message) => {
    const { text, image, history, last } = message;
    const intent = routeIntent(text, { hasImage: image, history, toolsFor: () => [], lastMode: last });
    return { message, intent };
  });
}

export function isRight({ message, intent }: Routed): boolean {
  return intent.mode === message.mode;
}

/** Whether the router names a mode, rather than being unsure. */
export function isDecided({ intent }: Routed): boolean {
  return intent.reason !== "unsure";
}

/** The share of messages that were routed rightly, 0 to 1. */
export function accuracyOf(routed: readonly Routed[]): number {
  return routed.filter(isRight).length / Math.max(routed.length, 1);
}

/** How many messages of each mode went to each mode. */
export function confusionOf(routed: readonly Routed[]): Record<ModeId, Record<ModeId, number>> {
  const row = (): Record<ModeId, number> => fromModes(() => 0);
  const matrix = fromModes(row);
  for (const { message, intent } of routed) matrix[message.mode][intent.mode]++;
  return matrix;
}

/** The share of each mode's messages that were routed rightly. */
export function recallOf(routed: readonly Routed[]): Record<ModeId, number> {
  return fromModes((mode) => accuracyOf(routed.filter(({ message }) => message.mode === mode)));
}

export function groupBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(nameOf(item), [...(groups.get(nameOf(item)) ?? []), item]);
  return new Map([...groups].sort(([a], [b]) => a.localeCompare(b)));
}

function fromModes<Value>(make: (mode: ModeId) => Value): Record<ModeId, Value> {
  const entries = MODE_IDS.map((mode) => [mode, make(mode)] as const);
  return Object.fromEntries(entries) as Record<ModeId, Value>;
}
