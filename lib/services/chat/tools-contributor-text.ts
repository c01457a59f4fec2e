import { untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";
import { reasonOf, type ToolOutcome } from "#lib/services/tools/tool-call.ts";
import { truncate } from "#lib/shared/text.ts";

/** Characters of one result that a model reads. */
const MAX_RESULT = 8_000;
const MAX_REASON = 500;

export type ToolsText = {
  /** Wall clock, epoch milliseconds. */
  now: number;
  /** Random per request. */
  nonce: string;
};

/**
 * What the model reads beside the message: each result as data, with its source and its time, and each failure,
 * so that no figures are made up in its place.
 */
export function toolsText(outcomes: readonly ToolOutcome[], { now, nonce }: ToolsText): string {
  const fetchedAt = `${new Date(now).toISOString().slice(0, 16)}Z`;
  return [
    `For the message that follows, live data was looked up at ${fetchedAt}. ` +
      "Answer from it where it fits, and name the source and the time of the data. " +
      untrustedNotice(nonce),
    ...outcomes.map((outcome) => outcomeText(outcome, nonce)),
    "",
  ].join("\n\n");
}

function outcomeText(outcome: ToolOutcome, nonce: string): string {
  const { name } = outcome.call.tool;
  if (outcome.status === "ok") return wrapUntrusted(resultText(outcome.result), name, nonce);
  return (
    `There is no live data from ${name}: say so, and do not state current facts or figures from memory in its place. ` +
    `The reason:\n${wrapUntrusted(truncate(reasonOf(outcome), MAX_REASON), name, nonce)}`
  );
}

/** All of it is from the source, its name and dates too: nothing of a result stands outside of the markers. */
function resultText({ text, source, asOf }: Extract<ToolOutcome, { status: "ok" }>["result"]): string {
  const lines = [`Source: ${source.name}${source.url === undefined ? "" : `, ${source.url}`}`];
  if (asOf !== undefined) lines.push(`Data of: ${asOf}`);
  return truncate(`${lines.join("\n")}\n\n${text}`, MAX_RESULT);
}
