import type { ChatEvent, TextSpan } from "#lib/chat/events.ts";
import { FoundSources } from "#lib/providers/protocols/found-sources.ts";
import { utf16Offsets } from "#lib/providers/protocols/gemini/utf16-offsets.ts";
import { arrayField, field, stringField } from "#lib/shared/json.ts";

/** No passage behind so much text is told, UTF-16 units. */
const MAX_TEXT = 200_000;
const MAX_SUPPORTS = 200;
/** Looking passages up takes time in proportion to the text, so it is not done for each of a thousand chunks. */
const MAX_LOOK_UPS = 4;

/** A passage as Gemini tells it: offsets in bytes of UTF-8, and its text. */
type Support = { start: number; end: number; text: string | undefined; chunks: readonly unknown[] };

/** The sources of a grounded answer, with the passages of its text that each supports. */
export class Grounding {
  readonly #sources = new FoundSources();
  #text = "";
  #lookUps = 0;

  /** Visible text of the answer, as it is passed on. */
  note(text: string): void {
    if (this.#text.length < MAX_TEXT) this.#text += text;
  }

  /** Early chunks of a stream have empty metadata, later ones may repeat it. */
  read(metadata: unknown, out: ChatEvent[]): void {
    const named = arrayField(metadata, "groundingChunks").map((chunk) => ({
      uri: stringField(field(chunk, "web"), "uri"),
      title: stringField(field(chunk, "web"), "title"),
    }));
    if (!named.some(({ uri }) => this.#sources.isNew(uri))) return;
    const passages = this.#passagesOf(metadata);
    const sources = this.#sources.take(named).map((source) => {
      const cited = named.flatMap(({ uri }, index) =>
        uri === source.uri ? (passages.get(index) ?? []) : [],
      );
      return cited.length === 0 ? source : { ...source, cited };
    });
    out.push({ type: "sources", sources });
  }

  /** The passages that each source supports, by its index. */
  #passagesOf(metadata: unknown): Map<number, TextSpan[]> {
    const passages = new Map<number, TextSpan[]>();
    if (++this.#lookUps > MAX_LOOK_UPS) return passages;
    const supports = arrayField(metadata, "groundingSupports").slice(0, MAX_SUPPORTS).map(readSupport);
    const offsets = utf16Offsets(
      this.#text,
      supports.flatMap(({ start, end }) => [start, end]),
    );
    for (const { start, end, text, chunks } of supports) {
      const span = this.#checked({ start: offsets.get(start) ?? 0, end: offsets.get(end) ?? 0 }, text);
      if (span === undefined) continue;
      for (const chunk of new Set(chunks)) {
        if (typeof chunk === "number") passages.set(chunk, [...(passages.get(chunk) ?? []), span]);
      }
    }
    return passages;
  }

  /** The span, if the passage is there; else where the text has it, which is so if the offsets are of one part of several. */
  #checked(span: TextSpan, text: string | undefined): TextSpan | undefined {
    if (text === undefined) return span.start < span.end ? span : undefined;
    if (text === "") return undefined;
    if (this.#text.slice(span.start, span.end) === text) return span;
    const start = this.#text.indexOf(text);
    return start === -1 ? undefined : { start, end: start + text.length };
  }
}

/** An offset of zero is left out in JSON that is made of protocol buffers. */
function readSupport(raw: unknown): Support {
  const segment = field(raw, "segment");
  return {
    start: offsetOf(field(segment, "startIndex")),
    end: offsetOf(field(segment, "endIndex")),
    text: stringField(segment, "text"),
    chunks: arrayField(raw, "groundingChunkIndices"),
  };
}

function offsetOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0 ? value : 0;
}
