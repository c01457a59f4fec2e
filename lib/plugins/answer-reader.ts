import { type AnswerMessage, readAnswerMessage, textIn } from "#lib/plugins/answer-message.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import { exceedsDepth, field, parseJson } from "#lib/shared/json.ts";
import { JSON_LIMITS, MAX_DEPTH } from "#lib/shared/json-depth.ts";
import { JsonScan } from "#lib/shared/json-scan.ts";
import { decodeLenient, LenientDecoder } from "#lib/shared/text.ts";
import { SseReader } from "#lib/streaming/sse-reader.ts";

/** A plugin's answer that cannot be used. The message is for the operator's log. */
export class UnusableAnswer extends Error {
  override readonly name = "UnusableAnswer";
}

/** The longest answer, bytes. */
const MAX_BYTES = 2 * 1024 * 1024;
/** The longest line of an answer in lines, characters. */
const MAX_LINE = 512 * 1024;

/** What the bytes of an answer have added to it. */
export type AnswerPart = Pick<AnswerMessage, "text" | "thinking">;

/**
 * Reads the body of a plugin's answer: server-sent events, JSON lines, JSON or plain text, by its content type.
 * Independent of where the bytes are cut: what stands before a problem is read, whatever arrives with it.
 */
export class AnswerReader {
  readonly #format: AnswerFormat;
  #bytes = 0;
  #ended = false;
  #tellsEnd = false;
  #citations: readonly string[] = [];
  #problem: UnusableAnswer | undefined;

  /**
   * Throws `UnusableAnswer` for a content type that is no text for people.
   * @param shows the field of a JSON answer that is shown as it is.
   */
  constructor(contentType: string | undefined, shows?: string) {
    this.#format = formatOf(contentType ?? "", shows);
  }

  /** The answer is complete; nothing more is to be read. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Why the answer cannot be used any further; nothing more is to be read. */
  get problem(): UnusableAnswer | undefined {
    return this.#problem;
  }

  push(bytes: Uint8Array): AnswerPart {
    this.#bytes += bytes.length;
    if (this.#bytes <= MAX_BYTES) return this.#fold(this.#format.push(bytes));
    this.#problem ??= new UnusableAnswer("The answer was too long.");
    return { text: "", thinking: "" };
  }

  /** The rest, at the end of the body. */
  end(): AnswerPart {
    const part = this.#ended ? { text: "", thinking: "" } : this.#fold(this.#format.end());
    if (this.#tellsEnd && !this.#ended) this.#problem ??= new UnusableAnswer("The answer broke off.");
    return this.#problem === undefined ? { ...part, text: part.text + this.#citedSources() } : part;
  }

  #citedSources(): string {
    return this.#citations.length === 0 ? "" : `\n\n${this.#citations.join("  \n")}`;
  }

  #fold(messages: readonly AnswerMessage[]): AnswerPart {
    const part = { text: "", thinking: "" };
    for (const message of messages) {
      if (this.#ended || this.#problem !== undefined) break;
      if (message.error !== undefined) this.#problem = new UnusableAnswer(message.error);
      part.text += message.text;
      part.thinking += message.thinking;
      if (message.citations.length > 0) this.#citations = message.citations;
      this.#tellsEnd ||= message.tellsEnd;
      this.#ended = message.ended;
    }
    return part;
  }
}

type AnswerFormat = { push(bytes: Uint8Array): AnswerMessage[]; end(): AnswerMessage[] };

function formatOf(contentType: string, shows: string | undefined): AnswerFormat {
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "text/event-stream") return new EventFormat();
  if (/^application\/(?:x-)?(?:ndjson|jsonl|jsonlines)$/.test(type)) return new LineFormat();
  if (/^application\/(?:[\w.+-]+\+)?json$/.test(type)) return new JsonFormat(shows);
  if (type === "text/plain" || type === "text/markdown") return new TextFormat();
  throw new UnusableAnswer(`The content type "${type.slice(0, 100)}" is no text.`);
}

const textMessage = (text: string): AnswerMessage => ({
  text,
  thinking: "",
  ended: false,
  tellsEnd: false,
  error: undefined,
  citations: [],
});

const failure = (error: string): AnswerMessage => ({ ...textMessage(""), error });

/** A message as JSON; a text that is none is itself a part of the answer. */
function readData(data: string): AnswerMessage {
  if (data.trim() === "[DONE]") return { ...textMessage(""), ended: true, tellsEnd: true };
  const value = parseJson(data);
  if (value === undefined || exceedsDepth(value, MAX_DEPTH)) return textMessage(data);
  return readAnswerMessage(value);
}

class EventFormat implements AnswerFormat {
  readonly #reader = new SseReader(MAX_LINE);

  push(bytes: Uint8Array): AnswerMessage[] {
    const messages = this.#reader.push(bytes).map(readEvent);
    if (this.#reader.overflowed) messages.push(failure("An event was too long."));
    return messages;
  }

  end(): AnswerMessage[] {
    return this.#reader.end().map(readEvent);
  }
}

function readEvent({ event, data }: { event: string | undefined; data: string }): AnswerMessage {
  const message = readData(data);
  if (event !== "error" || message.error !== undefined) return message;
  return failure(`The plugin reported: ${message.text}`);
}

class LineFormat implements AnswerFormat {
  readonly #decoder = new LenientDecoder();
  #rest = "";

  push(bytes: Uint8Array): AnswerMessage[] {
    return this.#split(this.#decoder.push(bytes));
  }

  end(): AnswerMessage[] {
    return this.#split(`${this.#decoder.end()}\n`);
  }

  #split(text: string): AnswerMessage[] {
    let lines: string[] = [];
    if (text.includes("\n")) {
      lines = (this.#rest + text).split("\n");
      this.#rest = lines.pop() ?? "";
    } else {
      this.#rest += text;
    }
    const messages = lines.flatMap(readLine);
    if (this.#rest.length > MAX_LINE) messages.push(failure("A line was too long."));
    return messages;
  }
}

function readLine(line: string): AnswerMessage[] {
  if (line.trim() === "") return [];
  const value = parseJson(line);
  // Half a line at the end is an answer that broke off.
  if (value === undefined || exceedsDepth(value, MAX_DEPTH)) return [failure("A line was no JSON.")];
  return [readAnswerMessage(value)];
}

class JsonFormat implements AnswerFormat {
  readonly #shows: string | undefined;
  readonly #scan = new JsonScan(JSON_LIMITS);
  readonly #chunks: Uint8Array[] = [];

  constructor(shows: string | undefined) {
    this.#shows = shows;
  }

  push(bytes: Uint8Array): AnswerMessage[] {
    if (this.#scan.push(asBuffer(bytes)) !== undefined) return [failure("The JSON was too complex.")];
    this.#chunks.push(bytes);
    return [];
  }

  end(): AnswerMessage[] {
    const value = parseJson(decodeLenient(this.#chunks));
    if (value === undefined) return [failure("The answer was no valid JSON.")];
    const { error, text, thinking, citations } = readAnswerMessage(value);
    const shown = this.#shows === undefined ? undefined : field(value, this.#shows);
    const whole =
      shown === undefined ? text || textIn(value) : `\`\`\`json\n${JSON.stringify(shown, null, 2)}\n\`\`\``;
    return [{ ...textMessage(whole), thinking, error, citations }];
  }
}

class TextFormat implements AnswerFormat {
  readonly #decoder = new LenientDecoder();

  push(bytes: Uint8Array): AnswerMessage[] {
    return [textMessage(this.#decoder.push(bytes))];
  }

  end(): AnswerMessage[] {
    return [textMessage(this.#decoder.end())];
  }
}
