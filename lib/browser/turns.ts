import { NEW_TURN, type TurnView } from "#lib/browser/turn-view.ts";
import { arrayField, stringField } from "#lib/shared/json.ts";

/** A question with its answer. `key` tells turns apart as long as a page is open. */
export type Turn = {
  key: number;
  question: Question;
  /** The MCP servers whose tools the model may call. */
  mcp: readonly string[];
  answer: TurnView;
};
export type Question = { text: string; model: string; files: readonly AttachedFile[] };
/** A file that was uploaded: its id, and what the page calls it. */
export type AttachedFile = { id: string; name: string; type: string };

/** The turns of an answer of `GET /api/sessions/{id}`. */
export function readTurns(session: unknown, nextKey: () => number): Turn[] {
  const turns: Turn[] = [];
  for (const message of arrayField(session, "messages")) {
    const text = stringField(message, "content") ?? "";
    const last = turns.at(-1);
    if (stringField(message, "role") === "user") {
      const question: Question = { text, model: "auto", files: [] };
      turns.push({ key: nextKey(), question, mcp: [], answer: { ...NEW_TURN, state: "stopped" } });
    } else if (last !== undefined) {
      turns[turns.length - 1] = { ...last, answer: { ...last.answer, state: "done", text } };
    }
  }
  return turns;
}

/** How many messages of the saved conversation are this turn's. A request that delivered nothing was not saved. */
export function savedMessages({ text, calls, earlier }: TurnView): number {
  const asks = calls.some(({ state }) => state === "asks" || state === "allowed" || state === "refused");
  const delivered = asks || text.length > (earlier?.textLength ?? 0);
  return 2 * ((earlier?.requests ?? 0) + (delivered ? 1 : 0));
}
