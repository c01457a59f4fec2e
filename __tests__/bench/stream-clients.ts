import { Agent, type ClientRequest, request } from "node:http";
import type { NativeEvent } from "#lib/streaming/events.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";
import { answerParent } from "./child.ts";
import type { NumberedPlan } from "./numbered-upstream.ts";
import { monotonicMs } from "./statistics.ts";

export type ClientAsk =
  /** Opens streams; answers once each has its first chunk, or has ended without one. */
  | {
      kind: "open";
      url: string;
      /** Which of our formats the route speaks. */
      shape: StreamShape;
      headers: Record<string, string>;
      plans: NumberedPlan[];
      /** Messages of a thousand characters that each client sends before its own; none by default. */
      history?: number;
    }
  /** So many clients close their sockets at once. */
  | { kind: "leave"; count: number }
  /** Waits for the end of the streams that are left. */
  | { kind: "finish" };

type OpenAsk = ClientAsk & { kind: "open" };

export type StreamShape = "openai" | "native";

export type StreamsResult = {
  streams: number;
  /** Streams that were not complete: a chunk is missing, or the finish reason, or `[DONE]`. */
  lost: number;
  /** Chunks that came after a later one, or again. */
  reordered: number;
  duplicated: number;
  /** Milliseconds from the provider's write to the client's reading of each chunk. */
  delays: number[];
  /** What went wrong with one of them. */
  example: string;
};

/** One client, and what it has been told so far. */
class StreamClient {
  readonly #plan: NumberedPlan;
  readonly #reader = new SseReader();
  readonly #first = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #numbers: number[] = [];
  readonly delays: number[] = [];
  readonly #request: ClientRequest;
  readonly #readFrame: (data: string, now: number) => void;
  #rest = "";
  #finish = "";
  #done = false;
  #problem = "";

  constructor({ url, headers, shape, history = 0 }: OpenAsk, plan: NumberedPlan) {
    this.#plan = plan;
    this.#readFrame = shape === "native" ? this.#readEvent : this.#readChunk;
    this.#request = request(url, { method: "POST", headers, agent }, (response) => {
      response.on("data", (bytes: Buffer) => this.#read(bytes));
      response.on("error", (error) => this.#end(String(error)));
      response.on("close", () => this.#end(response.complete ? "" : "The connection broke."));
    });
    this.#request.on("error", (error) => this.#end(String(error)));
    const content = JSON.stringify(plan);
    const before = Array.from({ length: history }, (_, index) => ({
      role: index % 2 === 0 ? "user" : "assistant",
      content: `${plan.stream} ${index} `.padEnd(1_000, "The quick brown fox. "),
    }));
    const ask =
      shape === "native"
        ? { message: content, history: before }
        : { stream: true, messages: [...before, { role: "user", content }] };
    this.#request.end(JSON.stringify({ model: "smart", ...ask }));
  }

  /** Resolves with the first chunk. */
  get opened(): Promise<void> {
    return this.#first.promise;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  leave(): void {
    this.#request.destroy();
  }

  result(): Omit<StreamsResult, "streams" | "delays"> {
    const distinct = new Set(this.#numbers).size;
    const reordered = this.#numbers.filter(
      (number, index) => number < (this.#numbers[index - 1] ?? -1),
    ).length;
    const isWhole = distinct === this.#plan.chunks && this.#rest === "" && this.#problem === "";
    const lost = isWhole && this.#finish === "stop" && this.#done ? 0 : 1;
    const told = `stream ${this.#plan.stream}: ${distinct} of ${this.#plan.chunks} chunks, finish "${this.#finish}"`;
    return {
      lost,
      reordered,
      duplicated: this.#numbers.length - distinct,
      example: lost === 0 ? "" : `${told}. ${this.#problem} ${this.#rest.slice(0, 200)}`,
    };
  }

  #read(bytes: Buffer): void {
    const now = monotonicMs();
    for (const { data } of this.#reader.push(bytes)) {
      if (data === "[DONE]") this.#done = true;
      else this.#readFrame(data, now);
    }
  }

  #readEvent(data: string, now: number): void {
    const event = JSON.parse(data) as NativeEvent;
    if (event.type === "token") this.#readText(event.text, now);
    if (event.type !== "done") return;
    this.#finish = "stop";
    this.#done = true;
  }

  #readChunk(data: string, now: number): void {
    const { choices = [] } = JSON.parse(data) as {
      choices?: { delta: { content?: string }; finish_reason: string | null }[];
    };
    this.#finish = choices[0]?.finish_reason ?? this.#finish;
    this.#readText(choices[0]?.delta.content ?? "", now);
  }

  #readText(text: string, now: number): void {
    const pieces = (this.#rest + text).split(" ");
    this.#rest = pieces.pop() ?? "";
    for (const piece of pieces) {
      const [stream, number, at] = piece.split(":").map(Number);
      if (stream !== this.#plan.stream) this.#problem = `It was told "${piece}".`;
      this.#numbers.push(number ?? -1);
      this.delays.push(now - (at ?? Number.NaN));
      this.#first.resolve();
    }
  }

  #end(problem: string): void {
    this.#problem ||= problem;
    this.#first.resolve();
    this.#ended.resolve();
  }
}

/** Streams that are opened at the same time, so that the clients' own process is not the one that is slow. */
const OPENED_AT_ONCE = 100;

const agent = new Agent({ keepAlive: false });
let clients: StreamClient[] = [];

async function open(ask: OpenAsk): Promise<void> {
  const { plans } = ask;
  clients = [];
  for (let from = 0; from < plans.length; from += OPENED_AT_ONCE) {
    const next = plans.slice(from, from + OPENED_AT_ONCE).map((plan) => new StreamClient(ask, plan));
    clients.push(...next);
    await Promise.all(next.map((client) => client.opened));
  }
}

async function finish(): Promise<StreamsResult> {
  await Promise.all(clients.map((client) => client.ended));
  const results = clients.map((client) => client.result());
  const sum = (count: (result: (typeof results)[number]) => number): number =>
    results.reduce((total, result) => total + count(result), 0);
  return {
    streams: clients.length,
    lost: sum(({ lost }) => lost),
    reordered: sum(({ reordered }) => reordered),
    duplicated: sum(({ duplicated }) => duplicated),
    delays: clients.flatMap(({ delays }) => delays),
    example: results.find(({ example }) => example !== "")?.example ?? "",
  };
}

/** Every second one, so that those that stay are not the ones that came last. */
function leave(count: number): { at: number } {
  const gone = new Set(clients.filter((_client, index) => index % 2 === 0).slice(0, count));
  clients = clients.filter((client) => !gone.has(client));
  const at = monotonicMs();
  for (const client of gone) client.leave();
  return { at };
}

answerParent((ask: ClientAsk): Promise<StreamsResult | { at: number } | "open"> => {
  switch (ask.kind) {
    case "open":
      return open(ask).then(() => "open");
    case "leave":
      return Promise.resolve(leave(ask.count));
    case "finish":
      return finish();
  }
});
