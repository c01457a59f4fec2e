import type { TurnRoute } from "#lib/router/turn-route.ts";
import type { Turn } from "#lib/services/chat/turn.ts";
import type { Logger } from "#lib/services/ports.ts";

/**
 * Finds out whether something other than the engines is to answer: an image, a plugin, a task. Asked only if the
 * client leaves the choice to the gateway (`auto`), when the conversation is known (`historyOf`), before anything
 * is streamed: no finder may wait for anything, and each is linear in the length of the conversation.
 */
export type RouteFinder = {
  /** The name in logs. */
  name: string;
  find(turn: Omit<Turn, "route">): TurnRoute | undefined;
};

const ENGINES: TurnRoute = { kind: "engines" };

/** Who is to answer: what the first finder of the list says that says anything, else the engines. */
export function findRoute(
  turn: Omit<Turn, "route">,
  { routeFinders, logger }: { routeFinders: readonly RouteFinder[]; logger: Logger },
): TurnRoute {
  if (turn.input.model !== "auto") return ENGINES;
  for (const { name, find } of routeFinders) {
    try {
      const route = find(turn);
      if (route !== undefined) return route;
    } catch (error) {
      logger.error("A finder of routes failed.", error, { requestId: turn.requestId, finder: name });
    }
  }
  return ENGINES;
}
