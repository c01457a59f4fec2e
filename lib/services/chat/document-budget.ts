import { estimateTextTokens } from "#lib/chat/token-estimate.ts";
import { historyOf, type Turn } from "#lib/services/chat/turn.ts";

/** The window of engines about whose windows nothing is known, tokens: common among today's models. */
const UNKNOWN_WINDOW = 128_000;
/** The share of a window that is filled: the rest is for the answer, and for what estimates miss. */
const FILLED = 0.75;
/** Whatever else is in the request, files get so much of the window. */
const MIN_SHARE = 0.25;
/** More is not sent, whatever an engine takes: each turn with the files pays for it. Tokens. */
const MAX_TOKENS = 300_000;
/** Characters of the conversation that are sent to an engine (`build-request.ts`). */
const MAX_HISTORY = 100_000;

/** Tokens that the files of a turn may take: what the largest window of its engines has beside the conversation. */
export function documentBudget(turn: Turn): number {
  const windows = turn.decision.engines.flatMap(({ contextTokens }) => contextTokens ?? []);
  const window = windows.length === 0 ? UNKNOWN_WINDOW : Math.max(...windows);
  const others = estimateTextTokens(turn.input.message) + historyTokens(turn);
  return Math.min(MAX_TOKENS, Math.max(window * MIN_SHARE, window * FILLED - others));
}

function historyTokens(turn: Turn): number {
  let tokens = 0;
  let characters = 0;
  for (const { content } of historyOf(turn).toReversed()) {
    characters += content.length;
    if (characters > MAX_HISTORY) break;
    tokens += estimateTextTokens(content);
  }
  return tokens;
}
