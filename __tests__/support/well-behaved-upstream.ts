import { z } from "zod";
import { type Exchange, type FakeUpstream, startFakeUpstream } from "./fake-upstream.ts";
import { answerText, type Question } from "./obedient-model.ts";
import { sampleOf } from "./schema-sample.ts";

/**
 * An OpenAI-compatible engine that does what it is told: tools when asked for or forced, JSON that
 * satisfies its schema, stop sequences, limits, `n`, log probabilities, seeds, reasoning, usage, and
 * all of it streamed as well. What a conformance suite finds wrong behind it is the gateway's fault.
 */
export function startWellBehavedUpstream(): Promise<FakeUpstream> {
  const prompts: string[] = [];
  return startFakeUpstream((exchange) => {
    if (exchange.request.path.endsWith("/embeddings")) return embed(exchange);
    const parsed = requestSchema.safeParse(exchange.request.json);
    if (!parsed.success)
      return exchange.json(400, {
        error: {
          message: z.prettifyError(parsed.error),
          type: "invalid_request_error",
          code: null,
          param: null,
        },
      });
    const prompt = promptOf(parsed.data);
    const answers = Array.from({ length: parsed.data.n ?? 1 }, (_, index) => answer(parsed.data, index));
    const usage = usageOf(prompt, cacheOf(prompt, prompts), answers);
    prompts.push(prompt);
    return parsed.data.stream === true
      ? stream(exchange, parsed.data, answers, usage)
      : exchange.json(200, whole(parsed.data, answers, usage));
  });
}

/** Tokens that a prompt cache reads and writes at once. */
const CACHE_BLOCK = 128;

const parts = z.array(
  z.looseObject({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() }),
);
const toolSchema = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({ name: z.string(), parameters: z.record(z.string(), z.unknown()).optional() }),
});
const requestSchema = z.looseObject({
  model: z.string(),
  messages: z
    .array(
      z.looseObject({
        role: z.enum(["system", "developer", "user", "assistant", "tool"]),
        content: z.union([z.string(), parts]).nullish(),
        reasoning: z.string().nullish(),
        tool_calls: z.array(z.looseObject({ id: z.string() })).nullish(),
      }),
    )
    .min(1),
  stream: z.boolean().optional(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).optional(),
  n: z.int().min(1).optional(),
  max_tokens: z.int().positive().optional(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().optional(),
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  top_k: z.int().optional(),
  logprobs: z.boolean().optional(),
  tools: z.array(toolSchema).optional(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string() }) }),
    ])
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  reasoning_effort: z.string().optional(),
  response_format: z
    .looseObject({
      type: z.enum(["text", "json_object", "json_schema"]),
      json_schema: z.looseObject({ schema: z.record(z.string(), z.unknown()) }).optional(),
    })
    .optional(),
});
type ChatRequest = z.infer<typeof requestSchema>;
type Message = ChatRequest["messages"][number];
type Tool = z.infer<typeof toolSchema>;
type ToolCall = { id: string; type: "function"; function: { name: string; arguments: string } };
type Answer = {
  index: number;
  reasoning: string[];
  text: string[];
  calls: ToolCall[];
  finish: "stop" | "length" | "tool_calls";
  /** The stop sequence that ended it. */
  stop: string | undefined;
};
type Cache = { read: number; written: number };

/** Words with the white space before them, and of long words a few letters each. */
function tokensOf(text: string): string[] {
  return text.match(/\s*[^\s]{1,8}|\s+$/gu) ?? [];
}

function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return (content ?? []).map((part) => part.text ?? part.refusal ?? "").join(" ");
}

function promptOf({ messages, tools }: ChatRequest): string {
  const turns = messages.map((message) => `${message.role}: ${message.reasoning ?? ""} ${textOf(message)}`);
  return [JSON.stringify(tools ?? []), ...turns].join("\n");
}

function answer(request: ChatRequest, index: number): Answer {
  const question = questionOf(request, index);
  const calls = toolCalls(request, question);
  const thoughts =
    request.reasoning_effort === undefined || request.reasoning_effort === "none"
      ? ""
      : `I think about it. ${/at length/i.test(question.asked) ? "Once more. ".repeat(40) : ""}`;
  const said = calls.length > 0 ? "" : formatted(request, question);
  const [end] = [request.stop ?? []]
    .flat()
    .map((stop) => ({ stop, at: said.indexOf(stop) }))
    .filter(({ at }) => at !== -1)
    .sort((a, b) => a.at - b.at);
  const text = tokensOf(said.slice(0, end?.at));
  const reasoning = tokensOf(thoughts);
  const most = request.max_tokens ?? Number.POSITIVE_INFINITY;
  const isCut = reasoning.length + text.length > most;
  return {
    index,
    reasoning: reasoning.slice(0, most),
    text: text.slice(0, Math.max(0, most - reasoning.length)),
    calls: isCut ? [] : calls,
    finish: isCut ? "length" : calls.length > 0 ? "tool_calls" : "stop",
    stop: isCut ? undefined : end?.stop,
  };
}

function questionOf({ messages, ...request }: ChatRequest, index: number): Question {
  const asked = messages.findLast(({ role }) => role === "user");
  const last = messages.at(-1);
  const isGreedy = request.temperature === 0 || (request.top_p ?? 1) < 0.01 || request.top_k === 1;
  return {
    instructions: messages
      .filter(({ role }) => role === "system" || role === "developer")
      .map(textOf)
      .join("\n"),
    history: messages.filter(({ role }) => role === "user" || role === "assistant").map(textOf),
    asked: asked === undefined ? "" : textOf(asked),
    hasImage: Array.isArray(asked?.content) && asked.content.some(({ type }) => type === "image_url"),
    toolResult: last?.role === "tool" ? textOf(last) : undefined,
    beginning: last?.role === "assistant" ? textOf(last) : "",
    chance: isGreedy ? 0 : request.seed === undefined ? Math.random() : ((request.seed + index) % 100) / 100,
  };
}

function formatted({ response_format: format }: ChatRequest, question: Question): string {
  if (format?.type === "json_object") return '{"name": "Ada", "age": 36}';
  if (format?.type === "json_schema") return JSON.stringify(sampleOf(format.json_schema?.schema ?? {}, ""));
  return answerText(question);
}

/** All tools where several are asked for at once, else the one that is forced or that the question names. */
function toolCalls(request: ChatRequest, { asked, toolResult }: Question): ToolCall[] {
  const { tools = [], tool_choice: choice = "auto" } = request;
  const named = tools.filter(({ function: { name } }) => isNamed(name, asked));
  let called: Tool[] = [];
  if (typeof choice === "object")
    called = tools.filter(({ function: { name } }) => name === choice.function.name);
  else if (choice === "required") called = named.length > 0 ? named : tools.slice(0, 1);
  else if (choice === "auto" && toolResult === undefined) called = named;
  const most = request.parallel_tool_calls === false ? 1 : called.length;
  return called.slice(0, most).map(({ function: { name, parameters } }) => ({
    id: `call_${Math.random().toString(36).slice(2, 12)}`,
    type: "function",
    function: { name, arguments: JSON.stringify(sampleOf(parameters ?? {}, asked)) },
  }));
}

/** `get_weather` is named by a question about the weather. */
function isNamed(tool: string, asked: string): boolean {
  const words = asked.toLowerCase().split(/\W+/);
  return tool.split(/[_\W]+/).some((part) => part.length > 3 && words.includes(part.toLowerCase()));
}

/** What the prompt shares with the beginning of an earlier one, in blocks; its last block is always read anew. */
function cacheOf(prompt: string, earlier: readonly string[]): Cache {
  let longest = 0;
  for (const other of earlier) {
    let shared = 0;
    while (shared < other.length && prompt[shared] === other[shared]) shared++;
    longest = Math.max(longest, shared);
  }
  const blocks = (text: string): number => Math.floor(tokensOf(text).length / CACHE_BLOCK);
  const most = Math.floor((tokensOf(prompt).length - 1) / CACHE_BLOCK);
  const read = Math.min(most, blocks(prompt.slice(0, longest)));
  return { read: read * CACHE_BLOCK, written: (most - read) * CACHE_BLOCK };
}

function usageOf(prompt: string, cache: Cache, answers: readonly Answer[]): object {
  const promptTokens = tokensOf(prompt).length;
  const count = (of: (answer: Answer) => number): number =>
    answers.reduce((total, answer) => total + of(answer), 0);
  const reasoning = count((answer) => answer.reasoning.length);
  const spoken = count(
    ({ text, calls }) => text.length + tokensOf(JSON.stringify(calls)).length * calls.length,
  );
  return {
    prompt_tokens: promptTokens,
    completion_tokens: reasoning + spoken,
    total_tokens: promptTokens + reasoning + spoken,
    prompt_tokens_details: { cached_tokens: cache.read, cache_write_tokens: cache.written },
    completion_tokens_details: { reasoning_tokens: reasoning },
  };
}

function envelope({ model }: ChatRequest, object: string): object {
  return { id: "chatcmpl-1", object, created: 1, model };
}

function whole(request: ChatRequest, answers: readonly Answer[], usage: object): object {
  const choices = answers.map(({ index, reasoning, text, calls, finish, stop }) => ({
    index,
    message: {
      role: "assistant",
      content: calls.length > 0 ? null : text.join(""),
      ...(reasoning.length > 0 ? { reasoning_content: reasoning.join("") } : {}),
      ...(calls.length > 0 ? { tool_calls: calls } : {}),
    },
    logprobs: request.logprobs === true ? logProbabilities(text) : null,
    finish_reason: finish,
    // As vLLM tells it.
    stop_reason: stop ?? null,
  }));
  return { ...envelope(request, "chat.completion"), choices, usage };
}

async function stream(
  exchange: Exchange,
  request: ChatRequest,
  answers: readonly Answer[],
  usage: object,
): Promise<void> {
  const chunk = (index: number, delta: object, more: object = {}): Promise<void> =>
    exchange.event({
      ...envelope(request, "chat.completion.chunk"),
      choices: [{ index, delta, logprobs: null, finish_reason: null, ...more }],
    });
  await exchange.startStream();
  for (const { index, reasoning, text, calls, finish, stop } of answers) {
    await chunk(index, { role: "assistant", content: "" });
    for (const token of reasoning) await chunk(index, { reasoning_content: token });
    for (const token of text)
      await chunk(
        index,
        { content: token },
        { logprobs: request.logprobs === true ? logProbabilities([token]) : null },
      );
    for (const [position, { id, type, function: called }] of calls.entries()) {
      const opening = { index: position, id, type, function: { name: called.name, arguments: "" } };
      await chunk(index, { tool_calls: [opening] });
      for (const piece of called.arguments.match(/.{1,7}/gsu) ?? [])
        await chunk(index, { tool_calls: [{ index: position, function: { arguments: piece } }] });
    }
    await chunk(index, {}, { finish_reason: finish, stop_reason: stop ?? null });
  }
  if (request.stream_options?.include_usage === true)
    await exchange.event({ ...envelope(request, "chat.completion.chunk"), choices: [], usage });
  await exchange.event("[DONE]");
  await exchange.endStream();
}

function logProbabilities(tokens: readonly string[]): object {
  const content = tokens.map((token) => ({
    token,
    logprob: -0.25,
    bytes: [...Buffer.from(token)],
    top_logprobs: [],
  }));
  return { content, refusal: null };
}

const embeddingSchema = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())]),
  dimensions: z.int().positive().default(64),
  encoding_format: z.enum(["float", "base64"]).default("float"),
});

function embed(exchange: Exchange): Promise<void> {
  const request = embeddingSchema.parse(exchange.request.json);
  const inputs = [request.input].flat();
  const data = inputs.map((text, index) => {
    const vector = Array.from({ length: request.dimensions }, (_, at) =>
      Math.fround(Math.sin(text.length + at)),
    );
    const bytes = Buffer.from(new Float32Array(vector).buffer).toString("base64");
    return { object: "embedding", index, embedding: request.encoding_format === "float" ? vector : bytes };
  });
  const tokens = inputs.reduce((total, text) => total + tokensOf(text).length, 0);
  const usage = { prompt_tokens: tokens, total_tokens: tokens };
  return exchange.json(200, { object: "list", model: request.model, data, usage });
}
