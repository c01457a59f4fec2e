import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { expect } from "vitest";
import { z } from "zod";
import type { ToldCall } from "./front.ts";

/** What came over the wire until the answer ended or the client left. */
export type HttpAnswer = {
  /** Undefined: the client had left before there was one. */
  status: number | undefined;
  headers: IncomingHttpHeaders;
  body: string;
  /** The client closed the connection. */
  left: boolean;
};

export type OpenAiError = z.output<typeof errorSchema>;
type OpenAiUsage = z.output<typeof usageSchema>;

/** An answer of chat completions as a client of OpenAI understands it. */
export type OpenAiAnswer = {
  text: string;
  thinking: string;
  toolCalls: ToldCall[];
  /** The first choice's, of an answer that ended as a success. */
  finish: string | undefined;
  error: OpenAiError | undefined;
  usage: OpenAiUsage | undefined;
  /** The `model` of the answer. */
  model: string | undefined;
};

/**
 * Posts on a connection of its own, and closes it when `signal` aborts. Rejects when the other side
 * breaks it off: a gateway ends its answers, the bad ones too.
 */
export function post(options: {
  url: string;
  key: string;
  body: unknown;
  signal: AbortSignal;
  /** Called whenever something of the answer has come. */
  onText?: () => void;
}): Promise<HttpAnswer> {
  const { url, key, body, signal, onText } = options;
  const text = JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
  };
  return new Promise((resolve, reject) => {
    const answer: HttpAnswer = { status: undefined, headers: {}, body: "", left: false };
    const outgoing = httpRequest(url, { method: "POST", headers, agent: false });
    const leave = (): void => {
      answer.left = true;
      outgoing.destroy();
    };
    const fail = (error: Error): void => {
      if (!answer.left) reject(error);
    };
    outgoing.once("close", () => {
      signal.removeEventListener("abort", leave);
      resolve(answer);
    });
    outgoing.on("error", fail);
    outgoing.once("response", (incoming) => {
      answer.status = incoming.statusCode;
      answer.headers = incoming.headers;
      incoming.setEncoding("utf8");
      incoming.on("data", (chunk: string) => {
        answer.body += chunk;
        onText?.();
      });
      incoming.on("error", fail);
    });
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
    else outgoing.end(text);
  });
}

/** The same request as bytes, for clients that read from the socket themselves. */
export function rawPost(key: string, body: unknown): string {
  const text = JSON.stringify(body);
  const head = [
    "POST /api/v1/chat/completions HTTP/1.1",
    "host: gateway.test",
    `authorization: Bearer ${key}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(text)}`,
    "connection: close",
  ];
  return `${head.join("\r\n")}\r\n\r\n${text}`;
}

const tokens = z.int().nonnegative();
const usageSchema = z.strictObject({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  total_tokens: tokens,
  prompt_tokens_details: z.strictObject({ cached_tokens: tokens, cache_write_tokens: tokens }),
  completion_tokens_details: z.strictObject({ reasoning_tokens: tokens }),
});
const errorSchema = z.strictObject({
  message: z.string().min(1),
  type: z.string().min(1),
  param: z.string().nullable(),
  code: z.string().min(1),
  // Ours, which clients of OpenAI do not read.
  retryable: z.boolean().optional(),
  reason: z.string().optional(),
});
const errorBodySchema = z.strictObject({ error: errorSchema });

/** The closed list that clients switch on. */
const finishReason = z.enum(["stop", "length", "tool_calls", "content_filter"]);
const head = {
  id: z.string().regex(/^chatcmpl-\w+$/),
  created: z.int().positive(),
  model: z.string().min(1),
};

const toolDelta = z.union([
  // Only the first fragment of a call names it.
  z.strictObject({
    index: z.int().nonnegative(),
    id: z.string().min(1),
    type: z.literal("function"),
    function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
  }),
  z.strictObject({
    index: z.int().nonnegative(),
    function: z.strictObject({ arguments: z.string() }),
  }),
]);
const delta = z.strictObject({
  role: z.literal("assistant").optional(),
  content: z.string().optional(),
  refusal: z.string().nullish(),
  annotations: z.array(z.unknown()).optional(),
  reasoning_content: z.string().optional(),
  tool_calls: z.array(toolDelta).length(1).optional(),
});
const chunkSchema = z.strictObject({
  ...head,
  object: z.literal("chat.completion.chunk"),
  choices: z.array(
    z.strictObject({
      index: z.int().nonnegative(),
      delta,
      logprobs: z.null(),
      finish_reason: z.union([finishReason, z.literal("error")]).nullable(),
    }),
  ),
  usage: usageSchema.nullish(),
  error: errorSchema.optional(),
});
type Chunk = z.output<typeof chunkSchema>;

const completionSchema = z.strictObject({
  ...head,
  object: z.literal("chat.completion"),
  choices: z
    .array(
      z.strictObject({
        index: z.int().nonnegative(),
        message: z.strictObject({
          role: z.literal("assistant"),
          content: z.string().nullable(),
          refusal: z.string().nullable(),
          annotations: z.array(z.never()),
          reasoning_content: z.string().optional(),
          tool_calls: z
            .array(
              z.strictObject({
                id: z.string().min(1),
                type: z.literal("function"),
                function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
              }),
            )
            .optional(),
        }),
        logprobs: z.null(),
        finish_reason: finishReason,
      }),
    )
    .min(1),
  usage: usageSchema,
});

/** Reads an answer as strictly as OpenAI documents it; what no client could make sense of throws. */
export function readAnswer(answer: HttpAnswer, asked: { stream: boolean }): OpenAiAnswer {
  const none = { ...nothing() };
  if (answer.status === undefined) return none;
  const type = answer.headers["content-type"] ?? "";
  if (answer.status !== 200) {
    expect(answer.status, "status").toBeGreaterThanOrEqual(400);
    expect(type).toMatch(/^application\/json/);
    return { ...none, error: errorBodySchema.parse(JSON.parse(answer.body)).error };
  }
  if (asked.stream) {
    expect(type).toMatch(/^text\/event-stream/);
    return new ChunkReader(answer).read();
  }
  expect(type).toMatch(/^application\/json/);
  return answer.left ? none : wholeAnswer(answer.body);
}

function nothing(): OpenAiAnswer {
  return {
    text: "",
    thinking: "",
    toolCalls: [],
    finish: undefined,
    error: undefined,
    usage: undefined,
    model: undefined,
  };
}

function wholeAnswer(body: string): OpenAiAnswer {
  const { choices, usage, model } = completionSchema.parse(JSON.parse(body));
  const answer = { ...nothing(), usage, model, finish: choices[0]?.finish_reason };
  for (const { message } of choices) {
    answer.text += (message.content ?? "") + (message.refusal ?? "");
    answer.thinking += message.reasoning_content ?? "";
    for (const { id, function: called } of message.tool_calls ?? []) answer.toolCalls.push({ id, ...called });
  }
  return answer;
}

const FRAME = /^data: ([^\r\n]*)$/;

/** Puts the chunks of a stream together, and sees to their order. */
class ChunkReader {
  readonly #answer: OpenAiAnswer = nothing();
  readonly #left: boolean;
  readonly #body: string;
  #first: Chunk | undefined;
  /** Choices that have begun, with what they ended with. */
  readonly #finishes = new Map<number, string | undefined>();
  #hasContent = false;
  /** Something that only ever comes last has come. */
  #end: "usage" | "error" | "done" | undefined;
  #isOver = false;

  constructor({ body, left }: HttpAnswer) {
    this.#body = body;
    this.#left = left;
  }

  read(): OpenAiAnswer {
    const frames = this.#body.split("\n\n");
    const rest = frames.pop();
    if (!this.#left) expect(rest, "the last frame is whole").toBe("");
    for (const frame of frames) {
      if (!frame.startsWith(":")) this.#frame(FRAME.exec(frame)?.[1] ?? expect.fail(`No frame: ${frame}`));
    }
    if (this.#end === "done") {
      expect([...this.#finishes.values()], "every choice has its finish reason").not.toContain(undefined);
      this.#answer.finish = this.#finishes.get(0);
    } else {
      expect(this.#left || this.#isOver, "[DONE] or an error is last").toBe(true);
    }
    return this.#answer;
  }

  #frame(data: string): void {
    expect(this.#isOver, "something follows the end").toBe(false);
    if (this.#end === "error") {
      // Once more by itself, for clients that know it only so.
      expect(JSON.parse(data)).toEqual({ error: this.#answer.error });
      this.#isOver = true;
      return;
    }
    if (data === "[DONE]") {
      this.#end = "done";
      this.#isOver = true;
      return;
    }
    expect(this.#end, "only [DONE] follows the usage").toBeUndefined();
    const chunk = chunkSchema.parse(JSON.parse(data));
    this.#first ??= chunk;
    const { id, created, model } = this.#first;
    expect(chunk, "the head is every chunk's").toMatchObject({ id, created, model });
    this.#answer.model = model;
    for (const choice of chunk.choices) this.#choice(choice);
    if (chunk.error !== undefined) {
      // Nothing was sent before the commit point, and the error stands in no other place.
      expect(this.#hasContent, "an error before any content has a status of its own").toBe(true);
      expect(new Set(chunk.choices.map((choice) => choice.finish_reason))).toEqual(new Set(["error"]));
      expect([...this.#finishes.values()], "every choice has its finish reason").not.toContain(undefined);
      this.#answer.error = chunk.error;
      this.#end = "error";
    } else if (chunk.choices.length === 0) {
      this.#answer.usage = chunk.usage ?? expect.fail("a chunk of nothing");
      this.#end = "usage";
    } else {
      expect(chunk.usage, "the usage of a chunk that is not the last").toBeNull();
    }
  }

  #choice({ index, delta: part, finish_reason: finish }: Chunk["choices"][number]): void {
    const begins = !this.#finishes.has(index);
    expect(part.role, "the first delta of a choice, and no other, has the role").toBe(
      begins ? "assistant" : undefined,
    );
    expect(this.#finishes.get(index), "nothing follows the finish reason of a choice").toBeUndefined();
    this.#finishes.set(index, finish ?? undefined);
    const text = (part.content ?? "") + (part.refusal ?? "");
    this.#answer.text += text;
    this.#answer.thinking += part.reasoning_content ?? "";
    for (const call of part.tool_calls ?? []) this.#toolCall(call);
    this.#hasContent ||= text !== "" || part.reasoning_content !== undefined || part.tool_calls !== undefined;
  }

  #toolCall(call: z.output<typeof toolDelta>): void {
    const { toolCalls } = this.#answer;
    const known = toolCalls[call.index];
    if ("id" in call) {
      expect(call.index, "calls are numbered from 0").toBe(toolCalls.length);
      toolCalls.push({ id: call.id, ...call.function });
    } else if (known === undefined) {
      expect.fail("a call without a beginning");
    } else {
      known.arguments += call.function.arguments;
    }
  }
}
