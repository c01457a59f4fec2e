import { detectBodyFormat } from "#lib/providers/chat/body-format.ts";
import { badResponse } from "#lib/providers/failures/failure.ts";
import { asBuffer } from "#lib/shared/bytes.ts";
import { ANSWER_LIMITS } from "#lib/shared/json-depth.ts";
import { JsonScan } from "#lib/shared/json-scan.ts";
import { decodeLenient } from "#lib/shared/text.ts";
import { type SseMessage, SseReader } from "#lib/streaming/sse-reader.ts";

/** The longest answer, in decompressed bytes. */
const MAX_ANSWER = 16 * 1024 * 1024;

const NONE: SseMessage[] = [];

/**
 * The messages in the bytes of an answer: a stream, or one JSON body, whatever the content type says, since
 * providers mix them up. Throws `EngineFailure` for an answer beyond the limits.
 */
export class AnswerFrames {
  /** Created with the first bytes of a stream: a JSON body needs none. */
  #reader: SseReader | undefined;
  #mode: "unknown" | "events" | "json" = "unknown";
  #json: Uint8Array[] = [];
  #scan: JsonScan | undefined;
  #bytes = 0;

  /** The answer is one JSON body: complete if it can be read. */
  get isWhole(): boolean {
    return this.#mode === "json";
  }

  /** The messages that the bytes complete. */
  push(bytes: Uint8Array): SseMessage[] {
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_ANSWER) throw badResponse("The engine's answer was too long.");
    if (this.#mode === "unknown") this.#mode = detectBodyFormat(bytes);
    if (this.#mode === "unknown") return NONE;
    if (this.#mode === "json") {
      this.#scan ??= new JsonScan(ANSWER_LIMITS);
      if (this.#scan.push(asBuffer(bytes)) !== undefined)
        throw badResponse("The engine's answer was too complex.");
      this.#json.push(bytes);
      return NONE;
    }
    this.#reader ??= new SseReader();
    return this.#reader.push(bytes);
  }

  /** To be called when what `push` returned has been read. */
  assertLineLength(): void {
    if (this.#reader?.overflowed === true) throw badResponse("The engine sent a line that was too long.");
  }

  /** The body is complete: its JSON, or a last frame without its blank line. */
  end(): SseMessage[] {
    if (this.#mode !== "json") return this.#reader?.end() ?? NONE;
    const data = decodeLenient(this.#json);
    this.#json = [];
    return [{ event: undefined, data }];
  }
}
