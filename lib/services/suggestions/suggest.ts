import { untrustedNotice, wrapUntrusted } from "#lib/prompts/sanitize.ts";
import { assertModesAllowed } from "#lib/services/admission/key-admission.ts";
import { ask, type Question } from "#lib/services/ask.ts";
import type { CompletionDependencies } from "#lib/services/completion.ts";
import { enginesFor } from "#lib/services/engines/mode-engines.ts";
import type { Caller } from "#lib/services/identity/caller.ts";
import { settleRun } from "#lib/services/ledger/settle-run.ts";
import type { WaitUntil } from "#lib/services/ports.ts";
import { readSuggestions } from "#lib/services/suggestions/read-suggestions.ts";
import { GatewayError } from "#lib/shared/errors.ts";

/** Longer than three suggestions need, because some models think before they answer. */
const MAX_OUTPUT_TOKENS = 400;
/** A user who reads an answer has moved on after that; milliseconds. */
const TIMEOUT_MS = 6_000;
/** Characters of the beginning and of the end of each text that an engine sees. */
const SHOWN_CHARACTERS = 1_500;
const NONCE_BYTES = 8;

export type SuggestInput = { userMessage: string; answer: string };

export type SuggestContext = {
  requestId: string;
  /** The path of the route that was called, for the ledger. */
  route?: string | undefined;
  caller: Caller;
  /** Aborts when the client disconnects. */
  signal: AbortSignal;
  waitUntil: WaitUntil;
};

export type SuggestDependencies = Pick<
  CompletionDependencies,
  "enginesOf" | "howToConfigure" | "run" | "effects" | "logger" | "prices" | "admission" | "ledger"
> & {
  /** A random hexadecimal string of this many bytes. */
  randomHex(bytes: number): string;
};

/**
 * At most three messages that the user could send next. Empty if there is no engine, and if the engines fail,
 * take too long or answer uselessly: suggestions are not worth an error. Billed to the caller as a turn of the
 * mode that answered.
 *
 * Throws `forbidden` (mode), `rate_limited`, `budget_exceeded` and `unauthorized` (gateway key), and
 * `client_closed_request`.
 */
export async function suggest(
  input: SuggestInput,
  context: SuggestContext,
  dependencies: SuggestDependencies,
): Promise<string[]> {
  const { requestId, route, caller, signal, waitUntil } = context;
  const mode = await modeThatAnswers(dependencies);
  if (mode === undefined) return [];
  assertModesAllowed(caller, mode);
  await dependencies.admission.admit(caller);
  const turn = dependencies.ledger.begin({ requestId, route, caller, tier: mode });
  let isSettled = false;
  try {
    const answer = await ask(
      question(input, dependencies.randomHex(NONCE_BYTES)),
      {
        requestId,
        signal,
        onEnd: (record) => {
          isSettled = true;
          const committed = record.state === "completed";
          waitUntil(settleRun(turn, { ...record, committed }, dependencies));
        },
      },
      dependencies,
    );
    return readSuggestions(answer, input.userMessage);
  } catch (error) {
    // `ask` has logged why; what is no failure of an engine is a bug, or the client has left.
    if (signal.aborted || !(error instanceof GatewayError)) throw error;
    return [];
  } finally {
    if (!isSettled) turn.forget();
  }
}

/** The mode whose engines `ask` calls; undefined if none is configured. */
async function modeThatAnswers(dependencies: SuggestDependencies): Promise<string | undefined> {
  try {
    return (await enginesFor({ wanted: "fast", hasImage: false }, dependencies)).mode;
  } catch (error) {
    if (error instanceof GatewayError && error.code === "no_engine_configured") return undefined;
    throw error;
  }
}

function question({ userMessage, answer }: SuggestInput, nonce: string): Question {
  return {
    instructions:
      "You suggest what a user could ask next. You are given the user's last message and the assistant's answer. " +
      "Write three different messages that the user may want to send now: each one short (at most 12 words), " +
      "concrete, in the user's voice and in the language of the user's message. " +
      'Output only a JSON array of three strings, such as ["…", "…", "…"]. ' +
      untrustedNotice(nonce),
    text: [
      wrapUntrusted(shorten(userMessage), "user message", nonce),
      wrapUntrusted(shorten(answer), "answer", nonce),
      "Three messages that the user could send next, as a JSON array:",
    ].join("\n\n"),
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    timeoutMs: TIMEOUT_MS,
  };
}

/** What a text is about stands at its beginning and at its end. */
function shorten(text: string): string {
  if (text.length <= 2 * SHOWN_CHARACTERS) return text;
  return `${text.slice(0, SHOWN_CHARACTERS)}\n…\n${text.slice(-SHOWN_CHARACTERS)}`;
}
