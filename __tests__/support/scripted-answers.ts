import { type Exchange, isStreaming, type Script } from "./fake-upstream.ts";

export type ScriptedCall = {
  id: string;
  name: string;
  /** The arguments, or the input of a custom tool, in the pieces in which they are streamed. */
  pieces: readonly string[];
  custom?: boolean;
};

/** What an OpenAI-compatible model says, however it is asked: lists are the pieces of a stream. */
export type Said = {
  reasoning?: readonly string[];
  text?: readonly string[];
  refusal?: readonly string[];
  calls?: readonly ScriptedCall[];
  /** The log probabilities of each piece of text. */
  logprobs?: readonly unknown[];
  finish?: string;
};

/** Answers with one alternative, or with several. */
export function says(...choices: readonly Said[]): Script {
  return async (exchange) => {
    if (!isStreaming(exchange.request)) {
      await exchange.json(200, {
        id: "chatcmpl-upstream",
        object: "chat.completion",
        created: 1,
        model: "m",
        choices: choices.map((said, index) => ({
          index,
          message: wholeMessage(said),
          logprobs: said.logprobs === undefined ? null : { content: said.logprobs, refusal: null },
          finish_reason: finishOf(said),
        })),
        usage: USAGE,
      });
      return;
    }
    await exchange.startStream();
    for (const [index, said] of choices.entries()) {
      for (const delta of deltas(said)) await exchange.event(chunk(index, delta));
      await exchange.event(chunk(index, { delta: {}, finish_reason: finishOf(said) }));
    }
    await exchange.event({
      id: "chatcmpl-upstream",
      object: "chat.completion.chunk",
      choices: [],
      usage: USAGE,
    });
    await exchange.event("[DONE]");
    await exchange.endStream();
  };
}

const USAGE = {
  prompt_tokens: 10,
  completion_tokens: 5,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
};

/** The first request gets the first script, and so on; the last script answers all that follow. */
export function inTurn(...scripts: readonly Script[]): Script {
  let next = 0;
  return (exchange) => {
    const script = scripts[Math.min(next, scripts.length - 1)];
    next++;
    return script?.(exchange);
  };
}

/** Streams some pieces of text and says no more, until the client leaves. */
export function saysThenWaits(...pieces: readonly string[]): Script {
  return async (exchange) => {
    await exchange.startStream();
    for (const content of pieces) await exchange.event(chunk(0, { delta: { content } }));
    await exchange.closed();
  };
}

/** Streams some pieces of what it says and then breaks the connection. */
export function breaksAfter(said: Said): Script {
  return async (exchange) => {
    await exchange.startStream();
    for (const delta of deltas(said)) await exchange.event(chunk(0, delta));
    exchange.reset();
  };
}

/** Refuses every request with this status. */
export function failsWith(status: number, body: unknown, headers: Record<string, string> = {}): Script {
  return (exchange: Exchange) => exchange.json(status, body, headers);
}

type Delta = { delta: Record<string, unknown>; logprobs?: unknown; finish_reason?: string };

function chunk(index: number, { delta, logprobs = null, finish_reason = undefined }: Delta): unknown {
  const choice = { index, delta, logprobs, finish_reason: finish_reason ?? null };
  return {
    id: "chatcmpl-upstream",
    object: "chat.completion.chunk",
    created: 1,
    model: "m",
    choices: [choice],
  };
}

/** A message in pieces; a call is complete before the next one begins, as at OpenAI. */
function deltas({ reasoning = [], text = [], refusal = [], calls = [], logprobs = [] }: Said): Delta[] {
  return [
    { delta: { role: "assistant", content: "" } },
    ...reasoning.map((piece) => ({ delta: { reasoning_content: piece } })),
    ...text.map((content, at) => {
      const own = logprobs[at];
      return own === undefined
        ? { delta: { content } }
        : { delta: { content }, logprobs: { content: [own], refusal: null } };
    }),
    ...refusal.map((piece) => ({ delta: { refusal: piece } })),
    ...calls.flatMap((call, index) => [
      { delta: { tool_calls: [{ index, ...callBody(call, "") }] } },
      ...call.pieces.map((piece) => {
        const body = call.custom === true ? { custom: { input: piece } } : { function: { arguments: piece } };
        return { delta: { tool_calls: [{ index, ...body }] } };
      }),
    ]),
  ];
}

function wholeMessage({ reasoning, text, refusal, calls }: Said): unknown {
  return {
    role: "assistant",
    content: text?.join("") ?? null,
    refusal: refusal?.join("") ?? null,
    ...(reasoning === undefined ? {} : { reasoning_content: reasoning.join("") }),
    ...(calls === undefined ? {} : { tool_calls: calls.map((call) => callBody(call, call.pieces.join(""))) }),
  };
}

function callBody({ id, name, custom }: ScriptedCall, words: string): Record<string, unknown> {
  return custom === true
    ? { id, type: "custom", custom: { name, input: words } }
    : { id, type: "function", function: { name, arguments: words } };
}

function finishOf({ finish, calls }: Said): string {
  return finish ?? (calls === undefined ? "stop" : "tool_calls");
}
