import { createHash } from "node:crypto";
import { type ChatMessage, type ChatRequest, type DocumentPart, messageParts } from "#lib/chat/request.ts";
import { DocumentError } from "#lib/documents/document.ts";
import { documentAsText } from "#lib/documents/document-as-text.ts";
import { wrapUntrusted } from "#lib/prompts/sanitize.ts";
import { takesDocument } from "#lib/providers/chat/engine-documents.ts";
import type { Engine } from "#lib/providers/registry.ts";
import type { DocumentReader } from "#lib/services/documents/document-reader.ts";
import { ReadingCache } from "#lib/services/documents/reading-cache.ts";
import { type Clock, sleep } from "#lib/shared/clock.ts";
import { parseDataUrl } from "#lib/shared/data-url.ts";
import { GatewayError } from "#lib/shared/errors.ts";
import { LARGE_BODY } from "#lib/shared/event-loop.ts";

/** Documents of one request that are read. */
const MAX_PARTS = 20;
/** How long a request waits whose first engine takes the documents itself, milliseconds. */
const MAX_WAIT_MS = 1_500;

/** What reads a part: its text, or why there is none. */
type Reading = { text: string } | { error: DocumentError | GatewayError };

/** The documents of a request that come with their data and that some of these engines cannot take. */
export function documentsToRead(request: ChatRequest, engines: readonly Engine[]): DocumentPart[] {
  const found: DocumentPart[] = [];
  for (const message of request.messages) {
    for (const part of messageParts(message)) {
      if (part.type !== "document" || !isData(part)) continue;
      if (engines.some((engine) => !takesDocument(engine, part))) found.push(part);
    }
  }
  return found;
}

function isData({ source }: DocumentPart): boolean {
  return source.kind === "url" && source.url.startsWith("data:");
}

/**
 * Reads the documents of the public APIs for engines that cannot. The same file gives the same text each time, byte
 * for byte, so that providers' prompt caches keep it, and files of a conversation are read once.
 */
export class PartReader {
  readonly #reader: () => DocumentReader;
  readonly #clock: Clock;
  readonly #cache = new ReadingCache();

  constructor(reader: () => DocumentReader, clock: Clock) {
    this.#reader = reader;
    this.#clock = clock;
  }

  /**
   * The request with what was read. What cannot be read remains for the engines that take it.
   * @throws GatewayError `invalid_request` naming the part, if no engine takes it; `overloaded`; the signal's reason.
   */
  async read(
    request: ChatRequest,
    parts: readonly DocumentPart[],
    engines: readonly Engine[],
    { owner, signal }: { owner: string | undefined; signal: AbortSignal },
  ): Promise<ChatRequest> {
    const reading = Promise.all(
      parts.map((part, index) => (index < MAX_PARTS ? this.#readPart(part, owner, signal) : tooMany())),
    );
    const takesAll = (engine: Engine): boolean => parts.every((part) => takesDocument(engine, part));
    const [first] = engines;
    const isPatient = first === undefined || !takesAll(first);
    const readings = await (isPatient ? reading : Promise.race([reading, this.#nothingYet(signal)]));
    signal.throwIfAborted();
    if (readings === undefined) return request;
    const unread = parts.filter((_, index) => "error" in (readings[index] as Reading));
    const [failed] = unread;
    if (
      failed !== undefined &&
      !engines.some((engine) => unread.every((part) => takesDocument(engine, part)))
    ) {
      throw refusal(failed, readings[parts.indexOf(failed)] as Reading);
    }
    return withReadings(request, new Map(parts.map((part, index) => [part, readings[index] as Reading])));
  }

  async #nothingYet(signal: AbortSignal): Promise<undefined> {
    await sleep(this.#clock, MAX_WAIT_MS, signal);
  }

  async #readPart(
    { source, name = "document" }: DocumentPart,
    owner: string | undefined,
    signal: AbortSignal,
  ): Promise<Reading> {
    const base64 = source.kind === "url" ? (parseDataUrl(source.url)?.base64 ?? "") : "";
    const digest = createHash("sha256").update(base64).digest("hex");
    const key = `${digest} ${name}`;
    const known = this.#cache.use(key);
    if (known !== undefined) return known;
    try {
      const bytes = Buffer.from(base64, "base64");
      const document = await this.#reader().read({ name, bytes, owner }, signal);
      // Its own digest cannot stand in a file, so none can imitate its end mark; and it never changes.
      const text = wrapUntrusted(documentAsText(document), name, digest.slice(0, 16));
      return this.#cache.add(key, { text });
    } catch (error) {
      if (error instanceof DocumentError) return this.#cache.add(key, { error });
      if (error instanceof GatewayError) return { error };
      throw error;
    }
  }
}

function tooMany(): Reading {
  const message = `At most ${MAX_PARTS} documents of a request can be read. Send fewer, or their text.`;
  return { error: new DocumentError("too_large", message) };
}

function refusal({ path = "messages", name }: DocumentPart, reading: Reading): GatewayError {
  const { error } = reading as { error: DocumentError | GatewayError };
  if (error instanceof GatewayError) return error;
  const which = name === undefined ? "the document" : `the document ${JSON.stringify(name.slice(0, 200))}`;
  return new GatewayError("invalid_request", `${path}: ${which} cannot be read. ${error.message}`, {
    details: { param: path, problem: error.problem },
  });
}

function withReadings(request: ChatRequest, readings: ReadonlyMap<unknown, Reading>): ChatRequest {
  const read = <Part>(part: Part): Part => {
    const reading = readings.get(part);
    return reading !== undefined && "text" in reading ? { ...part, reading: reading.text } : part;
  };
  const messages = request.messages.map((message): ChatMessage => {
    if (message.role === "assistant") return { ...message, parts: message.parts.map(read) };
    return typeof message.content === "string" ? message : { ...message, content: message.content.map(read) };
  });
  let characters = 0;
  for (const reading of readings.values()) if ("text" in reading) characters += reading.text.length;
  const isLarge = request.isLarge === true || characters > LARGE_BODY;
  return isLarge ? { ...request, messages, isLarge } : { ...request, messages };
}
